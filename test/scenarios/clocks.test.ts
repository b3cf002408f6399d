/**
 * Clocks that are set, of the collector and of agents, by an hour, with the whole way from an agent's body to a window: whatever happens to readings, what
 * counters grew by is in the totals, once. All containers are younger than the step, so that their starts seem to be of the future, or after the last reading.
 */
import { expect, test } from 'vitest';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { createCatchUp } from '../../collector/catchup.ts';
import { createIngest } from '../../collector/ingest/ingest.ts';
import { createPace } from '../../collector/pace.ts';
import { startWindows } from '../../collector/windows.ts';
import { silent } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { entityRow } from '../../src/model/table.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { net, work } from '../collector/aggregate/families.ts';
import { fakeClock } from '../support/clock.ts';
import { expositionLines } from '../support/exposition.ts';

const T = 1_700_000_000_000;
const HOUR = 3_600_000;
const times = { windowMs: 10_000, latenessMs: 10_000 };
const familyNamed = (name: string) => [work, net].find((one) => one.name === name);

type Who = 'collector' | 'a' | 'b';
interface Step {
  readonly at: number;
  readonly who: readonly Who[];
  readonly byMs: number;
}

interface Kind {
  readonly node: 'a' | 'b';
  /** Ticks at so many seconds after every tenth. */
  readonly after: number;
  readonly perSecond: number;
}

const KINDS: readonly Kind[] = [
  { node: 'a', after: 3, perSecond: 1 },
  { node: 'b', after: 7, perSecond: 2 },
];

type Receive = (
  body: Buffer,
  given: { sentMs: number; receivedMs: number; waiting: number },
) => Promise<{ status: number }>;

/** Reads a counter of one container, which began a minute before, and sends what it has, the oldest first, until it is told to wait. */
class Agent {
  readonly kind: Kind;
  /** Its clock less the true time. */
  offMs = 0;
  readonly #encoder;
  readonly #row;
  readonly #device;
  readonly #kept: Buffer[] = [];
  #seq = 0;

  constructor(kind: Kind) {
    this.kind = kind;
    this.#encoder = createEncoder({ node: kind.node, session: `${kind.node}-1` });
    const own = labels([['name', kind.node]]);
    const entity = { key: kind.node, kind: 'container', startMs: T - 60_000, labels: own } as const;
    this.#row = entityRow(entity, NO_LABELS);
    this.#device = entityRow(entity, labels([['interface', 'eth0']]));
  }

  tick(second: number): void {
    const { node, after, perSecond } = this.kind;
    if (second % 10 !== after) return;
    const timeMs = T + second * 1000 + this.offMs;
    const timesMs = Float64Array.of(timeMs);
    const done = perSecond * second;
    const table = {
      shape: work,
      rows: [this.#row],
      timesMs,
      values: Float64Array.of(1000 + done, 1, Number.NaN, Number.NaN),
    };
    // A device can be replaced: a lower value of it is a reset, and nothing but order protects it.
    const traffic = {
      shape: net,
      rows: [this.#device],
      timesMs,
      values: Float64Array.of(5000 + 10 * done, Number.NaN),
    };
    const tables = [table, traffic];
    const batch = { node, session: `${node}-1`, seq: ++this.#seq, timeMs, intervalMs: 10_000, tables };
    this.#kept.push(Buffer.from(this.#encoder.encode(batch, { full: true })));
  }

  async send(second: number, nowMs: number, receive: Receive): Promise<void> {
    for (let body = this.#kept[0]; body !== undefined; body = this.#kept[0]) {
      const sentMs = T + second * 1000 + 500 + this.offMs;
      const { status } = await receive(body, { sentMs, receivedMs: nowMs, waiting: this.#kept.length - 1 });
      if (status === 429) return;
      expect(status).toBe(200);
      this.#kept.shift();
    }
  }
}

async function run(seconds: number, steps: readonly Step[]) {
  const clock = fakeClock(T);
  const options = {
    ...AGGREGATOR_DEFAULTS,
    ...times,
    startedMs: T,
    cluster: 'c',
    maxLateMs: 24 * HOUR,
    monotonic: clock.monotonic,
  };
  const aggregator = createAggregator(options);
  const agents = KINDS.map((kind) => new Agent(kind));
  const catchUp = createCatchUp({ ...times, waitMs: 60_000 });
  const pace = createPace({ catchUp, aggregator, nodes: () => ['a', 'b'], log: silent });
  const ingest = createIngest({
    push: (batch) => aggregator.push(batch, clock.now()),
    familyNamed,
    pace,
    clock,
    log: silent,
  });
  const totals: number[] = [];
  const received: number[] = [];
  const ends: number[] = [];
  const offer = ({ tables, endMs, late }: Frame): void => {
    if (late === undefined) ends.push(endMs);
    const lines = expositionLines(tables);
    for (const [name, values] of [
      ['cluster_work_done_total{', totals],
      ['cluster_net_received_total{', received],
    ] as const) {
      const line = lines.find((one) => one.startsWith(name));
      if (line !== undefined) values.push(Number(line.split(' ').at(-1)));
    }
  };
  const windows = startWindows({
    ...times,
    aggregator,
    catchUp,
    look: pace.look,
    offer,
    after: () => {},
    clock,
    log: silent,
  });
  for (let second = 0; second < seconds; second++) {
    for (const { who, byMs } of steps.filter(({ at }) => at === second)) {
      if (who.includes('collector')) clock.step(byMs);
      for (const agent of agents) if (who.includes(agent.kind.node)) agent.offMs += byMs;
    }
    for (const agent of agents) {
      agent.tick(second);
      await agent.send(second, clock.now(), (body, given) => ingest.receive(body, given));
    }
    await clock.advance(1000);
  }
  await windows.stop();
  return { totals, received, ends, stats: aggregator.stats() };
}

/** 590 s lie between the first tick of each and its last: 1 a second of a, 2 of b. */
const ALL = 590 + 2 * 590;
const COLLECTOR: readonly Who[] = ['collector'];
const ALL_OF_THEM: readonly Who[] = ['collector', 'a', 'b'];

test.each<readonly [string, readonly Step[]]>([
  ['none', []],
  ['the collector’s set back', [{ at: 204, who: COLLECTOR, byMs: -HOUR }]],
  ['the collector’s set forward', [{ at: 204, who: COLLECTOR, byMs: HOUR }]],
  [
    'the collector’s set back and put right',
    [
      { at: 204, who: COLLECTOR, byMs: -HOUR },
      { at: 350, who: COLLECTOR, byMs: HOUR },
    ],
  ],
  [
    'the collector’s set forward and put right',
    [
      { at: 204, who: COLLECTOR, byMs: HOUR },
      { at: 350, who: COLLECTOR, byMs: -HOUR },
    ],
  ],
  [
    'the collector’s set forward for a moment',
    [
      { at: 204, who: COLLECTOR, byMs: HOUR },
      { at: 209, who: COLLECTOR, byMs: -HOUR },
    ],
  ],
  [
    'the collector’s set back for a moment',
    [
      { at: 206, who: COLLECTOR, byMs: -HOUR },
      { at: 209, who: COLLECTOR, byMs: HOUR },
    ],
  ],
  ['the collector’s set back by half a minute', [{ at: 204, who: COLLECTOR, byMs: -30_000 }]],
  ['everybody’s set back', [{ at: 204, who: ALL_OF_THEM, byMs: -HOUR }]],
  ['everybody’s set forward', [{ at: 204, who: ALL_OF_THEM, byMs: HOUR }]],
  [
    'everybody’s set forward and back',
    [
      { at: 204, who: ALL_OF_THEM, byMs: HOUR },
      { at: 350, who: ALL_OF_THEM, byMs: -HOUR },
    ],
  ],
  ['an agent’s set back', [{ at: 204, who: ['a'], byMs: -HOUR }]],
  ['an agent’s set forward', [{ at: 204, who: ['a'], byMs: HOUR }]],
  [
    'an agent’s set back and put right',
    [
      { at: 204, who: ['a'], byMs: -HOUR },
      { at: 350, who: ['a'], byMs: HOUR },
    ],
  ],
  [
    'an agent’s set forward and put right',
    [
      { at: 204, who: ['a'], byMs: HOUR },
      { at: 350, who: ['a'], byMs: -HOUR },
    ],
  ],
  ['the collector’s and an agent’s set back', [{ at: 204, who: ['collector', 'a'], byMs: -HOUR }]],
  ['the collector’s and an agent’s set forward', [{ at: 204, who: ['collector', 'a'], byMs: HOUR }]],
])('clocks, %s: nothing that was counted is lost, and nothing is there twice', (_name, steps) => holds(steps));

/** Less than windows stay open, more than `maxAhead` (60 s), and between. */
const SECONDS = [5, 25, 45, 61, 130].flatMap((one) => [one, -one]);

test.each(SECONDS)('clocks of any of them, set by %i s: the same', async (seconds) => {
  for (const who of [COLLECTOR, ALL_OF_THEM, ['a', 'b'] as const])
    await holds([{ at: 204, who, byMs: seconds * 1000 }]);
});

async function holds(steps: readonly Step[]): Promise<void> {
  const { totals, received, ends, stats } = await run(600, steps);
  expect([totals.at(-1), received.at(-1)]).toEqual([ALL, 10 * ALL]);
  for (const values of [totals, received]) expect(values.every((value, i) => value >= (values[i - 1] ?? 0))).toBe(true);
  // Set back by minutes, time comes to what it had been before, and no clock says that it is another.
  const comesAgain = steps.some(({ byMs }) => byMs < 0 && byMs > -HOUR);
  if (!comesAgain) expect(ends.length).toBe(new Set(ends).size);
  const { newcomer, resets, backward, implausible } = stats.increases;
  expect({ newcomer, resets, backward, implausible }).toEqual({ newcomer: 0, resets: 0, backward: 0, implausible: 0 });
  const dropped = [...stats.dropped.values()].reduce((sum, samples) => sum + samples, 0);
  // Three numbers a tick, 60 ticks each.
  expect([stats.received, stats.processed + dropped + stats.pendingSamples]).toEqual([360, 360]);
  // Where time does not begin anew it is a minute at most that is there twice: seven ticks of each.
  expect(dropped).toBeLessThanOrEqual(3 * 2 * 7);
}

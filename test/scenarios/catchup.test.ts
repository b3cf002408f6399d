/**
 * The collector away for an hour: afterwards its frames are those of a run without the outage, byte for byte, and it is in the present again at
 * many times the pace of time, without holding more than it does on other days.
 */
import { expect, test } from 'vitest';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { createCatchUp } from '../../collector/catchup.ts';
import { createPace } from '../../collector/pace.ts';
import { startWindows } from '../../collector/windows.ts';
import { silent } from '../../src/log.ts';
import type { Batch, Frame } from '../../src/model/batch.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { net, work } from '../collector/aggregate/families.ts';
import { fakeClock } from '../support/clock.ts';

const T = 1_700_000_000_000;
const times = { windowMs: 10_000, latenessMs: 10_000 };

interface Kind {
  readonly node: string;
  /** Seconds between its ticks, and after a whole number of them. */
  readonly every: number;
  readonly after: number;
}

/** Of different pace and phase; the last ticks less often than windows close. */
const KINDS: readonly Kind[] = [
  { node: 'n1', every: 10, after: 0 },
  { node: 'n2', every: 10, after: 3 },
  { node: 'n3', every: 5, after: 1 },
  { node: 'n4', every: 30, after: 7 },
];

function container(node: string, name: string, startMs: number): EntityRow {
  const own = labels([
    ['container_label_com_docker_compose_project', 'shop'],
    ['container_label_com_docker_compose_service', name],
    ['name', `${name}-${node}`],
  ]);
  return entityRow({ key: `${node}-${name}-${startMs}`, kind: 'container', startMs, labels: own }, NO_LABELS);
}

class Agent {
  readonly node: string;
  readonly #kind: Kind;
  readonly #rows: EntityRow[];
  #seq = 0;
  /** Batches that the collector has not taken. */
  kept: Batch[] = [];
  /** Taken, and some of it not on disk. */
  #taken: Batch[] = [];
  #waitUntilMs = 0;

  constructor(kind: Kind) {
    this.node = kind.node;
    this.#kind = kind;
    this.#rows = ['web', 'db'].map((name) => container(kind.node, name, T - 100_000));
  }

  /** At a second of its tick it keeps one more batch. */
  live(second: number): void {
    const { node, every, after } = this.#kind;
    if (second % every !== after % every) return;
    const timeMs = T + second * 1000 + 40;
    // A container that comes for a minute in every five.
    const minute = Math.floor(second / 60);
    const rows = minute % 5 === 2 ? [...this.#rows, this.#job(minute)] : this.#rows;
    const seq = ++this.#seq;
    const column = (of: (row: number) => number) => rows.map((_, r) => of(r));
    const counts = column((r) => second * (r + 1) + (second % 7));
    const values = [...counts, ...column((r) => (second * 31 + r) % 100), ...column(() => 200), ...column(() => 1)];
    const table = {
      shape: work,
      rows,
      timesMs: Float64Array.from(rows, (_, r) => timeMs + 3 * r),
      values: Float64Array.from(values),
    };
    const traffic = {
      shape: net,
      rows: [this.#rows[0] as EntityRow],
      timesMs: Float64Array.of(timeMs + 900),
      values: Float64Array.of(second * 1000, 1),
    };
    this.kept.push({ node, session: `${node}-1`, seq, timeMs, intervalMs: every * 1000, tables: [table, traffic] });
  }

  #jobs = new Map<number, EntityRow>();

  #job(minute: number): EntityRow {
    const row = this.#jobs.get(minute) ?? container(this.#kind.node, 'job', T + minute * 60_000);
    this.#jobs.set(minute, row);
    return row;
  }

  /** What has rows behind the last window on disk is sent again. */
  again(endMs: number): void {
    const open = this.#taken.filter(({ tables }) => tables.some(({ timesMs }) => Math.max(...timesMs) >= endMs));
    this.kept = [...open, ...this.kept];
    this.#taken = [];
  }

  /** Sends what it has: so many in a second, and none for a while when it is told to wait. */
  send(
    nowMs: number,
    most: number,
    { admits, take }: { admits: (batch: Batch) => boolean; take: (batch: Batch, waiting: number) => void },
  ): void {
    for (let sent = 0; sent < most && this.kept.length > 0 && nowMs >= this.#waitUntilMs; sent++) {
      const batch = this.kept[0] as Batch;
      if (!admits(batch)) {
        this.#waitUntilMs = nowMs + 1500;
        return;
      }
      this.kept.shift();
      this.#taken = [...this.#taken.slice(-50), batch];
      take(batch, this.kept.length);
    }
  }
}

interface Away {
  readonly from: number;
  readonly seconds: number;
  /** Not stopped and continued, but started anew. */
  readonly restarted?: boolean;
  /** Killed, and started anew with what the last window on disk has. */
  readonly killed?: boolean;
  /** An agent that reaches nobody for longer, and sends so many batches in a second. */
  readonly cut?: { readonly node: string; readonly from: number; readonly to: number; readonly most: number };
}

/** Runs for so many seconds, the collector away for some of them; answers the frames as text, and what the way back was like. */
async function run(seconds: number, away?: Away, kinds = KINDS) {
  let clock = fakeClock(T);
  const options = {
    ...AGGREGATOR_DEFAULTS,
    ...times,
    startedMs: T,
    containers: true,
    cluster: 'c',
    gauges: ['sum', 'avg', 'max'] as const,
    journal: true,
    maxLateMs: 24 * 3_600_000,
  };
  let aggregator = createAggregator(options);
  let onDisk: Frame | undefined;
  const agents = kinds.map((kind) => new Agent(kind));
  let catchUp = createCatchUp({ ...times, waitMs: 60_000 });
  const nodes = () => kinds.map(({ node }) => node);
  let pace = createPace({ catchUp, aggregator, nodes, log: silent });
  const frames: string[] = [];
  const shown: Frame[] = [];
  const onTime: Frame[] = [];
  const late: Frame[] = [];
  const offer = (frame: Frame, isPast: boolean): void => {
    if (frame.late !== undefined) late.push(frame);
    else frames.push(textOf(frame));
    onTime.push(...(frame.late === undefined ? [frame] : []));
    onDisk = onTime.at(-1);
    if (!isPast) shown.push(frame);
  };
  const closing = { ...times, offer, after: () => undefined, log: silent };
  let windows = startWindows({ ...closing, aggregator, catchUp, look: pace.look, clock });
  let most = 0;
  let caughtUpAfter: number | undefined;
  for (let second = 0; second < seconds; second++) {
    if (away !== undefined && second === away.from) {
      // Nobody closes or takes anything for so long; agents go on.
      for (let i = 0; i < away.seconds; i++) for (const agent of agents) agent.live(second + i);
      if (away.restarted) {
        // Another process with the state of the one before: its checkpoint and its log. That one's clock stands still for ever.
        clock = fakeClock(clock.now() + away.seconds * 1000);
        catchUp = createCatchUp({ ...times, waitMs: 60_000, resumed: away.killed ?? false });
        if (away.killed && onDisk !== undefined) {
          const restored = {
            frame: onDisk,
            familyNamed: (name: string) => [work, net].find((one) => one.name === name),
          };
          aggregator = createAggregator({ ...options, startedMs: clock.now(), restored });
          for (const agent of agents) agent.again(onDisk.endMs);
        }
        pace = createPace({ catchUp, aggregator, nodes, log: silent });
        windows = startWindows({ ...closing, aggregator, catchUp, look: pace.look, clock });
      } else clock.step(away.seconds * 1000);
      second += away.seconds;
    }
    for (const agent of agents) agent.live(second);
    const nowMs = clock.now();
    pace.look(nowMs);
    const admits = ({ node, timeMs }: Batch): boolean => pace.admits(node, timeMs, nowMs);
    const take = (batch: Batch, waiting: number): void => {
      expect(aggregator.push(batch, nowMs).dropped).toEqual(new Map());
      pace.took(batch.node, batch.timeMs, { waiting, intervalMs: batch.intervalMs, nowMs });
    };
    for (const agent of agents) agent.send(nowMs, mostOf(agent.node, second, away), { admits, take });
    await clock.advance(1000);
    most = Math.max(most, aggregator.stats().pendingBatches);
    if (away !== undefined && second > away.from && !catchUp.active)
      caughtUpAfter ??= second - away.from - away.seconds + 1;
  }
  await windows.stop();
  return { frames, onTime, late, shown, most, caughtUpAfter, stats: aggregator.stats() };
}

/** Batches that an agent sends in that second. */
function mostOf(node: string, second: number, away: Away | undefined): number {
  if (away?.cut?.node !== node || second < away.cut.from) return 40;
  return second < away.cut.to ? 0 : away.cut.most;
}

/** All that a frame says. */
function textOf({ startMs, endMs, tables }: Frame): string {
  const said = tables.map(({ level, shape, rows, timesMs, values }) => ({
    level,
    shape: shape.measurement,
    rows: rows.map((row) => row.labels.key),
    timesMs: [...timesMs],
    values: [...values],
  }));
  return JSON.stringify({ start: (startMs - T) / 1000, end: (endMs - T) / 1000, said });
}

test.each([
  ['stopped', false],
  ['started anew', true],
])(
  'the frames of one that was %s equal those of a run without, and it goes at more than 20 times the pace',
  async (_how, restarted) => {
    const length = 4200;
    const hour = { from: 300, seconds: 3600, restarted };
    const [without, after] = [await run(length), await run(length, hour)];
    // Windows of 10 s in 4200 s, and the one before, which was due when it began; the last are closed by the end.
    expect(without.frames).toHaveLength(421);
    expect(after.frames).toHaveLength(without.frames.length);
    for (const [i, frame] of after.frames.entries()) expect(frame).toBe(without.frames[i]);
    expect(after.stats.dropped).toEqual(new Map());
    expect(3600 / (after.caughtUpAfter as number)).toBeGreaterThan(20);
    // Two windows and a part wait on other days: of the four agents 1, 1, 2 and 1/3 a window. A minute more may while they are in step.
    expect(without.most).toBeLessThanOrEqual(3 * 5 * 2);
    expect(after.most).toBeLessThanOrEqual(without.most + 6 * 5 * 2);
  },
);

test('those of one that was killed, too, with what its last window on disk has', async () => {
  // What a slow agent had read holds no more after that, until its next tick: the last of them is left out.
  const kinds = KINDS.slice(0, -1);
  const half = { from: 300, seconds: 1800, restarted: true, killed: true };
  const [without, after] = [await run(2400, undefined, kinds), await run(2400, half, kinds)];
  expect(after.frames).toHaveLength(without.frames.length);
  for (const [i, frame] of after.frames.entries()) expect(frame).toBe(without.frames[i]);
});

test('seed 19: an agent that was away before us is waited for though its oldest batches are late: the windows that we missed have it, on time', async () => {
  const kinds = KINDS.slice(0, -1);
  // It is gone from 203 on; the last window of before, closed at 310, ends at 300. Seven minutes later both are back, and it takes ten seconds to come
  // to what is not late.
  const cut = { node: 'n2', from: 203, to: 731, most: 1 };
  const away = { from: 311, seconds: 420, restarted: true, killed: true, cut };
  const [without, after] = [await run(1000, undefined, kinds), await run(1000, away, kinds)];
  expect(after.frames).toHaveLength(without.frames.length);
  // The second is the window that ends at 10.
  for (const [i, frame] of after.frames.entries()) if (i > 300 / 10) expect(frame).toBe(without.frames[i]);
  // What it has for 200 to 300, which were closed without it, is late. No batch was dropped: `run` looks at each.
  const starts = after.late.map(({ startMs }) => (startMs - T) / 1000);
  expect(starts).toEqual([200, 210, 220, 230, 240, 250, 260, 270, 280, 290]);
});

test('one that comes back when the others have caught up without it loses nothing: what it has of windows that are closed is late', async () => {
  const kinds = KINDS.slice(0, -1);
  // It is given up 60 s after 731; the others catch up in seconds, and it is there at 830.
  const cut = { node: 'n2', from: 311, to: 830, most: 40 };
  const away = { from: 311, seconds: 420, restarted: true, killed: true, cut };
  const [without, after] = [await run(1000, undefined, kinds), await run(1000, away, kinds)];
  expect(after.caughtUpAfter).toBeLessThan(830 - 731);
  // Its batches of 303, 313 … 813 lie in windows that are closed at 830, those up to 820. No batch was dropped: `run` looks at each.
  const starts = after.late.map(({ startMs }) => (startMs - T) / 1000);
  expect(starts).toEqual(Array.from({ length: 52 }, (_, i) => 300 + 10 * i));
  expect(after.frames.at(-1)).toBe(without.frames.at(-1));
});

test('no window of the past is shown as if it were now', async () => {
  const { shown } = await run(1200, { from: 300, seconds: 600 });
  // The last one before is 270-280, closed at 290; the next to be shown has ended no longer ago than windows stay open, and two.
  const ends = shown.map(({ endMs }) => (endMs - T) / 1000);
  const next = ends.findIndex((end) => end > 290);
  expect(ends[next - 1]).toBeLessThanOrEqual(290);
  expect(ends[next]).toBeGreaterThanOrEqual(900 - 10 - 2 * 10);
});

/**
 * One agent was away while the others and the collector went on. What it kept comes late, and what is then said of its containers and of its node, in
 * every window that it missed, is byte for byte what a run without the cut said.
 */
import { expect, test } from 'vitest';
import { createAggregator, type Aggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../collector/aggregate/options.ts';
import type { Batch, FamilyTable, Frame, LevelTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { labels, labelValue, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { idle, net, work } from '../collector/aggregate/families.ts';

const T = 1_700_000_000_000;
const WINDOW = 10_000;
const LATENESS = 10_000;

interface Kind {
  readonly node: string;
  /** Milliseconds between its ticks, and after a whole number of them. */
  readonly every: number;
  readonly after: number;
}

const KINDS: readonly Kind[] = [
  { node: 'n1', every: 10_000, after: 0 },
  { node: 'n2', every: 10_000, after: 3000 },
  // Two ticks in a window.
  { node: 'n3', every: 5000, after: 1000 },
  // Less often than windows close.
  { node: 'n4', every: 30_000, after: 7000 },
  // Its ticks begin in one window and end in the next.
  { node: 'n5', every: 10_000, after: 9900 },
];

const NODES = KINDS.map(({ node }) => node);

function container(node: string, name: string, startMs: number): EntityRow {
  const own = labels([
    ['container_label_com_docker_compose_project', 'shop'],
    ['container_label_com_docker_compose_service', name],
    ['name', `${name}-${node}`],
  ]);
  return entityRow({ key: `${node}-${name}`, kind: 'container', startMs, labels: own }, NO_LABELS);
}

class Agent {
  readonly #kind: Kind;
  readonly #rows: readonly EntityRow[];
  readonly #jobs = new Map<number, EntityRow>();
  /** Batches that are not known to be durable; of them, so many have been taken. */
  kept: Batch[] = [];
  sent = 0;
  #seq = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#rows = ['web', 'db'].map((name) => container(kind.node, name, T - 100_000));
  }

  tick(atMs: number): void {
    const { node, every, after } = this.#kind;
    if (atMs % every !== after % every) return;
    const timeMs = T + atMs;
    const second = Math.floor(atMs / 1000);
    // A container that comes for a minute in every three, and one that is started again every seven.
    const minute = Math.floor(second / 60);
    const rows = [
      ...this.#rows.slice(0, 1),
      this.#started(Math.floor(minute / 7)),
      ...(minute % 3 === 1 ? [this.#job(minute)] : []),
    ];
    const counts = rows.map(({ entity }, r) => Math.max(0, timeMs - Math.max(entity.startMs, T)) / 1000 / (r + 2));
    const gauges = rows.map((_, r) => (second * 31 + 7 * r) % 100);
    const values = [...counts, ...gauges, ...rows.map(() => 200), ...rows.map(() => 1)];
    const tables: FamilyTable[] = [
      {
        shape: work,
        rows,
        timesMs: Float64Array.from(rows, (_, r) => timeMs + 60 * r),
        values: Float64Array.from(values),
      },
      {
        shape: net,
        rows: [rows[0] as EntityRow],
        timesMs: Float64Array.of(timeMs + 150),
        values: Float64Array.of(second * 1000, 1),
      },
    ];
    const lost = rows.map(({ entity }, r) => Math.max(0, timeMs - Math.max(entity.startMs, T)) / 9000 / (r + 1));
    const states = [
      ...rows.map(() => 1),
      ...rows.map((_, r) => (second + r) % 2),
      ...rows.map((_, r) => (second + r + 1) % 2),
    ];
    tables.push({ ...(tables[0] as FamilyTable), shape: idle, values: Float64Array.from([...lost, ...states]) });
    this.kept.push({ node, session: `${node}-1`, seq: ++this.#seq, timeMs, intervalMs: every, tables });
  }

  #started(time: number): EntityRow {
    const row =
      this.#jobs.get(-time) ?? container(this.#kind.node, 'db', time === 0 ? T - 100_000 : T + time * 420_000 + 1000);
    this.#jobs.set(-time, row);
    return row;
  }

  #job(minute: number): EntityRow {
    const row = this.#jobs.get(minute) ?? container(this.#kind.node, `job${minute}`, T + minute * 60_000 - 500);
    this.#jobs.set(minute, row);
    return row;
  }
}

interface Cut {
  readonly node: string;
  /** Seconds. */
  readonly from: number;
  readonly to: number;
}

interface Course {
  readonly seconds: number;
  readonly cuts?: readonly Cut[];
  /** The collector is killed at these seconds and goes on from the last frame that was on disk. */
  readonly kills?: readonly number[];
  /** Batches that an agent sends in a second. */
  readonly pace?: number;
  readonly options?: Partial<AggregatorOptions>;
}

const OPTIONS: AggregatorOptions = {
  ...AGGREGATOR_DEFAULTS,
  windowMs: WINDOW,
  latenessMs: LATENESS,
  maxLateMs: 24 * 3600_000,
  startedMs: T,
  journal: true,
  cluster: 'c',
};

const familyNamed = (name: string): Family | undefined => [idle, net, work].find((family) => family.name === name);
const breathe = (): Promise<void> => Promise.resolve();

async function run({ seconds, cuts = [], kills = [], pace = 3, options = {} }: Course) {
  const settings = { ...OPTIONS, ...options };
  let aggregator: Aggregator = createAggregator(settings);
  const agents = new Map(KINDS.map((kind) => [kind.node, new Agent(kind)]));
  const frames: Frame[] = [];
  let onDisk: Frame | undefined;
  let mostCells = 0;

  function offer(given: readonly Frame[]): void {
    for (const frame of given) {
      frames.push(frame);
      if (frame.late !== undefined) continue;
      onDisk = frame;
      // What is on disk, agents let go of.
      for (const [node, agent] of agents) {
        const upTo = Math.min(frame.endMs, frame.behind?.get(node) ?? frame.endMs);
        while (agent.sent > 0 && lastMs(agent.kept[0] as Batch) < upTo) {
          agent.kept.shift();
          agent.sent--;
        }
      }
    }
  }

  for (let second = 0; second < seconds; second++) {
    const nowMs = T + second * 1000 + 990;
    if (kills.includes(second) && onDisk !== undefined) {
      aggregator = createAggregator({ ...settings, startedMs: nowMs, restored: { frame: onDisk, familyNamed } });
      for (const agent of agents.values()) agent.sent = 0;
    }
    for (const agent of agents.values()) for (let ms = 0; ms < 1000; ms += 100) agent.tick(second * 1000 + ms);
    for (const [node, agent] of agents) {
      if (cuts.some((cut) => cut.node === node && second >= cut.from && second < cut.to)) continue;
      for (let i = 0; i < pace && agent.sent < agent.kept.length; i++) {
        aggregator.push(agent.kept[agent.sent++] as Batch, nowMs);
      }
    }
    mostCells = Math.max(mostCells, aggregator.stats().pendingCells);
    offer(await aggregator.advance(nowMs, breathe));
  }
  const stats = aggregator.stats();
  offer(await aggregator.flush(breathe));
  return { frames, stats, mostCells };
}

function lastMs({ tables }: Batch): number {
  return Math.max(...tables.flatMap(({ timesMs }) => [...timesMs]));
}

/** What a frame says of a node: its containers and the groups of one node. */
function ofNode({ tables }: Frame, node: string): string {
  const said = tables.flatMap((table) => {
    const rows = table.rows.flatMap((row, r) => (labelValue(row.labels, 'node') === node ? [r] : []));
    return rows.length === 0 ? [] : [picked(table, rows)];
  });
  return JSON.stringify(said);
}

function picked({ level, shape, rows, timesMs, values }: LevelTable, which: readonly number[]) {
  return {
    level,
    shape: shape.measurement,
    rows: which.map((r) => rows[r]?.labels.key),
    timesMs: which.map((r) => timesMs[r]),
    values: shape.columns.map((_, c) => which.map((r) => values[c * rows.length + r])),
  };
}

/** By window, what is known of a node in the end: the last frame that has it in it. */
function known(frames: readonly Frame[], node: string): Map<number, string> {
  const windows = new Map<number, string>();
  for (const frame of frames) {
    const isOf = frame.late === undefined || frame.late.includes(node);
    const text = ofNode(frame, node);
    if (isOf && (text !== '[]' || !windows.has(frame.startMs))) windows.set((frame.startMs - T) / 1000, text);
  }
  return windows;
}

/** A level's number of a group in a frame. */
function value(frame: Frame, level: string, field: string): number {
  for (const table of frame.tables) {
    const c = table.shape.columns.findIndex((column) => column.field === field);
    if (table.level === level && c >= 0) return table.values[c * table.rows.length] as number;
  }
  return Number.NaN;
}

const onTime = (frames: readonly Frame[]): Frame[] => frames.filter(({ late }) => late === undefined);

async function expectSame(course: Course, nodes: readonly string[] = NODES) {
  const { seconds } = course;
  const without = (calm.get(seconds) ?? calm.set(seconds, run({ seconds })).get(seconds)) as ReturnType<typeof run>;
  return compare({ without: await without, after: await run(course) }, nodes);
}

/** Runs without a cut, by their length. */
const calm = new Map<number, ReturnType<typeof run>>();

type Run = Awaited<ReturnType<typeof run>>;

function compare({ without, after }: { readonly without: Run; readonly after: Run }, nodes: readonly string[]) {
  for (const node of nodes) {
    const [right, got] = [known(without.frames, node), known(after.frames, node)];
    for (const [start, text] of right) expect(`${node} ${start}: ${got.get(start)}`).toBe(`${node} ${start}: ${text}`);
  }
  return { without, after };
}
/** In the end the cluster has counted the same: in other windows. */
function expectTotals(right: readonly Frame[], got: readonly Frame[]): void {
  const [a, b] = [onTime(right).at(-1) as Frame, onTime(got).at(-1) as Frame];
  for (const field of ['done_total', 'received_total']) {
    expect(value(a, 'cluster', field)).toBeGreaterThan(0);
    expect(value(b, 'cluster', field)).toBeCloseTo(value(a, 'cluster', field), 6);
  }
}

/** No total of any level falls from one window that was closed on time to the next. */
function expectRising(frames: readonly Frame[]): void {
  for (const level of ['cluster', 'service']) {
    const totals = onTime(frames)
      .map((frame) => value(frame, level, 'done_total'))
      .filter((total) => !Number.isNaN(total));
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  }
}

// With two ticks in a window, or one that ends in the next, a part of the window in which the agent went was there: 301 is between the ticks of all.
test.each(NODES.flatMap((node) => [301, 303, 306].map((from) => [node, from] as const)))(
  '%s away for seven minutes from second %d: each of its windows is what it would have been, and so are the others’',
  async (node, from) => {
    const { without, after } = await expectSame({ seconds: 800, cuts: [{ node, from, to: from + 420 }] });
    expect(after.stats.dropped).toEqual(new Map());
    expectTotals(without.frames, after.frames);
    expectRising(after.frames);
    // Of the 42 windows of the cut the last two were open still when it came back; what one that ticks every 30 s had read before held in the first two.
    const late = after.frames.filter((frame) => frame.late !== undefined);
    expect(late.length).toBeGreaterThanOrEqual(38);
    for (const frame of late) {
      expect(frame.late).toEqual([node]);
      expect(frame.tables.every(({ level, rows }) => ['container', 'node'].includes(level) && rows.length > 0)).toBe(
        true,
      );
    }
  },
);

test('what it had in windows of the past is not in the groups of several nodes then, but counted in that of now', async () => {
  const cut = { node: 'n1', from: 303, to: 603 };
  const { frames, stats } = await run({ seconds: 700, cuts: [cut] });
  const at = (end: number) => onTime(frames).find(({ endMs }) => endMs === T + end * 1000) as Frame;
  // Its web counts half a unit a second: 150 in five minutes. Away, nothing of it is counted; in the windows of the return all is.
  const grown = value(at(650), 'cluster', 'done_total') - value(at(590), 'cluster', 'done_total');
  expect(grown).toBeGreaterThan(150);
  expect(stats.increases.late).toBeGreaterThan(60);
  // Nobody is told that a node without a word counts as before.
  const silent = at(500).tables.filter(({ level }) => level === 'node');
  expect(silent.flatMap(({ rows }) => rows.map(({ labels: own }) => labelValue(own, 'node')))).not.toContain('n1');
});

test('several at once, a second cut in the midst of the way back, and back again', async () => {
  const cuts = [
    { node: 'n1', from: 300, to: 900 },
    { node: 'n3', from: 500, to: 905 },
    { node: 'n4', from: 301, to: 700 },
    { node: 'n1', from: 908, to: 1200 },
    { node: 'n3', from: 910, to: 1000 },
    { node: 'n3', from: 1004, to: 1100 },
  ];
  const { without, after } = await expectSame({ seconds: 1300, cuts, pace: 2 });
  expect(after.stats.dropped).toEqual(new Map());
  expectTotals(without.frames, after.frames);
  expectRising(after.frames);
});

test('slower than time for a while: nothing is taken twice, nothing is lost', async () => {
  const { without, after } = await expectSame({ seconds: 1200, cuts: [{ node: 'n5', from: 200, to: 500 }], pace: 1 });
  expect(after.stats.dropped).toEqual(new Map());
  expectTotals(without.frames, after.frames);
});

test.each([[620], [605, 611, 617], [450], [450, 604, 606, 608, 640]])(
  'the collector killed meanwhile, at %s',
  async (...kills) => {
    const cuts = [{ node: 'n2', from: 302, to: 600 }];
    const { without, after } = await expectSame({ seconds: 900, cuts, kills }, ['n2']);
    expectTotals(without.frames, after.frames);
    expectRising(after.frames);
  },
);

test('older than is taken: too late, and counted', async () => {
  const cuts = [{ node: 'n1', from: 300, to: 900 }];
  const after = await run({ seconds: 1000, cuts, options: { maxLateMs: 200_000 } });
  expect(after.stats.dropped.get('too_late')).toBeGreaterThan(0);
  const first = after.frames.find(({ late }) => late !== undefined) as Frame;
  // Three batches a second: at 914.99 come those of 720, 730 and 740, and what is from 714.99 on is taken; those before, of 690, 700 and 710, came at 913.99.
  expect((first.startMs - T) / 1000).toBe(720);
});

test('what waits in memory is what has come in a second or two, however much an agent has kept', async () => {
  const before = await run({ seconds: 300 });
  const after = await run({ seconds: 2100, cuts: [{ node: 'n1', from: 300, to: 2000 }], pace: 10 });
  expect(after.stats.dropped).toEqual(new Map());
  // A batch of three tables with at most 4 rows: 3 x (4 x 6 + 32) + 2 x 32 cells; ten in a second, and what they are ready for is gone in the next.
  expect(after.mostCells - before.mostCells).toBeLessThan(20 * (3 * (4 * 6 + 32) + 64));
});

test('under a cap, a node that is silent is given up before anybody is refused', async () => {
  // Two containers of 4, 4 and one of 2 columns: 18 series a node, with a job 26. Five nodes with jobs are one hundred and thirty, four are 104.
  const course = { cuts: [{ node: 'n1', from: 300, to: 5000 }], options: { maxSeries: 120, staleAfterMs: 60_000 } };
  const early = await run({ ...course, seconds: 380 });
  expect(early.stats.dropped.get('series_limit')).toBeGreaterThan(0);
  expect(early.stats.evicted.get('silent_node')).toBeUndefined();
  const { stats } = await run({ ...course, seconds: 700 });
  expect(stats.evicted.get('silent_node')).toBeGreaterThan(0);
  expect(stats.dropped).toEqual(early.stats.dropped);
});

test('a batch with rows of a whole day is no work for a day’s windows', async () => {
  const aggregator = createAggregator(OPTIONS);
  const row = container('n1', 'web', T);
  const at = (seconds: number, times: readonly number[]): Batch => ({
    ...{ node: 'n1', session: 's', seq: seconds, timeMs: T + seconds * 1000 },
    tables: [
      {
        shape: net,
        rows: times.map(() => row),
        timesMs: Float64Array.from(times, (time) => T + time * 1000),
        values: Float64Array.from([...times, ...times.map(() => Number.NaN)]),
      },
    ],
  });
  aggregator.push(at(1, [1]), T + 1000);
  await aggregator.advance(T + 40_000_000, breathe);
  // Every window from 100 s on; had it come when it was made, at 30 000 s, those before 29 990 s would have been closed.
  const times = Array.from({ length: 2990 }, (_, i) => 100 + 10 * i);
  const { dropped } = aggregator.push(at(30_000, times), T + 40_000_000);
  expect(dropped.get('too_late')).toBe(2989);
  const frames = await aggregator.advance(T + 40_060_000, breathe);
  // That of its one row, and that of its tick.
  expect(frames.filter(({ late }) => late).map(({ startMs }) => (startMs - T) / 1000)).toEqual([29_990, 30_000]);
});

/**
 * Windows all the way: written as the log's records, read by a reader that uses its memory again, into the head, sealed by the quarter of an hour, merged by two hours and
 * by the day. Containers come and go, are held, and have columns that nobody measures. What is asked at any stage is what went in, to the bit.
 */
import { expect, test } from 'vitest';
import { FrameDecoder } from '../../../collector/log/decode.ts';
import { FrameEncoder } from '../../../collector/log/encode.ts';
import { Interned } from '../../../collector/log/interned.ts';
import { emptyPoints } from '../../../collector/query/source.ts';
import { StoreCore } from '../../../collector/store/core.ts';
import { silent } from '../../../src/log.ts';
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import type { Shape } from '../../../src/model/shape.ts';
import { type EntityRow, entityRow, type Row } from '../../../src/model/table.ts';
import { storeDisk } from '../../support/storedisk.ts';

const WINDOW_MS = 20_000;
const DAY_MS = 86_400_000;
/** Where a day begins. */
const T0 = 20_000 * DAY_MS;
/** Two hours and a bit: what they are merged into is there, and something behind it. */
const WINDOWS = 400;
/** Windows in a segment of the log. */
const SEGMENT = 55;
const CONTAINERS = 12;
const COLUMNS = 12;

const SHAPES: readonly Shape[] = ['cpu', 'memory', 'network'].map((family) => ({
  measurement: `container_${family}`,
  columns: Array.from({ length: COLUMNS }, (_, c) => ({
    metric: `container_${family}_${c}`,
    field: `f${c}`,
    labels: [],
    kind: c % 3 === 1 ? 'gauge' : 'counter',
    unit: 'none',
    help: '',
  })),
}));

interface Container {
  readonly name: string;
  readonly row: Row;
  readonly source: EntityRow;
  lastMs: number;
}

/** In 997 windows as often above as below. */
const mixed = (a: number, b: number, c: number): number =>
  (Math.imul(a * 31 + b * 17 + c * 7 + 1, 2654435761) >>> 0) % 997;

function container(n: number): Container {
  const own = labels([
    ['name', `c${n}`],
    ['id', `${n}`.padStart(40, 'ab')],
  ]);
  const source = entityRow({ key: `c${n}`, kind: 'container', startMs: 0, labels: own }, labels([]), false);
  return {
    name: `c${n}`,
    source,
    row: { labels: labels([['node', 'n1'], ...own.names.map((name, i) => [name, own.values[i]] as [string, string])]) },
    lastMs: 0,
  };
}

/** Seconds with microseconds, pages, bytes, what seldom moves, what nobody measures, and what is no decimal. */
function numberAt(w: number, c: number, n: number): number {
  const steady = Math.floor((w + n) / 40);
  switch (c % 6) {
    case 0:
      return (w * 10_000_019 + mixed(w, c, n) + n) / 1e6;
    case 1:
      return 4096 * (1000 + mixed(steady, c, n));
    case 2:
      return w * 1500 + mixed(w, c, n);
    case 3:
      return steady;
    case 4:
      return n % 3 === 0 && mixed(w, c, n) < 100 ? Number.NaN : n;
    default:
      return c === 11 ? Number.NaN : Math.sqrt(mixed(w, 0, n));
  }
}

/** By series: what it has, and where it ends. */
type Told = Map<string, { readonly points: [number, number][]; readonly ends: number[] }>;

class World {
  readonly truth: Told = new Map();
  #containers = Array.from({ length: CONTAINERS }, (_, n) => container(n));
  #born = CONTAINERS;
  #before = new Map<string, readonly Container[]>();

  frame(w: number): Frame {
    const endMs = T0 + w * WINDOW_MS;
    if (w % 37 === 0) this.#containers = this.#containers.with(w % CONTAINERS, container(this.#born++));
    const there = this.#containers.filter((_, n) => mixed(w >> 2, n, 3) > 20);
    const times = there.map((one, n) => {
      const held = one.lastMs > 0 && mixed(w, n, 9) < 10 && this.#was(one);
      one.lastMs = held ? one.lastMs : endMs - 30 - (mixed(w, n, 5) % 20);
      return one.lastMs;
    });
    // Now and then nobody has told of a family for a while.
    const isMissing = (shape: Shape): boolean => shape === SHAPES[2] && mixed(w >> 3, 7, 1) < 100;
    const nobody = { endMs, there: [], times: [] };
    const tables = SHAPES.map((shape) => this.#table(shape, isMissing(shape) ? nobody : { endMs, there, times }));
    this.#before = new Map(SHAPES.map((shape) => [shape.measurement, isMissing(shape) ? [] : there]));
    const told = tables.filter((_, s) => !isMissing(SHAPES[s] as Shape));
    return { startMs: endMs - WINDOW_MS, endMs, tables: told, samples: there.length * COLUMNS * SHAPES.length };
  }

  #was(one: Container): boolean {
    return [...this.#before.values()].every((rows) => rows.includes(one));
  }

  #table(
    shape: Shape,
    { endMs, there, times }: { endMs: number; there: readonly Container[]; times: readonly number[] },
  ): LevelTable {
    const values = new Float64Array(COLUMNS * there.length);
    for (const [c, { metric }] of shape.columns.entries()) {
      for (const [n, one] of there.entries()) {
        // What is held has the reading that it had.
        const at = Math.round(((times[n] as number) - T0) / WINDOW_MS);
        const value = numberAt(at, c, Number(one.name.slice(1)));
        values[c * there.length + n] = value;
        this.#tell(`${metric} ${one.name}`, times[n] as number, value);
      }
      for (const one of this.#before.get(shape.measurement) ?? [])
        if (!there.includes(one)) this.#tell(`${metric} ${one.name}`, endMs - 1, Number.NaN);
    }
    return {
      level: 'container',
      shape,
      rows: there.map(({ row }) => row),
      sources: there.map(({ source }) => source),
      timesMs: Float64Array.from(times),
      values,
    };
  }

  #tell(series: string, timeMs: number, value: number): void {
    const told = this.truth.get(series) ?? { points: [], ends: [] };
    this.truth.set(series, told);
    const last = Math.max(told.points.at(-1)?.[0] ?? 0, told.ends.at(-1) ?? 0);
    if (timeMs === last) return;
    const wasThere = (told.points.at(-1)?.[0] ?? 0) > (told.ends.at(-1) ?? 0);
    if (!Number.isNaN(value)) told.points.push([timeMs, value]);
    else if (wasThere) told.ends.push(timeMs);
  }
}

function told(core: StoreCore): Told {
  const all: Told = new Map();
  const points = emptyPoints();
  const matchers = [{ name: 'job', op: '=' as const, value: 'plimsoll-containers' }];
  for (const series of core.source.select({ matchers, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    const name = (of: string): string => series.labels.values[series.labels.names.indexOf(of)] ?? '';
    if (name('__name__') === 'up') continue;
    series.read(points);
    if (points.length === 0) continue;
    const own = Array.from({ length: points.length }, (_, i): [number, number] => [
      points.timesMs[i]!,
      points.values[i]!,
    ]);
    all.set(`${name('__name__')} ${name('name')}`, {
      points: own,
      // An end ends nothing before the first point, and nothing behind another end.
      ends: points.ends.filter((endMs, i, ends) => {
        const after = own.findLast(([timeMs]) => timeMs < endMs)?.[0] ?? 0;
        return after > (i === 0 ? 0 : (ends[i - 1] as number));
      }),
    });
  }
  return all;
}

/** Series that are not the same on both sides, in words; the maps are large. */
function differences(found: Told, truth: Told): string[] {
  const words = (of: Told, series: string): string => JSON.stringify(of.get(series));
  return [...new Set([...found.keys(), ...truth.keys()])]
    .filter((series) => words(found, series) !== words(truth, series))
    .map((series) => `${series}: ${words(found, series)} for ${words(truth, series)}`);
}

test.each([
  ['quarters of an hour', 0],
  ['two hours at once', 1e9],
])('what went into the log comes out of the head, of sealed parts and of merged ones: %s', async (_, fewSamples) => {
  const world = new World();
  const core = new StoreCore({
    files: storeDisk(),
    log: silent,
    instance: 'here:9640',
    retention: { single: [9 * DAY_MS, DAY_MS, DAY_MS], group: [9 * DAY_MS, DAY_MS, DAY_MS], maxBytes: 1e12 },
    taking: { acceptAgeMs: DAY_MS, maxSeries: 10 },
    breathe: () => undefined,
    onNoted: () => undefined,
    fewSamples,
  });
  const interned = new Interned();
  let encoder = new FrameEncoder();
  let decoder = new FrameDecoder({ journal: false, reuses: true, interned });
  for (let w = 1; w <= WINDOWS; w++) {
    if (w % SEGMENT === 0) {
      encoder = new FrameEncoder();
      decoder = new FrameDecoder({ journal: false, reuses: true, interned });
    }
    const frame = world.frame(w);
    const { seq, frame: read } = decoder.decode(await encoder.encode(frame, w, () => Promise.resolve()));
    core.push(seq, read);
    core.tend(frame.endMs);
    core.tend(frame.endMs);
  }
  const withPoints = new Map([...world.truth].filter(([, { points }]) => points.length > 0));
  expect(core.folder.parts.map(({ tier, kind }) => `${kind} ${tier}`)).toContain('single 1');
  expect(differences(told(core), withPoints)).toEqual([]);
  core.seal(T0 + WINDOWS * WINDOW_MS);
  for (let i = 0; i < 20; i++) core.tend(T0 + DAY_MS + 1_800_000);
  const single = core.folder.parts.filter(({ kind }) => kind === 'single');
  expect(single.map(({ tier, resolutionMs }) => [tier, resolutionMs])).toEqual([
    [2, 0],
    [2, 300_000],
    [2, 3_600_000],
  ]);
  expect(differences(told(core), withPoints)).toEqual([]);
  core.close();
});

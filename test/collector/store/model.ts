/** The truth beside the store: a plain map of what each series has at which time, by the rules of the store in as few words as they take. */
import type { LevelTable, Frame } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import type { Column, Shape } from '../../../src/model/shape.ts';
import { emptyPoints, type Matcher, type Source } from '../../../collector/query/source.ts';

export const WINDOW_MS = 10_000;
export const INSTANCE = 'here:9640';

const column = (metric: string, kind: Column['kind'], fixed: [string, string][] = []): Column => ({
  metric,
  field: metric,
  labels: fixed,
  kind,
  unit: 'none',
  help: `${metric}.`,
});

export const CPU: Shape = {
  measurement: 'container_cpu',
  columns: [
    column('container_cpu_total', 'counter', [['cpu', 'total']]),
    column('container_cpu_total', 'counter', [['cpu', 'user']]),
    column('container_load', 'gauge'),
  ],
};
export const SERVICE: Shape = {
  measurement: 'service_cpu',
  columns: [column('service_cpu_total', 'counter'), column('service_load', 'gauge')],
};

/** One row of a window; `timeMs` before the window's end, its cells as in the shape. */
export interface ModelRow {
  readonly name: string;
  readonly timeMs: number;
  readonly cells: readonly number[];
}

export interface ModelTable {
  readonly level: 'container' | 'service';
  readonly rows: readonly ModelRow[];
}

const rowObjects = new Map<string, { labels: ReturnType<typeof labels> }>();

function rowOf(level: string, name: string) {
  const key = `${level} ${name}`;
  const pairs: [string, string][] =
    level === 'container'
      ? [
          ['name', name],
          ['node', 'n1'],
        ]
      : [['service', name]];
  const row = rowObjects.get(key) ?? { labels: labels(pairs) };
  rowObjects.set(key, row);
  return row;
}

export function tableOf({ level, rows }: ModelTable): LevelTable {
  const shape = level === 'container' ? CPU : SERVICE;
  const values = shape.columns.flatMap((_, c) => rows.map(({ cells }) => cells[c] ?? Number.NaN));
  return {
    level,
    shape,
    rows: rows.map(({ name }) => rowOf(level, name)),
    timesMs: Float64Array.from(rows, ({ timeMs }) => timeMs),
    values: Float64Array.from(values),
  };
}

export function frameOf(endMs: number, tables: readonly ModelTable[], late?: readonly string[]): Frame {
  const samples = tables.reduce((sum, { rows }) => sum + rows.length, 0);
  return { startMs: endMs - WINDOW_MS, endMs, tables: tables.map(tableOf), samples, ...(late ? { late } : {}) };
}

/** By series, as its labels in one text: what it has at which time; undefined where it ends. */
export type Truth = Map<string, Map<number, number | undefined>>;

export function seriesName(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

export class Model {
  truth: Truth = new Map();
  readonly #last = new Map<string, number>();
  #present = new Set<string>();

  set(series: string, timeMs: number, value: number | undefined): void {
    const own = this.truth.get(series) ?? new Map<number, number | undefined>();
    this.truth.set(series, own.set(timeMs, value));
  }

  #setRow(level: string, name: string, timeMs: number, cells: readonly number[] | undefined): void {
    const shape = level === 'container' ? CPU : SERVICE;
    const job = level === 'container' ? 'plimsoll-containers' : 'plimsoll-collector';
    const own =
      level === 'container'
        ? [
            ['name', name],
            ['node', 'n1'],
          ]
        : [['service', name]];
    for (const [c, { metric, labels: fixed }] of shape.columns.entries()) {
      const pairs = [['__name__', metric], ['job', job], ['instance', INSTANCE], ...fixed, ...own] as [
        string,
        string,
      ][];
      const value = cells?.[c] ?? Number.NaN;
      this.set(seriesName(pairs), timeMs, Number.isFinite(value) ? value : undefined);
    }
  }

  frame(endMs: number, tables: readonly ModelTable[]): void {
    const present = new Set<string>();
    for (const { level, rows } of tables) {
      for (const { name, timeMs, cells } of rows) {
        const key = `${level} ${name}`;
        present.add(key);
        const last = this.#last.get(key) ?? Number.NEGATIVE_INFINITY;
        if (timeMs === last) continue;
        this.#setRow(level, name, timeMs, cells);
        this.#last.set(key, Math.max(last, timeMs));
      }
    }
    for (const key of this.#present) {
      if (present.has(key)) continue;
      const [level = '', name = ''] = key.split(' ');
      this.#setRow(level, name, Math.max(endMs - 1, (this.#last.get(key) ?? 0) + 1), undefined);
    }
    this.#present = present;
  }

  /** When late readings are of: whether something that is absent around them ends them is not said. */
  readonly lateTimes = new Set<number>();

  late(tables: readonly ModelTable[]): void {
    for (const { level, rows } of tables) {
      for (const { name, timeMs, cells } of rows) {
        this.#setRow(level, name, timeMs, cells);
        this.lateTimes.add(timeMs);
      }
    }
  }

  erase(fits: (series: string) => boolean, fromMs: number, toMs: number): void {
    for (const [series, own] of this.truth) {
      if (!fits(series)) continue;
      for (const timeMs of own.keys()) if (timeMs >= fromMs && timeMs <= toMs) own.delete(timeMs);
    }
  }
}

/** A series' points in a stretch of time, and behind each whether and when it ends before the next. */
export type Told = readonly (readonly [timeMs: number, value: number, endMs: number | undefined])[];

export function toldByTruth(truth: Truth, fromMs: number, toMs: number): Map<string, Told> {
  const all = new Map<string, Told>();
  for (const [series, own] of truth) {
    const moments = [...own].filter(([timeMs]) => timeMs >= fromMs && timeMs <= toMs).sort(([a], [b]) => a - b);
    const points = moments.flatMap(([timeMs, value]) => (value === undefined ? [] : [[timeMs, value] as const]));
    const ends = moments.flatMap(([timeMs, value]) => (value === undefined ? [timeMs] : []));
    if (points.length > 0) all.set(series, told(points, ends));
  }
  return all;
}

export function toldByStore(
  source: Source,
  matchers: readonly Matcher[],
  [fromMs, toMs]: readonly [number, number],
): Map<string, Told> {
  const all = new Map<string, Told>();
  const points = emptyPoints();
  for (const series of source.select({ matchers, fromMs, toMs })) {
    series.read(points);
    const { length, timesMs, values, ends } = points;
    const own = Array.from({ length }, (_, i) => [timesMs[i] as number, values[i] as number] as const);
    const { names, values: texts } = series.labels;
    const name = seriesName(names.map((label, i) => [label, texts[i] as string] as const));
    if (all.has(name)) throw new Error(`${name} comes twice`);
    if (length > 0) all.set(name, told(own, ends));
  }
  return all;
}

export function withoutEndsAt(all: ReadonlyMap<string, Told>, times: ReadonlySet<number>): Map<string, Told> {
  return new Map(
    [...all].map(([series, own]) => [
      series,
      own.map(([timeMs, value, endMs]) => [timeMs, value, times.has(timeMs) ? undefined : endMs] as const),
    ]),
  );
}

function told(points: readonly (readonly [number, number])[], ends: readonly number[]): Told {
  return points.map(([timeMs, value], i) => {
    const next = points[i + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return [timeMs, value, ends.find((endMs) => endMs >= timeMs && endMs < next)] as const;
  });
}

/**
 * Rows of the same labels from several parts as one row: in time, each column where the joined table has it. At the same time the later part's row
 * counts, in the columns that it has.
 */
import type { Column } from '../../../src/model/shape.ts';
import type { Folds, RowChunk } from '../types.ts';

/** A part's row, and by column of the joined table where in the row it is; -1: the part has no such column. */
export interface RowOf {
  readonly row: RowChunk;
  readonly at: readonly number[];
}

export interface JoinedTable {
  readonly columns: readonly Column[];
  /** By part. */
  readonly at: readonly (readonly number[])[];
}

/** The columns that tables have together: the same metric with the same fixed labels is the same; the later one's kind, unit and help count. */
export function joinColumns(tables: readonly (readonly Column[])[]): JoinedTable {
  const byKey = new Map<string, Column>();
  for (const column of tables.flat()) byKey.set(columnKey(column), column);
  const keys = [...byKey.keys()];
  const at = tables.map((columns) => {
    const own = columns.map(columnKey);
    return keys.map((key) => own.indexOf(key));
  });
  return { columns: [...byKey.values()], at };
}

function columnKey({ metric, labels }: Column): string {
  return JSON.stringify([metric, labels]);
}

/** The rows in the order of their parts, the one that counts last. */
export function joinRows(rows: readonly RowOf[], columns: number): RowChunk {
  const only = rows[0] as RowOf;
  if (rows.length === 1 && only.at.length === only.row.cells.length && only.at.every((at, c) => at === c))
    return only.row;
  const { timesMs, from } = moments(rows);
  const pick = (get: (row: RowChunk, column: number) => Float64Array | undefined, column: number): Float64Array => {
    const into = new Float64Array(timesMs.length).fill(Number.NaN);
    for (const [r, { row, at }] of rows.entries()) {
      const own = at[column] as number;
      const cells = own < 0 ? undefined : get(row, own);
      if (cells === undefined) continue;
      const places = from[r] as Places;
      if (typeof places === 'number') into.set(cells, places);
      else for (let i = 0; i < places.length; i++) into[places[i] as number] = cells[i] as number;
    }
    return into;
  };
  const numbers = Array.from({ length: columns }, (_, column) => column);
  const cells = numbers.map((column) => pick((row, own) => row.cells[own], column));
  const nans = numbers.map((column) => joinNans(rows, from, column));
  const folds = numbers.map((column) => joinFolds(rows, column, pick));
  return {
    labels: only.row.labels,
    timesMs,
    cells,
    ...(nans.some((set) => set !== undefined) ? { nans } : {}),
    ...(folds.some((fold) => fold !== undefined) ? { folds } : {}),
  };
}

/** Where a row's times are among all: from there on, or each its own. */
type Places = number | Int32Array;

/** All times, each once; and by row, where each of its times is among them. */
function moments(rows: readonly RowOf[]): { timesMs: Float64Array; from: Places[] } {
  const all = rows.map(({ row }) => row.timesMs);
  const total = all.reduce((sum, times) => sum + times.length, 0);
  const isInOrder = all.every((times, r) => r === 0 || (all[r - 1]?.at(-1) as number) < (times[0] as number));
  if (!isInOrder) return interleaved(all, total);
  const timesMs = new Float64Array(total);
  let at = 0;
  const from = all.map((times) => {
    timesMs.set(times, at);
    at += times.length;
    return at - times.length;
  });
  return { timesMs, from };
}

function interleaved(all: readonly Float64Array[], total: number): { timesMs: Float64Array; from: Places[] } {
  const timesMs = new Float64Array(total);
  const from = all.map((times) => new Int32Array(times.length));
  const next = all.map(() => 0);
  let count = 0;
  for (;;) {
    let least = Number.POSITIVE_INFINITY;
    for (const [r, times] of all.entries()) {
      const time = times[next[r] as number];
      if (time !== undefined && time < least) least = time;
    }
    if (least === Number.POSITIVE_INFINITY) return { timesMs: timesMs.slice(0, count), from };
    for (const [r, times] of all.entries()) {
      const at = next[r] as number;
      if (times[at] !== least) continue;
      (from[r] as Int32Array)[at] = count;
      next[r] = at + 1;
    }
    timesMs[count++] = least;
  }
}

function placeOf(places: Places, at: number): number {
  return typeof places === 'number' ? places + at : (places[at] as number);
}

function joinNans(rows: readonly RowOf[], from: readonly Places[], column: number): Set<number> | undefined {
  if (!rows.some(({ row, at }) => row.nans?.[at[column] as number] !== undefined)) return undefined;
  const found = new Set<number>();
  for (const [r, { row, at }] of rows.entries()) {
    const own = at[column] as number;
    if (own < 0) continue;
    const places = from[r] as Places;
    // What is later takes the place of a NaN, and is one or not.
    for (let i = 0; i < row.timesMs.length; i++) found.delete(placeOf(places, i));
    for (const i of row.nans?.[own] ?? []) found.add(placeOf(places, i));
  }
  return found.size === 0 ? undefined : found;
}

function joinFolds(
  rows: readonly RowOf[],
  column: number,
  pick: (get: (row: RowChunk, column: number) => Float64Array | undefined, column: number) => Float64Array,
): Folds | undefined {
  if (!rows.some(({ row, at }) => row.folds?.[at[column] as number] !== undefined)) return undefined;
  const of = (kind: keyof Folds): Float64Array => pick((row, own) => row.folds?.[own]?.[kind], column);
  return { sum: of('sum'), count: of('count'), min: of('min'), max: of('max') };
}

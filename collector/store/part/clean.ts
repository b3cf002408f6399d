/** A row without what is not to stay: times out of range, what was deleted, and times that say nothing (all absent, as at the time before). */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { Folds, RowChunk } from '../types.ts';
import { firstAtOrAfter } from './group.ts';
import { withFixed } from './labelled.ts';
import type { Erased } from './tombstones.ts';

export interface Cleaning {
  /** Undefined: nothing is deleted. */
  readonly erased: ((series: Labels) => readonly Erased[]) | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Undefined if nothing is left. */
export function clean(row: RowChunk, columns: readonly Column[], cleaning: Cleaning): RowChunk | undefined {
  const { erased, fromMs, toMs } = cleaning;
  const isAll = erased === undefined && fromMs <= (row.timesMs[0] ?? 0) && toMs >= (row.timesMs.at(-1) ?? 0);
  if (isAll && isAlwaysThere(row)) return row;
  const gone = erased === undefined ? [] : columns.map((column) => erased(withFixed(row.labels, column)));
  const left = gone.some((stretches) => stretches.length > 0) ? eraseCells(row, gone) : row;
  const kept: number[] = [];
  const to = firstAtOrAfter(row.timesMs, toMs + 1);
  let wasThere = true;
  for (let at = firstAtOrAfter(row.timesMs, fromMs); at < to; at++) {
    const there = anyAt(left, at);
    // One time at which all is absent says that the row has left; more say nothing more. A first one may be of what was before.
    if (there || (wasThere && (kept.length > 0 || !anyAt(row, at)))) kept.push(at);
    wasThere = there;
  }
  if (kept.length === row.timesMs.length) return left;
  return kept.length === 0 ? undefined : pickTimes(left, kept);
}

/** Whether a column has a number at each time; if none has, the row may still have something at each. */
export function isAlwaysThere({ timesMs, cells }: RowChunk): boolean {
  const n = timesMs.length;
  for (let c = 0; c < cells.length; c++) {
    const values = cells[c] as Float64Array;
    let i = 0;
    while (i < n && !Number.isNaN(values[i])) i++;
    if (i === n) return true;
  }
  return false;
}

function anyAt({ cells, nans }: RowChunk, at: number): boolean {
  for (let c = 0; c < cells.length; c++) {
    if (!Number.isNaN((cells[c] as Float64Array)[at]) || nans?.[c]?.has(at) === true) return true;
  }
  return false;
}

function eraseCells(row: RowChunk, gone: readonly (readonly Erased[])[]): RowChunk {
  const isGone = (column: number, at: number): boolean => {
    const time = row.timesMs[at] as number;
    return (gone[column] as readonly Erased[]).some(({ fromMs, toMs }) => time >= fromMs && time <= toMs);
  };
  const without = (column: number, values: Float64Array): Float64Array =>
    gone[column]?.length === 0 ? values : values.map((value, at) => (isGone(column, at) ? Number.NaN : value));
  return {
    labels: row.labels,
    timesMs: row.timesMs,
    cells: row.cells.map((values, column) => without(column, values)),
    ...(row.nans === undefined
      ? {}
      : { nans: row.nans.map((set, column) => set && new Set([...set].filter((at) => !isGone(column, at)))) }),
    ...(row.folds === undefined
      ? {}
      : { folds: row.folds.map((folds, column) => folds && mapFolds(folds, (values) => without(column, values))) }),
  };
}

/** The row at these of its times. */
export function pickTimes(row: RowChunk, kept: readonly number[]): RowChunk {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (at) => values[at] as number);
  const place = new Map(row.nans === undefined ? [] : kept.map((at, i) => [at, i]));
  const pickSet = (set: ReadonlySet<number> | undefined) =>
    set && new Set([...set].flatMap((at) => place.get(at) ?? []));
  return {
    labels: row.labels,
    timesMs: pick(row.timesMs),
    cells: row.cells.map(pick),
    ...(row.nans === undefined ? {} : { nans: row.nans.map(pickSet) }),
    ...(row.folds === undefined ? {} : { folds: row.folds.map((folds) => folds && mapFolds(folds, pick)) }),
  };
}

export function mapFolds({ sum, count, min, max }: Folds, map: (values: Float64Array) => Float64Array): Folds {
  return { sum: map(sum), count: map(count), min: map(min), max: map(max) };
}

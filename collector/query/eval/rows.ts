/**
 * What flows between the operators of a query: rows, one at a time. A row is one series over all steps of the question; its buffers are used again for
 * the next row, so whoever keeps a row copies it.
 */
import type { Labels } from '../../../src/model/labels.ts';
import { QueryError } from '../query.ts';
import type { Budget } from './budget.ts';

/** The steps at which a question is asked. `stepMs` is at least 1, also for a single step. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

export interface Row {
  labels: Labels;
  readonly values: Float64Array;
  /** 1 where there is a value; a value may well be NaN. */
  readonly has: Uint8Array;
}

export type Rows = Iterable<Row>;

export function newRow(labels: Labels, steps: number): Row {
  return { labels, values: new Float64Array(steps), has: new Uint8Array(steps) };
}

export function copyRow(row: Row, budget: Budget): Row {
  budget.hold(row.values.length);
  return { labels: row.labels, values: row.values.slice(), has: row.has.slice() };
}

export function single(timeMs: number): Grid {
  return { startMs: timeMs, stepMs: 1, steps: 1 };
}

export function endOf(grid: Grid): number {
  return grid.startMs + (grid.steps - 1) * grid.stepMs;
}

export function anyIn(row: Row): boolean {
  return row.has.includes(1);
}

export function sameLabels(): QueryError {
  return new QueryError('execution', 'vector cannot contain metrics with the same labelset');
}

/** Rows that may have come to equal labels: those that never have a value at the same step become one, the others are an error. */
export function merged(rows: Rows, budget: Budget): Rows {
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const known = byKey.get(row.labels.key);
    if (!known) byKey.set(row.labels.key, copyRow(row, budget));
    else mergeInto(known, row);
  }
  return byKey.values();
}

export function mergeInto(known: Row, row: Row): void {
  for (let i = 0; i < row.has.length; i++) {
    if (row.has[i] === 0) continue;
    if (known.has[i] === 1) throw sameLabels();
    known.has[i] = 1;
    known.values[i] = row.values[i] as number;
  }
}

/** Lets rows pass, and throws when one has the labels of another: what functions of ranges do, whatever the steps. */
export function* distinct(rows: Rows): Generator<Row> {
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.labels.key)) throw sameLabels();
    seen.add(row.labels.key);
    yield row;
  }
}

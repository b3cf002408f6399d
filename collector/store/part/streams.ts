/**
 * What of a column is kept as numbers of its own: its values; of gauges that have been thinned out sum, count, least and most of what each point stands
 * for. Each stream has blocks of its own, so that a question reads only those it needs.
 */
import type { Column } from '../../../src/model/shape.ts';
import type { Folds, RowChunk } from '../types.ts';

export type StreamKind = 'value' | keyof Folds;

export interface Stream {
  readonly column: number;
  readonly kind: StreamKind;
}

const FOLDED: readonly StreamKind[] = ['sum', 'count', 'min', 'max'];
const PLAIN: readonly StreamKind[] = ['value'];

/** Which streams a column has. */
export function streamKinds(column: Column, resolutionMs: number): readonly StreamKind[] {
  return resolutionMs > 0 && column.kind === 'gauge' ? FOLDED : PLAIN;
}

/** The streams of a table, in the order in which they are in a part. */
export function streamsOf(columns: readonly Column[], resolutionMs: number): Stream[] {
  return columns.flatMap((of, column) => streamKinds(of, resolutionMs).map((kind) => ({ column, kind })));
}

/** A stream's numbers of a row; a gauge that comes without folds stands for itself. */
export function streamCells(row: RowChunk, { column, kind }: Stream): Float64Array {
  const cells = row.cells[column] as Float64Array;
  if (kind === 'value') return cells;
  const folds = row.folds?.[column];
  if (folds !== undefined) return folds[kind];
  return kind === 'count' ? cells.map((value, at) => (isThere(row, column, at, value) ? 1 : Number.NaN)) : cells;
}

function isThere(row: RowChunk, column: number, at: number, value: number): boolean {
  return !Number.isNaN(value) || row.nans?.[column]?.has(at) === true;
}

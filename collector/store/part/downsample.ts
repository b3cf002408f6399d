/**
 * Parts thinned out: of a table, counters become one with the readings that tell all their increases, gauges one with a point per slot. What comes out is for
 * `writePart` with the same resolution. An hour is always made of five minutes, so that it is the same from raw parts and from thinned ones.
 */
import type { RowChunk, TableChunk } from '../types.ts';
import { foldGauges } from './fold.ts';
import { type MergeOptions, mergeTable, tablesOf } from './merge.ts';
import type { PartReader } from './part.ts';
import { thinCounters } from './thin.ts';

const FIVE_MINUTES_MS = 300_000;

/** The parts in the order in which they count; all of the same resolution, which is finer than this one. */
export function* downsampleParts(
  parts: readonly PartReader[],
  resolutionMs: number,
  options: MergeOptions = {},
): Generator<TableChunk> {
  const isRaw = parts.every(({ info }) => info.resolutionMs === 0);
  const byWay = isRaw && resolutionMs > FIVE_MINUTES_MS;
  const fold = (row: RowChunk): RowChunk => foldGauges(byWay ? foldGauges(row, FIVE_MINUTES_MS) : row, resolutionMs);
  const thin = (row: RowChunk): RowChunk => thinCounters(row, resolutionMs);
  for (const sources of tablesOf(parts, options)) {
    for (const counters of mergeTable(sources, ({ kind }) => kind === 'counter', options))
      yield mapRows(counters, thin);
    for (const gauges of mergeTable(sources, ({ kind }) => kind !== 'counter', options)) yield mapRows(gauges, fold);
  }
}

function mapRows(table: TableChunk, map: (row: RowChunk) => RowChunk): TableChunk {
  return { ...table, rows: mapped(table.rows, map) };
}

function* mapped(rows: Iterable<RowChunk>, map: (row: RowChunk) => RowChunk): Generator<RowChunk> {
  for (const row of rows) yield map(row);
}

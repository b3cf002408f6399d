/**
 * Parts thinned out: of a table, counters become one with the readings that tell all their increases, gauges one with a point per slot. What comes out is for
 * `writePart` with the same resolution. An hour is always made of five minutes, so that it is the same from raw parts and from thinned ones.
 */
import type { RowChunk, TableChunk } from '../types.ts';
import { GaugeFolder } from './fold.ts';
import { type MergeOptions, mergeTable, tablesOf } from './merge.ts';
import type { PartReader } from './part.ts';
import { CounterThinner } from './thin.ts';

const FIVE_MINUTES_MS = 300_000;

/** The parts in the order in which they count; all of the same resolution, which is finer than this one. A row is valid until the next. */
export function* downsampleParts(
  parts: readonly PartReader[],
  resolutionMs: number,
  given: MergeOptions = {},
): Generator<TableChunk> {
  const options = { ...given, reuses: true };
  const isRaw = parts.every(({ info }) => info.resolutionMs === 0);
  const byWay = isRaw && resolutionMs > FIVE_MINUTES_MS;
  for (const sources of tablesOf(parts, options)) {
    for (const counters of mergeTable(sources, ({ kind }) => kind === 'counter', options)) {
      const thinner = new CounterThinner(counters.columns.length, resolutionMs);
      yield mapRows(counters, (row) => thinner.thin(row));
    }
    for (const gauges of mergeTable(sources, ({ kind }) => kind !== 'counter', options)) {
      const folder = new GaugeFolder(gauges.columns.length, resolutionMs);
      const before = byWay ? new GaugeFolder(gauges.columns.length, FIVE_MINUTES_MS) : undefined;
      yield mapRows(gauges, (row) => folder.fold(before?.fold(row) ?? row));
    }
  }
}

function mapRows(table: TableChunk, map: (row: RowChunk) => RowChunk): TableChunk {
  return { ...table, rows: mapped(table.rows, map) };
}

function* mapped(rows: Iterable<RowChunk>, map: (row: RowChunk) => RowChunk): Generator<RowChunk> {
  for (const row of rows) yield map(row);
}

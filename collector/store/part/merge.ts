/**
 * Parts as one: table by table, row by row, in the order of labels, with no more than a row of each in memory as numbers. What is deleted, too old or of a
 * level that is not kept is left out. What comes out is for `writePart`.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { RowChunk, TableChunk, Tombstone } from '../types.ts';
import { clean, type Cleaning } from './clean.ts';
import { joinColumns, joinRows, type RowOf } from './join.ts';
import type { PartReader } from './part.ts';
import type { OnDamage } from './rows.ts';
import type { TableReader } from './table.ts';
import { tombstoneFinder } from './tombstones.ts';

export interface MergeOptions {
  readonly tombstones?: readonly Tombstone[];
  /** Times before and behind are left out. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Which tables stay; without it, all. */
  readonly takes?: (level: string, measurement: string) => boolean;
  /** Told of damage, merging goes on without the block; else it throws. */
  readonly onDamage?: OnDamage | undefined;
}

interface Source {
  readonly part: PartReader;
  readonly table: TableReader;
}

/** The parts in the order in which they count: at the same time the later one's. */
export function* mergeParts(parts: readonly PartReader[], options: MergeOptions = {}): Generator<TableChunk> {
  for (const sources of tablesOf(parts, options)) yield* mergeTable(sources, () => true, options);
}

/** One table from the same of several parts, with the columns that are wanted; nothing if there are none. */
export function* mergeTable(
  sources: readonly Source[],
  wants: (column: Column) => boolean,
  options: MergeOptions,
): Generator<TableChunk> {
  const cleaning: Cleaning = {
    erased: options.tombstones?.length ? tombstoneFinder(options.tombstones) : undefined,
    fromMs: options.fromMs ?? Number.NEGATIVE_INFINITY,
    toMs: options.toMs ?? Number.POSITIVE_INFINITY,
  };
  const { level, measurement } = (sources[0] as Source).table.entry;
  const joined = joinColumns(sources.map(({ table }) => table.columns));
  const wanted = joined.columns.flatMap((column, c) => (wants(column) ? [c] : []));
  if (wanted.length === 0) return;
  const columns = wanted.map((c) => joined.columns[c] as Column);
  /** By part, which of its columns are read, in its own order. */
  const own = joined.at.map((of) =>
    wanted.flatMap((c) => ((of[c] as number) < 0 ? [] : [of[c] as number])).sort((a, b) => a - b),
  );
  const at = joined.at.map((of, p) => wanted.map((c) => (own[p] as number[]).indexOf(of[c] as number)));
  const { onDamage } = options;
  const rows = sources.map(({ part, table }, p) => part.rows(table, { columns: own[p] as number[], onDamage }));
  yield { level, measurement, columns, rows: mergeRows({ rows, at, columns }, cleaning) };
}

/** The same table of all parts; thinned out, counters and gauges are tables of their own. */
export function tablesOf(parts: readonly PartReader[], { takes }: MergeOptions): Source[][] {
  const byName = new Map<string, Source[]>();
  for (const part of parts) {
    for (const table of part.tableReaders) {
      const { level, measurement, columns } = table.entry;
      if (takes?.(level, measurement) === false) continue;
      const kind = table.resolutionMs > 0 ? (columns[0]?.kind ?? '') : '';
      const key = JSON.stringify([level, measurement, kind]);
      const same = byName.get(key);
      if (same === undefined) byName.set(key, [{ part, table }]);
      else same.push({ part, table });
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sources]) => sources);
}

interface Merging {
  readonly rows: readonly Iterator<RowChunk>[];
  readonly at: readonly (readonly number[])[];
  readonly columns: readonly Column[];
}

function* mergeRows({ rows, at, columns }: Merging, cleaning: Cleaning): Generator<RowChunk> {
  const heads = rows.map((iterator) => iterator.next().value as RowChunk | undefined);
  for (;;) {
    const labels = leastOf(heads);
    if (labels === undefined) return;
    const same: RowOf[] = [];
    for (const [p, head] of heads.entries()) {
      if (head?.labels.key !== labels.key) continue;
      same.push({ row: head, at: at[p] as readonly number[] });
      heads[p] = (rows[p] as Iterator<RowChunk>).next().value as RowChunk | undefined;
    }
    const row = clean(joinRows(same, columns.length), columns, cleaning);
    if (row !== undefined) yield row;
  }
}

function leastOf(heads: readonly (RowChunk | undefined)[]): Labels | undefined {
  let least: Labels | undefined;
  for (const head of heads)
    if (head !== undefined && (least === undefined || head.labels.key < least.key)) least = head.labels;
  return least;
}

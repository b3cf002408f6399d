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
import { sliceMsFor } from './layout.ts';
import type { OnDamage } from './rows.ts';
import { Joined, type StoredRow, together } from './stored.ts';
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
  /** Rows may come as the bytes that they are: for whoever writes them without looking at their numbers. Each is valid until the next. */
  readonly copies?: boolean;
  /** Rows may be in memory that the next is read into. */
  readonly reuses?: boolean;
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
  if (options.copies && wanted.length === joined.columns.length && areAlike(sources, at, options)) {
    yield { level, measurement, columns, rows: copiedRows(sources, columns, cleaning) };
    return;
  }
  const only = sources.length === 1 && at[0]?.every((of, c) => of === c);
  const rows = sources.map(({ part, table }, p) =>
    part.rows(table, { columns: own[p] as number[], onDamage, reuses: only && options.reuses === true }),
  );
  if (only) {
    yield { level, measurement, columns, rows: cleanedRows(rows[0] as Iterable<RowChunk>, columns, cleaning) };
    return;
  }
  yield { level, measurement, columns, rows: mergeRows({ rows, at, columns }, cleaning) };
}

/** Whether all of the parts have all columns in the same order, as raw samples, and nothing is to be left out. */
function areAlike(sources: readonly Source[], at: readonly (readonly number[])[], options: MergeOptions): boolean {
  const { tombstones = [], fromMs, toMs, onDamage } = options;
  const isWhole = tombstones.length === 0 && fromMs === undefined && toMs === undefined && onDamage === undefined;
  const areRaw = sources.every(({ table }) => table.resolutionMs === 0 && table.sliceMs === sliceMsFor(0));
  return isWhole && areRaw && at.every((of) => of.every((own, c) => own === c));
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

function* cleanedRows(rows: Iterable<RowChunk>, columns: readonly Column[], cleaning: Cleaning): Generator<RowChunk> {
  for (const one of rows) {
    const row = clean(one, columns, cleaning);
    if (row !== undefined) yield row;
  }
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

/** Rows that lie in one part at a time are passed on as they are; others are decoded, mostly one part behind the other. */
function* copiedRows(sources: readonly Source[], columns: readonly Column[], cleaning: Cleaning): Generator<RowChunk> {
  const rows = sources.map(({ part, table }) => part.storedRows(table));
  const heads = rows.map((iterator) => iterator.next().value as StoredRow | undefined);
  const at = columns.map((_, c) => c);
  const joined = new Joined(columns.length);
  for (;;) {
    const labels = leastOf(heads);
    if (labels === undefined) return;
    const own = heads.flatMap((head, p) => (head?.labels.key === labels.key ? [p] : []));
    const same = own.map((p) => heads[p] as StoredRow);
    const apart = (): RowOf[] => same.map((row) => ({ row: row.decoded(), at }));
    const decoded = (): RowChunk => joined.row(same) ?? joinRows(apart(), columns.length);
    const row = together(same) ?? clean(decoded(), columns, cleaning);
    if (row !== undefined) yield row;
    for (const p of own) heads[p] = (rows[p] as Iterator<StoredRow>).next().value as StoredRow | undefined;
  }
}

function leastOf(heads: readonly ({ readonly labels: Labels } | undefined)[]): Labels | undefined {
  let least: Labels | undefined;
  for (const head of heads)
    if (head !== undefined && (least === undefined || head.labels.key < least.key)) least = head.labels;
  return least;
}

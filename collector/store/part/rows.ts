/**
 * All of a table, row by row, for merging, thinning out and export. A group's blocks are read once and held while its rows are gone through, without
 * the cache: what is read once should push nothing out.
 */
import type { Folds, RowChunk } from '../types.ts';
import type { RowBytes } from './blocks.ts';
import { MEASURED_NAN } from './code/numbers.ts';
import { PartDamage } from './damage.ts';
import type { GroupPlace, SlicePlace } from './index/directory.ts';
import type { LabelIndex } from './index/labelindex.ts';
import type { Stream } from './streams.ts';
import type { Load, Scratch, TableReader } from './table.ts';
import { newScratch } from './table.ts';

/** Told of damage, reading goes on without the block; else it ends with it. */
export type OnDamage = ((damage: PartDamage) => void) | undefined;

export interface RowOptions {
  readonly onDamage?: OnDamage | undefined;
  /** Which columns; without it, all. Ascending. The rows have those alone. */
  readonly columns?: readonly number[];
  /** A row's numbers may be where the next row's will be; then damage ends it. */
  readonly reuses?: boolean | undefined;
}

export function* tableRows(table: TableReader, index: LabelIndex, options: RowOptions = {}): Generator<RowChunk> {
  const { onDamage } = options;
  const scratch = newScratch();
  const columns = options.columns ?? table.columns.map((_, c) => c);
  const streams = table.streams.flatMap(({ column }, s) => (columns.includes(column) ? [s] : []));
  for (const group of orTold(onDamage, [], () => table.groups())) {
    const load = holding(table, group, onDamage);
    for (let row = 0; row < group.sets.length; row++) {
      const chunk = readRow({ table, group, row }, { load, scratch, onDamage, columns, streams });
      if (chunk.timesMs.length > 0) yield { labels: index.labels(group.sets[row] as number), ...chunk };
    }
  }
}

/** Blocks of a group, each read when it is first asked for, and held. */
export function holding(table: TableReader, group: GroupPlace, onDamage: OnDamage): Load {
  const held = new Map<number, RowBytes | undefined>();
  return (slice, block) => {
    const key = slice.at[block] as number;
    if (slice.length[block] === 0) return undefined;
    if (!held.has(key))
      held.set(
        key,
        orTold(onDamage, undefined, () => table.read(group, slice, block)),
      );
    return held.get(key);
  };
}

export function orTold<T>(onDamage: OnDamage, instead: T, run: () => T): T {
  if (onDamage === undefined) return run();
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PartDamage)) throw error;
    onDamage(error);
    return instead;
  }
}

/** Where a row is stored. */
export interface RowPlace {
  readonly table: TableReader;
  readonly group: GroupPlace;
  readonly row: number;
}

interface Means {
  readonly load: Load;
  readonly scratch: Scratch;
  readonly onDamage: OnDamage;
  readonly columns: readonly number[];
  readonly streams: readonly number[];
}

export function readRow({ table, group, row }: RowPlace, means: Means): Omit<RowChunk, 'labels'> {
  const { load, scratch, onDamage } = means;
  const pieces: { slice: SlicePlace; times: Float64Array }[] = [];
  let length = 0;
  for (const slice of group.slices) {
    const n =
      onDamage === undefined
        ? table.readTimes(slice, row, load, scratch)
        : orTold(onDamage, 0, () => table.readTimes(slice, row, load, scratch));
    if (n === 0) continue;
    pieces.push({ slice, times: scratch.times.slice(0, n) });
    length += n;
  }
  const timesMs = new Float64Array(length);
  const numbers = means.streams.map(() => new Float64Array(length));
  const nans: (Set<number> | undefined)[] = means.columns.map(() => undefined);
  let at = 0;
  for (const { slice, times } of pieces) {
    const n = times.length;
    timesMs.set(times, at);
    for (let s = 0; s < numbers.length; s++) {
      const of = { slice, row, stream: means.streams[s] as number, n };
      const marked =
        onDamage === undefined
          ? table.readStream(of, load, scratch)
          : orTold(onDamage, undefined, () => table.readStream(of, load, scratch));
      const into = numbers[s] as Float64Array;
      if (marked === undefined) into.fill(Number.NaN, at, at + n);
      else into.set(scratch.values.subarray(0, n), at);
      if (marked === true)
        noteNans(
          { nans, column: means.columns.indexOf((table.streams[of.stream] as Stream).column), at },
          scratch.marks,
          n,
        );
    }
    at += n;
  }
  return {
    timesMs,
    ...columnsOf(table, means.streams, numbers),
    ...(nans.some((set) => set !== undefined) ? { nans } : {}),
  };
}

interface NansOf {
  readonly nans: (Set<number> | undefined)[];
  readonly column: number;
  readonly at: number;
}

export function noteNans({ nans, column, at }: NansOf, marks: Uint8Array, n: number): void {
  for (let i = 0; i < n; i++) {
    if (marks[i] !== MEASURED_NAN) continue;
    const found = nans[column] ?? new Set();
    nans[column] = found.add(at + i);
  }
}

/** Streams as the columns that they are of. */
export function columnsOf(
  table: TableReader,
  streams: readonly number[],
  numbers: readonly Float64Array[],
): Pick<RowChunk, 'cells' | 'folds'> {
  const cells: Float64Array[] = [];
  const folds: (Folds | undefined)[] = [];
  for (let s = 0; s < streams.length; s++) {
    if (table.streams[streams[s] as number]?.kind === 'value') {
      cells.push(numbers[s] as Float64Array);
      folds.push(undefined);
      continue;
    }
    const [sum, count, min, max] = numbers.slice(s, s + 4) as [Float64Array, Float64Array, Float64Array, Float64Array];
    cells.push(sum.map((total, i) => total / (count[i] as number)));
    folds.push({ sum, count, min, max });
    s += 3;
  }
  return folds.some((fold) => fold !== undefined) ? { cells, folds } : { cells };
}

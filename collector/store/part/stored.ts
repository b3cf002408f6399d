/**
 * Rows as parts have them, to be passed on without being decoded: where each slice of a row lies in one part alone, its pieces are what the merged part has as
 * well. Raw samples only.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { EncodedSlice, Piece, RowChunk } from '../types.ts';
import { isMarked, MEASURED_NAN } from './code/numbers.ts';
import type { GroupPlace } from './index/directory.ts';
import type { LabelIndex } from './index/labelindex.ts';
import { holding, type RowPlace, readRow } from './rows.ts';
import { type Load, newScratch, type Scratch, type TableReader } from './table.ts';

/** A row of a part; its numbers are read when they are wanted. */
export interface StoredRow {
  readonly labels: Labels;
  decoded(): RowChunk;
  /** Adds its slices behind those that are there, with their times; false if it cannot be told without decoding that they fit. */
  addTo(whole: Whole): boolean;
  /** How many times it has. */
  readonly count: number;
  /** Adds its numbers behind those that are there; false if they are not later, or not all are numbers or absent. */
  readInto(joined: Joined): boolean;
}

/** A row that is put together of slices. */
export interface Whole {
  readonly times: number[];
  readonly slices: EncodedSlice[];
}

/** All of a table with all its columns, in order. */
export function* storedRows(table: TableReader, index: LabelIndex): Generator<StoredRow> {
  const scratch = newScratch();
  const columns = table.columns.map((_, c) => c);
  const means = { scratch, onDamage: undefined, columns, streams: columns };
  for (const group of table.groups()) {
    const load = holding(table, group, undefined);
    for (let row = 0; row < group.sets.length; row++) {
      if (!hasTimes(group, row, load)) continue;
      const labels = index.labels(group.sets[row] as number);
      yield {
        labels,
        decoded: () => ({ labels, ...readRow({ table, group, row }, { ...means, load }) }),
        addTo: (whole) => addSlices(whole, { table, group, row }, { load, scratch }),
        get count() {
          return group.slices.reduce((sum, slice) => sum + (load(slice, 0)?.counts?.[row] ?? 0), 0);
        },
        readInto: (joined) => readBehind(joined, { table, group, row }, { load, scratch }),
      };
    }
  }
}

function hasTimes(group: GroupPlace, row: number, load: Load): boolean {
  return group.slices.some((slice) => (load(slice, 0)?.counts?.[row] ?? 0) > 0);
}

/** The row that stored ones are together; undefined if they have to be decoded for that. */
export function together(rows: readonly StoredRow[]): RowChunk | undefined {
  const whole: Whole = { times: [], slices: [] };
  for (const row of rows) if (!row.addTo(whole)) return undefined;
  return {
    labels: (rows[0] as StoredRow).labels,
    timesMs: Float64Array.from(whole.times),
    cells: [],
    encoded: whole.slices,
  };
}

/** Rows of several parts decoded behind each other, into memory that is used again. */
export class Joined {
  timesMs = new Float64Array(0);
  readonly cells: Float64Array[];
  length = 0;

  constructor(columns: number) {
    this.cells = Array.from({ length: columns }, () => new Float64Array(0));
  }

  /** Valid until the next; undefined if they do not simply follow each other. */
  row(rows: readonly StoredRow[]): RowChunk | undefined {
    const total = rows.reduce((sum, { count }) => sum + count, 0);
    if (total > this.timesMs.length) {
      this.timesMs = new Float64Array(2 * total);
      for (const c of this.cells.keys()) this.cells[c] = new Float64Array(2 * total);
    }
    this.length = 0;
    for (const row of rows) if (!row.readInto(this)) return undefined;
    return {
      labels: (rows[0] as StoredRow).labels,
      timesMs: this.timesMs.subarray(0, this.length),
      cells: this.cells.map((values) => values.subarray(0, this.length)),
    };
  }
}

interface Means {
  readonly load: Load;
  readonly scratch: Scratch;
}

function readBehind(joined: Joined, { table, group, row }: RowPlace, { load, scratch }: Means): boolean {
  const { timesMs, cells } = joined;
  for (const slice of group.slices) {
    const n = table.readTimes(slice, row, load, scratch);
    if (n === 0) continue;
    const at = joined.length;
    if (at > 0 && (scratch.times[0] as number) <= (timesMs[at - 1] as number)) return false;
    for (let i = 0; i < n; i++) timesMs[at + i] = scratch.times[i] as number;
    const { marks } = scratch;
    for (let stream = 0; stream < cells.length; stream++) {
      const into = { values: cells[stream] as Float64Array, marks };
      const marked = table.readStream({ slice, row, stream, n, at }, load, into);
      // A NaN that was measured is told from an absent one by more than its number.
      if (marked && marks.subarray(0, n).includes(MEASURED_NAN)) return false;
    }
    joined.length = at + n;
  }
  return true;
}

function addSlices({ times, slices }: Whole, { table, group, row }: RowPlace, { load, scratch }: Means): boolean {
  for (const slice of group.slices) {
    if ((load(slice, 0)?.counts?.[row] ?? 0) === 0) continue;
    // Two parts have something of this slice, or it is out of order.
    if (slices.length > 0 && (slices.at(-1) as EncodedSlice).slice >= slice.slice) return false;
    const pieces = table.columns.map((_, c): Piece => {
      const block = load(slice, c + 1);
      if (block === undefined) return NOTHING;
      return { bytes: block.bytes, from: block.from[row] as number, to: block.from[row + 1] as number };
    });
    // A column with a number at each time: at none of them the row has left, which may have been said before.
    if (!pieces.some(({ bytes, from, to }) => to > from && !isMarked(bytes[from] as number))) return false;
    const n = table.readTimes(slice, row, load, scratch);
    const from = times.length;
    for (let i = 0; i < n; i++) times.push(scratch.times[i] as number);
    slices.push({ slice: slice.slice, from, to: times.length, pieces });
  }
  return true;
}

const NOTHING: Piece = { bytes: Buffer.alloc(0), from: 0, to: 0 };

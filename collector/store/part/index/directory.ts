/** The directory of a table: its groups, of each the rows' label sets and where the blocks of each slice are. To bytes and back. */
import { ByteReader, ByteWriter } from '../code/bytes.ts';
import type { GroupEntry, SliceEntry } from '../group.ts';

/** The version of the format from which on tables share blocks of times. */
const SHARED_TIMES = 2;

const NO_ROW = 0;
const EVERY_ROW = 1;
const SOME_ROWS = 2;

/** A group as it is read: where each block is. */
export interface GroupPlace {
  /** By row, the number of its label set. */
  readonly sets: Uint32Array;
  /** By column, by row: 1 where the series has a sample at all. */
  readonly present: readonly Uint8Array[];
  readonly slices: readonly SlicePlace[];
}

export interface SlicePlace extends Omit<SliceEntry, 'timesBytes' | 'streamBytes'> {
  /** Where a block is and how long; the times first, then by stream. A length of 0: there is none. */
  readonly at: Float64Array;
  readonly length: Float64Array;
}

export function encodeDirectory(groups: readonly GroupEntry[], sliceMs: number): Buffer {
  const out = new ByteWriter(4096);
  out.varint(groups.length);
  for (const { at, sets, present, slices } of groups) {
    out.varint(at);
    out.varint(sets.length);
    let before = 0;
    for (const set of sets) {
      out.signed(set - before);
      before = set;
    }
    for (const rows of present) writePresent(out, rows);
    out.varint(slices.length);
    for (const slice of slices) writeSlice(out, slice, sliceMs);
  }
  return out.view();
}

/** Of no row, of all, or which: a bit each. */
function writePresent(out: ByteWriter, rows: Uint8Array): void {
  const count = rows.reduce((sum, bit) => sum + bit, 0);
  const some = count > 0 && count < rows.length;
  out.byte(some ? SOME_ROWS : count === 0 ? NO_ROW : EVERY_ROW);
  if (!some) return;
  for (let from = 0; from < rows.length; from += 8) {
    let bits = 0;
    for (let i = from; i < Math.min(from + 8, rows.length); i++) bits |= (rows[i] as number) << (i - from);
    out.byte(bits);
  }
}

function readPresent(reader: ByteReader, rows: number): Uint8Array {
  const kind = reader.byte();
  const present = new Uint8Array(rows).fill(kind === EVERY_ROW ? 1 : 0);
  if (kind !== SOME_ROWS) return present;
  const bits = reader.take((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) present[row] = ((bits[row >> 3] as number) >> (row & 7)) & 1;
  return present;
}

function writeSlice(out: ByteWriter, slice: SliceEntry, sliceMs: number): void {
  out.signed(slice.slice);
  out.varint(slice.minMs - slice.slice * sliceMs);
  out.varint(slice.maxMs - slice.minMs);
  out.varint(slice.timesAt);
  out.varint(slice.timesBytes);
  for (const bytes of slice.streamBytes) out.varint(bytes);
}

/** What of a table is needed to read its directory. */
export interface DirectoryShape {
  readonly columns: number;
  readonly streams: number;
  readonly sliceMs: number;
  /** Of the part's format: in the first a group has all its blocks of times itself. */
  readonly version: number;
}

export function decodeDirectory(bytes: Buffer, { columns, streams, sliceMs, version }: DirectoryShape): GroupPlace[] {
  const reader = new ByteReader(bytes);
  return Array.from({ length: reader.count() }, () => {
    const at = reader.varint();
    const sets = new Uint32Array(reader.count());
    for (let row = 0, set = 0; row < sets.length; row++) {
      set += reader.signed();
      sets[row] = set;
    }
    const present = Array.from({ length: columns }, () => readPresent(reader, sets.length));
    const slices = Array.from({ length: reader.count() }, () => readSlice(reader, { streams, sliceMs, version }));
    placeBlocks(slices, at, streams);
    return { sets, present, slices };
  });
}

function readSlice(reader: ByteReader, { streams, sliceMs, version }: Omit<DirectoryShape, 'columns'>): SlicePlace {
  const slice = reader.signed();
  const minMs = slice * sliceMs + reader.varint();
  const maxMs = minMs + reader.varint();
  const timesAt = version < SHARED_TIMES ? 0 : reader.varint();
  const length = new Float64Array(streams + 1);
  for (let block = 0; block < length.length; block++) length[block] = reader.varint();
  return { slice, minMs, maxMs, timesAt, at: new Float64Array(length.length), length };
}

/** Blocks are behind each other: of the times all slices that have their own, then stream by stream. */
function placeBlocks(slices: readonly SlicePlace[], from: number, streams: number): void {
  let at = from;
  for (let block = 0; block <= streams; block++) {
    for (const slice of slices) {
      if (block === 0 && slice.timesAt > 0) {
        slice.at[0] = slice.timesAt;
        continue;
      }
      slice.at[block] = at;
      at += slice.length[block] as number;
    }
  }
}

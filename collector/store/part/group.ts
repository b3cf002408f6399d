/**
 * Up to 256 rows of a table on their way into blocks: rows come in one at a time and are encoded at once, cut where a slice of time ends; when the group
 * is complete, a block of times and one per stream and slice go out. So no more than one row's numbers are in memory as numbers.
 */
import type { EncodedSlice, Piece, RowChunk } from '../types.ts';
import { sealBlock } from './code/block.ts';
import { ByteReader, ByteWriter } from './code/bytes.ts';
import { countNumbers, newHint, type ScaleHint, writeNumbers } from './code/numbers.ts';
import { noTimes, type TimesBefore, writeTimes } from './code/times.ts';
import { absentThroughout } from './memory.ts';
import type { KnownTimes } from './knowntimes.ts';
import { type Stream, streamCells } from './streams.ts';

export const GROUP_ROWS = 256;

/** A group's blocks of one slice, as the directory has them. */
export interface SliceEntry {
  /** Times are in [slice × length of a slice, (slice + 1) × length). */
  readonly slice: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Where the block of times is; 0: it is one of the group's own. */
  readonly timesAt: number;
  readonly timesBytes: number;
  /** By stream; 0: nothing there, and no block. */
  readonly streamBytes: readonly number[];
}

/** Blocks follow each other from `at`: the times of all slices, then stream by stream the slices. */
export interface GroupEntry {
  readonly at: number;
  /** By row, the number of its label set. */
  readonly sets: readonly number[];
  /** By column, by row: whether the series has a sample at all. */
  readonly present: readonly Uint8Array[];
  readonly slices: readonly SliceEntry[];
}

function isSeries({ kind }: Stream): boolean {
  return kind === 'value' || kind === 'sum';
}

/** Pieces of rows behind each other. */
class Pieces {
  readonly bytes = new ByteWriter();
  readonly lengths: number[] = [];

  clear(): void {
    this.bytes.clear();
    this.lengths.length = 0;
  }

  /** What was written since the last time is row `row`'s. */
  endRow(row: number, from: number): void {
    while (this.lengths.length < row) this.lengths.push(0);
    this.lengths.push(this.bytes.length - from);
  }
}

class SliceWriter {
  before: TimesBefore;
  readonly counts: number[] = [];
  readonly times = new Pieces();
  readonly streams: Pieces[];
  minMs = Number.POSITIVE_INFINITY;
  maxMs = Number.NEGATIVE_INFINITY;

  constructor(baseMs: number, streams: number) {
    this.before = noTimes(baseMs);
    this.streams = Array.from({ length: streams }, () => new Pieces());
  }

  /** The same buffers for another slice. */
  begin(baseMs: number): this {
    this.before = noTimes(baseMs);
    this.counts.length = 0;
    this.times.clear();
    for (const pieces of this.streams) pieces.clear();
    this.minMs = Number.POSITIVE_INFINITY;
    this.maxMs = Number.NEGATIVE_INFINITY;
    return this;
  }

  addTimes(row: number, times: Float64Array): void {
    while (this.counts.length < row) this.counts.push(0);
    this.counts.push(times.length);
    const from = this.times.bytes.length;
    writeTimes(this.times.bytes, times, this.before);
    this.times.endRow(row, from);
    this.minMs = Math.min(this.minMs, times[0] as number);
    this.maxMs = Math.max(this.maxMs, times.at(-1) as number);
  }
}

export interface GroupOptions {
  readonly sliceMs: number;
  readonly deflates: boolean;
}

export class GroupWriter {
  readonly #streams: readonly Stream[];
  readonly #hints: readonly ScaleHint[];
  readonly #sliceMs: number;
  readonly #seal: (payload: Uint8Array) => Uint8Array;
  #sets: number[] = [];
  #present: Uint8Array[] = [];
  #slices = new Map<number, SliceWriter>();
  readonly #free: SliceWriter[] = [];
  samples = 0;
  series = 0;

  constructor(streams: readonly Stream[], { sliceMs, deflates }: GroupOptions) {
    this.#streams = streams;
    this.#sliceMs = sliceMs;
    this.#seal = (bytes) => sealBlock(bytes, deflates);
    this.#hints = streams.map(newHint);
    this.#begin();
  }

  #begin(): void {
    this.#sets = [];
    this.#slices = new Map();
    this.#present = this.#streams.filter(isSeries).map(() => new Uint8Array(GROUP_ROWS));
  }

  get rows(): number {
    return this.#sets.length;
  }

  get isFull(): boolean {
    return this.#sets.length >= GROUP_ROWS;
  }

  add(row: RowChunk, set: number): void {
    const number = this.#sets.length;
    this.#sets.push(set);
    if (row.encoded !== undefined) {
      this.#addEncoded(row.timesMs, row.encoded, number);
      return;
    }
    const cells = this.#streams.map((stream) => streamCells(row, stream));
    const found = this.#streams.map(() => 0);
    const { timesMs } = row;
    const nothing = absentThroughout(timesMs.length);
    for (let from = 0; from < timesMs.length; ) {
      const slice = Math.floor((timesMs[from] as number) / this.#sliceMs);
      const to = firstAtOrAfter(timesMs, (slice + 1) * this.#sliceMs, from + 1);
      const into = this.#sliceAt(slice);
      into.addTimes(number, timesMs.subarray(from, to));
      for (let s = 0; s < cells.length; s++) {
        const nans = row.nans?.[(this.#streams[s] as Stream).column];
        const values = cells[s] as Float64Array;
        if (values === nothing && nans === undefined) continue;
        const { bytes } = into.streams[s] as Pieces;
        const at = bytes.length;
        found[s] = (found[s] as number) + writeNumbers(bytes, { values, from, to, nans }, this.#hints[s] as ScaleHint);
        if (bytes.length > at) (into.streams[s] as Pieces).endRow(number, at);
      }
      from = to;
    }
    this.#count(number, found);
  }

  #addEncoded(timesMs: Float64Array, slices: readonly EncodedSlice[], number: number): void {
    const found = this.#streams.map(() => 0);
    for (const { slice, from, to, pieces } of slices) {
      const into = this.#sliceAt(slice);
      into.addTimes(number, timesMs.subarray(from, to));
      for (let s = 0; s < pieces.length; s++) {
        const piece = pieces[s] as Piece;
        if (piece.to === piece.from) continue;
        const { bytes } = into.streams[s] as Pieces;
        const at = bytes.length;
        bytes.append(piece.bytes, piece.from, piece.to);
        (into.streams[s] as Pieces).endRow(number, at);
        found[s] = (found[s] as number) + countNumbers(reader.begin(piece.bytes, piece.from, piece.to), to - from);
      }
    }
    this.#count(number, found);
  }

  /** A gauge's sum, count, least and most are one series and as many samples as its sum has. */
  #count(row: number, found: readonly number[]): void {
    let column = 0;
    for (let s = 0; s < found.length; s++) {
      if (!isSeries(this.#streams[s] as Stream)) continue;
      const present = this.#present[column++] as Uint8Array;
      if (found[s] === 0) continue;
      present[row] = 1;
      this.series++;
      this.samples += found[s] as number;
    }
  }

  #sliceAt(slice: number): SliceWriter {
    let found = this.#slices.get(slice);
    if (found === undefined) {
      const baseMs = slice * this.#sliceMs;
      found = this.#free.pop()?.begin(baseMs) ?? new SliceWriter(baseMs, this.#streams.length);
      this.#slices.set(slice, found);
    }
    return found;
  }

  /** Gives the blocks out, in their order, and begins anew. */
  finish(at: number, known: KnownTimes): { entry: GroupEntry; blocks: Uint8Array[] } {
    const rows = this.#sets.length;
    const slices = [...this.#slices].sort(([a], [b]) => a - b);
    const blocks: Uint8Array[] = [];
    let next = at;
    const times = slices.map(([, { counts, times: pieces }]) => {
      const found = known.find({ rows, payload: timesPayload(rows, counts, pieces) }, next, this.#seal);
      if (found.block !== undefined) {
        blocks.push(found.block);
        next += found.block.length;
      }
      return found;
    });
    const streamBytes: number[][] = slices.map(() => []);
    for (let s = 0; s < this.#streams.length; s++) {
      slices.forEach(([, { streams }], i) => {
        const pieces = streams[s] as Pieces;
        const block = pieces.bytes.length > 0 ? this.#seal(streamPayload(rows, pieces)) : undefined;
        (streamBytes[i] as number[]).push(block?.length ?? 0);
        if (block !== undefined) blocks.push(block);
      });
    }
    const entry = {
      at,
      sets: this.#sets,
      present: this.#present.map((rowsOf) => rowsOf.subarray(0, rows)),
      slices: slices.map(([slice, { minMs, maxMs }], i) => ({
        slice,
        minMs,
        maxMs,
        timesAt: times[i]?.block === undefined ? (times[i]?.at as number) : 0,
        timesBytes: times[i]?.length as number,
        streamBytes: streamBytes[i] as number[],
      })),
    };
    this.#free.push(...this.#slices.values());
    this.#begin();
    return { entry, blocks };
  }
}

const reader = new ByteReader(Buffer.alloc(0));

/** One after the other. */
const payload = new ByteWriter(65_536);

/** By row how many times it has, then by row the bytes of them, then those. */
function timesPayload(rows: number, counts: readonly number[], times: Pieces): Buffer {
  const out = payload;
  out.clear();
  for (let row = 0; row < rows; row++) out.varint(counts[row] ?? 0);
  return finishPayload(out, rows, times);
}

function streamPayload(rows: number, pieces: Pieces): Buffer {
  payload.clear();
  return finishPayload(payload, rows, pieces);
}

function finishPayload(out: ByteWriter, rows: number, { lengths, bytes }: Pieces): Buffer {
  for (let row = 0; row < rows; row++) out.varint(lengths[row] ?? 0);
  out.append(bytes.bytes, 0, bytes.length);
  return out.view();
}

/** The first place in ascending `times`, from `from` on, that is not before `ms`. */
export function firstAtOrAfter(times: Float64Array, ms: number, from = 0, end = times.length): number {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

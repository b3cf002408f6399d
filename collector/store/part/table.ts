/** A table of an open part: its groups, and of each the times and numbers of a row. Blocks come as they are asked for. */
import type { Column } from '../../../src/model/shape.ts';
import { type BlockSource, cachedBlock, type RowBytes, readBlock, rowBytes } from './blocks.ts';
import { ByteReader } from './code/bytes.ts';
import { ABSENT, readNumbers } from './code/numbers.ts';
import { readTimes } from './code/times.ts';
import { PartDamage } from './damage.ts';
import { decodeDirectory, type GroupPlace, type SlicePlace } from './index/directory.ts';
import type { TableEntry } from './index/root.ts';
import { type Stream, type StreamKind, streamsOf } from './streams.ts';

/** What the decoding of one row needs; used for the next one again. */
export interface Scratch {
  /** Which row of which block `times` are of, and from when they are told: many rows have the times of one before, and a block may serve several slices. */
  block: RowBytes | undefined;
  told: number;
  baseMs: number;
  times: Float64Array;
  values: Float64Array;
  marks: Uint8Array;
}

export function newScratch(): Scratch {
  return {
    block: undefined,
    told: -1,
    baseMs: Number.NaN,
    times: new Float64Array(1024),
    values: new Float64Array(1024),
    marks: new Uint8Array(1024),
  };
}

export function roomFor(scratch: Scratch, n: number): void {
  if (scratch.times.length >= n) return;
  scratch.block = undefined;
  scratch.times = new Float64Array(2 * n);
  scratch.values = new Float64Array(2 * n);
  scratch.marks = new Uint8Array(2 * n);
}

/** How blocks are got: through the cache, or held by who goes through a whole group. */
export type Load = (slice: SlicePlace, block: number) => RowBytes | undefined;

/** All decoding is on one thread, one piece at a time. */
const reader = new ByteReader(Buffer.alloc(0));

export class TableReader {
  readonly entry: TableEntry;
  readonly name: string;
  readonly streams: readonly Stream[];
  readonly resolutionMs: number;
  readonly sliceMs: number;
  readonly #source: BlockSource;
  readonly #version: number;

  constructor(
    source: BlockSource,
    entry: TableEntry,
    { resolutionMs, sliceMs, version }: { resolutionMs: number; sliceMs: number; version: number },
  ) {
    this.#source = source;
    this.entry = entry;
    this.resolutionMs = resolutionMs;
    this.sliceMs = sliceMs;
    this.#version = version;
    this.name = `${entry.level} ${entry.measurement}`;
    this.streams = streamsOf(entry.columns, resolutionMs);
  }

  get columns(): readonly Column[] {
    return this.entry.columns;
  }

  groups(): readonly GroupPlace[] {
    const { groups: place, columns } = this.entry;
    return cachedBlock(
      this.#source,
      place,
      () => `the directory of ${this.name}`,
      (payload) => {
        const shape = {
          columns: columns.length,
          streams: this.streams.length,
          sliceMs: this.sliceMs,
          version: this.#version,
        };
        const groups = decodeDirectory(payload, shape);
        const blocks = groups.reduce((sum, { slices }) => sum + slices.length * (this.streams.length + 1), 0);
        return { value: groups, bytes: 16 * blocks + this.entry.rows * (4 + columns.length) };
      },
    );
  }

  /** The number of a column's stream; -1 if it has none of the kind. */
  streamOf(column: number, kind: StreamKind): number {
    return this.streams.findIndex((stream) => stream.column === column && stream.kind === kind);
  }

  /** Blocks through the cache. */
  cached(group: GroupPlace): Load {
    return (slice, block) => {
      if (slice.length[block] === 0) return undefined;
      return cachedBlock(
        this.#source,
        placeOf(slice, block),
        () => this.blockName(slice, block),
        (payload) => rowBytes(payload, group.sets.length, block === 0),
      );
    };
  }

  /** A block read anew, for who needs it once. */
  read(group: GroupPlace, slice: SlicePlace, block: number): RowBytes | undefined {
    if (slice.length[block] === 0) return undefined;
    return readBlock(
      this.#source,
      placeOf(slice, block),
      () => this.blockName(slice, block),
      (payload) => rowBytes(payload, group.sets.length, block === 0).value,
    );
  }

  /** For messages: what is in a block. */
  blockName(slice: SlicePlace, block: number): string {
    const stream = this.streams[block - 1];
    const of = stream === undefined ? 'times' : (this.columns[stream.column] as Column).field;
    const kind = stream === undefined || stream.kind === 'value' ? '' : ` (${stream.kind})`;
    return `${this.name}, ${of}${kind} from ${new Date(slice.minMs).toISOString()} on`;
  }

  /** A row's times in a slice, into `scratch.times`; how many. */
  readTimes(slice: SlicePlace, row: number, load: Load, scratch: Scratch): number {
    const block = load(slice, 0);
    const n = block?.counts?.[row] ?? 0;
    if (block === undefined || n === 0) return 0;
    roomFor(scratch, n);
    let told = row;
    // A row that repeats the times of one before is a single zero.
    while (told > 0 && isRepeated(block, told)) told--;
    const baseMs = slice.slice * this.sliceMs;
    if (scratch.block === block && scratch.told === told && scratch.baseMs === baseMs) return n;
    scratch.block = undefined;
    try {
      reader.begin(block.bytes, block.from[told] as number, block.from[told + 1] as number);
      readTimes(reader, scratch.times, n, baseMs);
      scratch.block = block;
      scratch.told = told;
      scratch.baseMs = baseMs;
    } catch (error) {
      throw this.#damage(slice, 0, error);
    }
    return n;
  }

  /** A row's numbers of a stream in a slice, `n` of them, into `scratch.values` from `at` on; whether `scratch.marks` say that not all are numbers. */
  readStream(
    of: { slice: SlicePlace; row: number; stream: number; n: number; at?: number },
    load: Load,
    scratch: Pick<Scratch, 'values' | 'marks'>,
  ): boolean {
    const { slice, row, stream, n, at = 0 } = of;
    const block = load(slice, stream + 1);
    const from = block?.from[row] ?? 0;
    const to = block?.from[row + 1] ?? 0;
    if (block === undefined || from === to) {
      scratch.values.fill(Number.NaN, at, at + n);
      scratch.marks.fill(ABSENT, 0, n);
      return true;
    }
    try {
      const target = { into: scratch.values, at, n, marks: scratch.marks };
      return readNumbers(reader.begin(block.bytes, from, to), target);
    } catch (error) {
      throw this.#damage(slice, stream + 1, error);
    }
  }

  /** What a checksum has let pass and is still no sense is damage as well. */
  #damage(slice: SlicePlace, block: number, error: unknown): PartDamage {
    const at = slice.at[block] as number;
    const table = this.blockName(slice, block);
    return new PartDamage({ file: this.#source.name, table, at, problem: (error as Error).message }, { cause: error });
  }
}

function placeOf(slice: SlicePlace, block: number): { at: number; length: number } {
  return { at: slice.at[block] as number, length: slice.length[block] as number };
}

/** Rows without times have no bytes at all, and are not what is repeated. */
function isRepeated({ bytes, from, counts }: RowBytes, row: number): boolean {
  const at = from[row] as number;
  return counts?.[row] === 0 || ((from[row + 1] as number) - at === 1 && bytes[at] === 0);
}

/** Blocks as they are read: of the file, through the cache, checked; what is wrong with one is said with file, table and place. */
import type { PartFile } from '../types.ts';
import { openBlock } from './code/block.ts';
import { ByteReader } from './code/bytes.ts';
import type { BlockCache } from './cache.ts';
import { PartDamage } from './damage.ts';
import type { Place } from './index/root.ts';

export interface BlockSource {
  /** The part's, for messages. */
  readonly name: string;
  readonly file: PartFile;
  readonly cache: BlockCache;
  /** In the cache. */
  readonly owner: number;
}

/** A block of a group: by row, where its bytes are; of times, also how many. */
export interface RowBytes {
  readonly bytes: Buffer;
  /** By row, and behind the last. */
  readonly from: Uint32Array;
  readonly counts: Uint32Array | undefined;
}

/** Bytes beside the payload that a block takes in memory, roughly. */
const BESIDE = 512;

/** Reads what is there and has it made into something; `what` is for the message if that fails. */
export function readBlock<T>(source: BlockSource, place: Place, what: () => string, make: (payload: Buffer) => T): T {
  const { name, file } = source;
  try {
    return make(openBlock(file.read(place.at, place.length), place.length));
  } catch (error) {
    if (error instanceof PartDamage || isOfTheSystem(error)) throw error;
    throw new PartDamage(
      { file: name, table: what(), at: place.at, problem: (error as Error).message },
      { cause: error },
    );
  }
}

/** What the disk refused is not damage of the file. */
function isOfTheSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

export function cachedBlock<T>(
  source: BlockSource,
  place: Place,
  what: () => string,
  make: (payload: Buffer) => { value: T; bytes: number },
): T {
  return source.cache.get(source.owner, place.at, () => readBlock(source, place, what, make));
}

/** The rows of a block of times or of a stream. */
export function rowBytes(payload: Buffer, rows: number, isTimes: boolean): { value: RowBytes; bytes: number } {
  const reader = new ByteReader(payload);
  const counts = isTimes ? new Uint32Array(rows) : undefined;
  if (counts !== undefined) for (let row = 0; row < rows; row++) counts[row] = reader.varint();
  const from = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) from[row + 1] = (from[row] as number) + reader.varint();
  if (reader.left !== from[rows]) throw new Error(`${reader.left} bytes of rows where ${from[rows]} should be`);
  return { value: { bytes: payload.subarray(reader.at), from, counts }, bytes: payload.length + 8 * rows + BESIDE };
}

/** The frame of a part's file: a name and a version in front, and at the end where the root of the index is. */
import { crc32 } from 'node:zlib';
import { PartDamage, PartVersion } from './damage.ts';
import type { Place } from './index/root.ts';

export const PART_VERSION = 2;
const MAGIC = Buffer.from('PLIMPRT');
const END_MAGIC = Buffer.from('PLIMPEND');
export const HEAD_BYTES = MAGIC.length + 1;
/** Place of the root: a double and four bytes; a checksum of these; the end's name. */
export const TAIL_BYTES = 8 + 4 + 4 + END_MAGIC.length;

/** How long a slice is, by what a sample stands for: some hundreds of samples each. */
export function sliceMsFor(resolutionMs: number): number {
  if (resolutionMs === 0) return 7_200_000;
  return resolutionMs * 288;
}

export function partHead(): Uint8Array {
  return Buffer.concat([MAGIC, Buffer.of(PART_VERSION)]);
}

export function partTail({ at, length }: Place): Uint8Array {
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeDoubleLE(at, 0);
  tail.writeUInt32LE(length, 8);
  tail.writeUInt32LE(crc32(tail.subarray(0, 12)), 12);
  END_MAGIC.copy(tail, 16);
  return tail;
}

/** The version of the format. Throws for what is no part, or of a newer version. */
export function readPartHead(file: string, head: Buffer): number {
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new PartDamage({
      file,
      table: 'its first bytes',
      at: 0,
      problem: 'is no part of a store, or its beginning is damaged',
    });
  }
  const version = head[MAGIC.length] as number;
  if (version > PART_VERSION || version === 0) throw new PartVersion(file, version, PART_VERSION);
  return version;
}

/** Where the root is. Throws for a file that was cut short or whose end is damaged. */
export function readTail(file: string, tail: Buffer, size: number): Place {
  const from = size - TAIL_BYTES;
  const wrong = (problem: string) => new PartDamage({ file, table: 'its end', at: from, problem });
  if (tail.length < TAIL_BYTES || !tail.subarray(16).equals(END_MAGIC))
    throw wrong('was cut short, or its end is damaged');
  if (crc32(tail.subarray(0, 12)) !== tail.readUInt32LE(12)) throw wrong('the checksum is wrong');
  const place = { at: tail.readDoubleLE(0), length: tail.readUInt32LE(8) };
  if (place.at + place.length !== from)
    throw wrong('the index is not where it should be; bytes are missing or too many');
  return place;
}

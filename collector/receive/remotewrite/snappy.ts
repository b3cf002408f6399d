/**
 * Snappy's block format, unpacked: as strict as it can be, because what comes is anybody's. Memory is taken for what the block says it holds,
 * which is looked at first; a block that holds less or more than it says is none.
 */
import { WireError } from '../../../src/errors.ts';

/** The kinds of an element, in the two lowest bits of its tag. */
const LITERAL = 0;
const COPY_1 = 1;
const COPY_2 = 2;
/** A literal's length up to here is in the tag; above, the tag says in how many bytes it follows. */
const SHORT_LITERAL = 60;

/** Throws a WireError: `bad_snappy`, or `body_too_large` when there are more than `maxBytes`. */
export function unsnappy(block: Buffer, maxBytes: number): Buffer {
  const { length, at } = lengthOf(block);
  if (length > maxBytes)
    throw new WireError('body_too_large', `the body, unpacked, has ${length} bytes; legal: at most ${maxBytes}`);
  // No element makes more than 64 bytes of three.
  if (length > 64 * block.length) throw bad(`${block.length} bytes cannot hold ${length}`);
  const out = Buffer.allocUnsafe(length);
  const written = unpack(block, at, out);
  if (written !== length) throw bad(`it says that it holds ${length} bytes, and holds ${written}`);
  return out;
}

/** The length that the block begins with, and where that ends. */
function lengthOf(block: Buffer): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at] as number;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw bad('it does not begin with a length');
}

/** Answers how many bytes were written. */
function unpack(block: Buffer, from: number, out: Buffer): number {
  let at = from;
  let written = 0;
  while (at < block.length) {
    const tag = block[at++] as number;
    const kind = tag & 3;
    if (kind === LITERAL) {
      let length = tag >>> 2;
      if (length >= SHORT_LITERAL) {
        const bytes = length - SHORT_LITERAL + 1;
        length = little(block, at, bytes);
        at += bytes;
      }
      length++;
      if (at + length > block.length) throw bad('it ends within a literal');
      if (written + length > out.length) throw bad('it holds more than it says');
      if (length > 24) block.copy(out, written, at, at + length);
      else for (let i = 0; i < length; i++) out[written + i] = block[at + i] as number;
      at += length;
      written += length;
      continue;
    }
    const bytes = kind === COPY_1 ? 1 : kind === COPY_2 ? 2 : 4;
    const length = kind === COPY_1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = little(block, at, bytes) + (kind === COPY_1 ? (tag >>> 5) * 256 : 0);
    at += bytes;
    if (offset === 0 || offset > written) throw bad('it copies from before its beginning');
    if (written + length > out.length) throw bad('it holds more than it says');
    copyWithin(out, { written, offset, length });
    written += length;
  }
  return written;
}

interface Copy {
  readonly written: number;
  readonly offset: number;
  readonly length: number;
}

/** Bytes that are written may be those that are copied next: a run. */
function copyWithin(out: Buffer, { written, offset, length }: Copy): void {
  const from = written - offset;
  for (let i = 0; i < length; i++) out[written + i] = out[from + i] as number;
}

function little(block: Buffer, at: number, bytes: number): number {
  if (at + bytes > block.length) throw bad('it ends within an element');
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (block[at + i] as number);
  return value;
}

function bad(why: string): WireError {
  return new WireError('bad_snappy', `the body is no block of Snappy: ${why}`);
}

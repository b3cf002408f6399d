/**
 * One gzip member made of parts that are compressed apart: the large part of a page is compressed once and served many times, the
 * small part that differs each time is compressed for each answer. Parts but the last end on a byte without closing the stream.
 */
import { pipeline, Readable } from 'node:stream';
import { constants, crc32, createDeflateRaw, createInflateRaw, deflateRawSync } from 'node:zlib';

/** Checksum and length of what has gone into a member so far. */
export interface Sum {
  crc: number;
  bytes: number;
}

/** A gzip header that says nothing but "deflate". */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Fast: this text shrinks to a twentieth at any level. */
const LEVEL = 1;

/** Compresses the first part as it comes, adding it to `sum`. */
export async function* deflated(source: AsyncIterable<Buffer>, sum: Sum): AsyncGenerator<Buffer> {
  async function* summed(): AsyncGenerator<Buffer> {
    for await (const piece of source) {
      add(sum, piece);
      yield piece;
    }
  }
  const deflate = createDeflateRaw({ level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 });
  // A failure destroys `deflate` with it and so comes out of the loop below; the callback has nothing to add.
  pipeline(Readable.from(summed()), deflate, () => undefined);
  for await (const piece of deflate) yield piece as Buffer;
}

/** So much is compressed at once, in a millisecond; less of it would find fewer repetitions. */
const AT_ONCE = 512 * 1024;

/** The same on this thread: for a page so small that it costs more to hand its pieces to another one than to compress them. */
export async function* deflatedHere(source: AsyncIterable<Buffer>, sum: Sum): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    add(sum, piece);
    held.push(piece);
    bytes += piece.length;
    if (bytes < AT_ONCE) continue;
    yield deflatedPart(held);
    held = [];
    bytes = 0;
  }
  if (held.length > 0) yield deflatedPart(held);
}

/** Ends on a byte, and refers to nothing before it. */
function deflatedPart(pieces: readonly Buffer[]): Buffer {
  return deflateRawSync(Buffer.concat(pieces), { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
}

/** What {@link deflated} compressed, as it was. */
export async function* inflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 });
  // As above.
  pipeline(Readable.from(source), inflate, () => undefined);
  for await (const piece of inflate) yield piece as Buffer;
}

/** The last part with the member's trailer. `before` is the sum of the parts before it. */
export function lastPart(text: string, before: Readonly<Sum>): Buffer {
  const part = Buffer.from(text);
  const sum = { ...before };
  add(sum, part);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum.crc, 0);
  trailer.writeUInt32LE(sum.bytes % 2 ** 32, 4);
  return Buffer.concat([deflateRawSync(part, { level: LEVEL }), trailer]);
}

function add(sum: Sum, piece: Buffer): void {
  sum.crc = crc32(piece, sum.crc);
  sum.bytes += piece.length;
}

/**
 * A block: a checksum, the length of what is in it, and that, deflated where it pays. The checksum is of all that follows it, so that whatever a
 * disk has made of the bytes is known before anything is made of them.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** Checksum, length with a bit for whether it is deflated. */
export const BLOCK_HEAD = 4 + 4;
/** Below it deflate has nothing to find. */
const WORTH_TRYING = 64;
/** Above it zlib takes twice the time for a two hundredth of the bytes. */
const LEVEL = 3;
/** What zlib gives out at once: all of it, and the end is seen without asking again. It takes no smaller ones. */
const LEAST_CHUNK = 64;

export function sealBlock(payload: Uint8Array, deflates = true): Uint8Array {
  const deflated =
    !deflates || payload.length < WORTH_TRYING
      ? payload
      : deflateRawSync(payload, { level: LEVEL, chunkSize: payload.length });
  const pays = deflated.length < payload.length;
  const body = pays ? deflated : payload;
  const block = Buffer.allocUnsafeSlow(BLOCK_HEAD + body.length);
  block.writeUInt32LE(payload.length * 2 + (pays ? 1 : 0), 4);
  block.set(body, BLOCK_HEAD);
  block.writeUInt32LE(crc32(block.subarray(4)), 0);
  return block;
}

/** The payload, or an error that says in words what is wrong. */
export function openBlock(block: Uint8Array, length: number): Buffer {
  if (block.length !== length || length < BLOCK_HEAD) throw new Error('the file ends before the block does');
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  if (crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) throw new Error('the checksum is wrong');
  const head = bytes.readUInt32LE(4);
  const size = head >>> 1;
  const body = bytes.subarray(BLOCK_HEAD);
  const payload =
    head & 1
      ? inflateRawSync(body, { maxOutputLength: Math.max(1, size), chunkSize: Math.max(LEAST_CHUNK, size + 1) })
      : body;
  if (payload.length !== size) throw new Error(`${payload.length} bytes where ${size} were written`);
  return payload;
}

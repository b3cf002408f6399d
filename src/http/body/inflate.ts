/**
 * A body as it came to the bytes of the wire: unpacks gzip and stops at the limit, whatever the body promises. A usual body is small: it is
 * unpacked at once, which costs less than waking another thread twice. A large one, or one that turns out large, is unpacked off the event loop.
 */
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { WireError } from '../../errors.ts';

const gunzipAsync = promisify(gunzip);

/** Larger than zlib's own 16 KiB: each chunk is one trip to another thread. */
const CHUNK_BYTES = 128 * 1024;

/** A body of fifty containers is smaller; unpacking so much takes about a fifth of a millisecond. */
const AT_ONCE_BYTES = 16 * 1024;
const AT_ONCE_UNPACKED = 128 * 1024;

/** Where a body promises less, or lies. */
const LEAST_CHUNK_BYTES = 4096;

/** The content encodings that are taken. */
export const ENCODINGS = ['gzip', 'identity'] as const;

/** Throws a WireError: `unsupported_encoding`, `bad_gzip`, or `body_too_large` when there are more than `maxBytes`. */
export async function inflate(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() || 'identity';
  if (name === 'identity') {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  if (name !== 'gzip') {
    throw new WireError(
      'unsupported_encoding',
      `content-encoding is ${name.slice(0, 80)}; legal: ${ENCODINGS.join(', ')}`,
    );
  }
  try {
    return (body.length <= AT_ONCE_BYTES ? atOnce(body, maxBytes) : undefined) ?? (await inTime(body, maxBytes));
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes, error);
    throw notGzip(error as Error);
  }
}

function inTime(body: Buffer, maxBytes: number): Promise<Buffer> {
  return gunzipAsync(body, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES });
}

/** Undefined if there is more in it than may be unpacked at once. */
function atOnce(body: Buffer, maxBytes: number): Buffer | undefined {
  const promised = promisedBytes(body);
  if (promised > AT_ONCE_UNPACKED) return undefined;
  const chunkSize = Math.max(LEAST_CHUNK_BYTES, promised + 1);
  if (maxBytes <= AT_ONCE_UNPACKED) return gunzipSync(body, { maxOutputLength: maxBytes, chunkSize });
  try {
    return gunzipSync(body, { maxOutputLength: AT_ONCE_UNPACKED, chunkSize });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What the last four bytes of a gzip member say of its length (RFC 1952, ISIZE): to be believed only as far as it spares memory. */
function promisedBytes(body: Buffer): number {
  return body.length < 4 ? 0 : body.readUInt32LE(body.length - 4);
}

function tooLarge(maxBytes: number, cause?: unknown): WireError {
  return new WireError('body_too_large', `the body, unpacked, has more than ${maxBytes} bytes`, { cause });
}

function notGzip(cause: Error): WireError {
  return new WireError('bad_gzip', `the body is not gzip: ${cause.message}`, { cause });
}

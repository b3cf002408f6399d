/** A body as it came to the bytes of the wire: unpacks gzip off the event loop, and stops at the limit, whatever the body promises. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { WireError } from '../../src/errors.ts';

const gunzipAsync = promisify(gunzip);

/** Larger than zlib's own 16 KiB: each chunk is one trip to another thread. */
const CHUNK_BYTES = 128 * 1024;

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
    return await gunzipAsync(body, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes, error);
    throw notGzip(error as Error);
  }
}

function tooLarge(maxBytes: number, cause?: unknown): WireError {
  return new WireError('body_too_large', `the body, unpacked, has more than ${maxBytes} bytes`, { cause });
}

function notGzip(cause: Error): WireError {
  return new WireError('bad_gzip', `the body is not gzip: ${cause.message}`, { cause });
}

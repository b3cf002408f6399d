/**
 * Bodies as they come in: each into one piece of memory, counted from its first byte over all connections. A body that comes too
 * slowly, or in crumbs, is given up; when the memory for bodies is used up, first the one that has come to a standstill.
 */
import type { Readable } from 'node:stream';
import { WireError } from '../../errors.ts';
import type { Clock } from '../../run/clock.ts';

export interface BodiesOptions {
  readonly clock: Clock;
  /** Of one body. */
  readonly maxBytes: number;
  /** Of all, those included that are whole and wait to be taken in. */
  readonly maxHeldBytes: number;
}

/** A whole body. It counts until it is released. */
export interface Body {
  readonly bytes: Buffer;
  release(): void;
}

export interface Bodies {
  /**
   * Reads to the end. `declared`: the content length, if it was said. Rejects with a WireError: `body_too_large`, `slow_body`,
   * `scattered_body`, `busy`, `truncated`; the connection is then good for nothing more.
   */
  read(payload: Readable, declared: number | undefined): Promise<Body>;
  /** Bytes of memory taken now. */
  readonly held: number;
}

/** Memory for a body grows from here, twice as much each time. */
const FIRST_BYTES = 16 * 1024;
/** Crumbs: more pieces than so many and one for each so many bytes. A piece is about 1400 bytes on any network. */
const FREE_PIECES = 128;
const BYTES_A_PIECE = 128;
const LOOK_MS = 1000;
/** A body must go on within this time. */
const STILL_MS = 10_000;
/** When others need the memory, within this. */
const STILL_IN_NEED_MS = 1000;
/** After that long … */
const LONG_MS = 10_000;
/** … it must have come at so many bytes a second on the average. */
const LEAST_BYTES_PER_S = 1024;

interface Arriving {
  buffer: Buffer;
  size: number;
  pieces: number;
  readonly sinceMs: number;
  movedMs: number;
  readonly fail: (error: WireError) => void;
}

export function createBodies({ clock, maxBytes, maxHeldBytes }: BodiesOptions): Bodies {
  const arriving = new Set<Arriving>();
  let held = 0;
  let looking = false;

  function look(): void {
    const nowMs = clock.monotonic();
    for (const body of arriving) if (isSlow(body, nowMs)) body.fail(slow(body, nowMs));
    looking = arriving.size > 0;
    if (looking) clock.after(LOOK_MS, look);
  }

  /** Makes room for `bytes` more, if need be of bodies that stand still; false if there is none. */
  function reserve(bytes: number): boolean {
    const nowMs = clock.monotonic();
    while (held + bytes > maxHeldBytes) {
      const stillest = mostStill(arriving);
      if (stillest === undefined || nowMs - stillest.movedMs < STILL_IN_NEED_MS) return false;
      stillest.fail(slow(stillest, nowMs));
    }
    held += bytes;
    return true;
  }

  /** Room for `size` bytes in the body's memory; throws where that may not be had. */
  function grow(body: Arriving, size: number, most: number): void {
    if (size > maxBytes) throw new WireError('body_too_large', `the body has more than ${maxBytes} bytes`);
    if (size <= body.buffer.length) return;
    const bytes = Math.max(size, Math.min(most, Math.max(FIRST_BYTES, 2 * body.buffer.length)));
    const more = bytes - body.buffer.length;
    if (!reserve(more)) throw new WireError('busy', `${held} bytes of bodies are here already; come back later`);
    const grown = Buffer.allocUnsafeSlow(bytes);
    body.buffer.copy(grown, 0, 0, body.size);
    body.buffer = grown;
  }

  function take(body: Arriving, piece: Buffer, most: number): void {
    body.pieces++;
    if (body.pieces > FREE_PIECES + (body.size + piece.length) / BYTES_A_PIECE) {
      throw new WireError('scattered_body', `the body came in ${body.pieces} pieces; send it in larger ones`);
    }
    grow(body, body.size + piece.length, most);
    piece.copy(body.buffer, body.size);
    body.size += piece.length;
    body.movedMs = clock.monotonic();
  }

  function watch(body: Arriving): void {
    arriving.add(body);
    if (looking) return;
    looking = true;
    clock.after(LOOK_MS, look);
  }

  function read(payload: Readable, declared = maxBytes): Promise<Body> {
    if (declared > maxBytes)
      return Promise.reject(new WireError('body_too_large', `the body has more than ${maxBytes} bytes`));
    return new Promise((resolve, reject) => {
      const nowMs = clock.monotonic();
      const release = (): void => {
        held -= body.buffer.length;
        body.buffer = Buffer.alloc(0);
      };
      const end = (): void => {
        arriving.delete(body);
        payload.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      };
      const fail = (error: WireError): void => {
        if (!arriving.has(body)) return;
        end();
        release();
        // What still comes is not kept; the answer says that the connection is over.
        payload.on('error', () => undefined).resume();
        reject(error);
      };
      const onData = (piece: Buffer): void => {
        try {
          take(body, piece, declared);
        } catch (error) {
          fail(error as WireError);
        }
      };
      const onGone = (): void => fail(new WireError('truncated', 'the connection ended within the body'));
      const onEnd = (): void => {
        end();
        resolve({ bytes: body.buffer.subarray(0, body.size), release });
      };
      const body: Arriving = { buffer: Buffer.alloc(0), size: 0, pieces: 0, sinceMs: nowMs, movedMs: nowMs, fail };
      watch(body);
      payload.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    });
  }

  return {
    read,
    get held() {
      return held;
    },
  };
}

function isSlow({ sinceMs, movedMs, size }: Arriving, nowMs: number): boolean {
  const ageMs = nowMs - sinceMs;
  return nowMs - movedMs >= STILL_MS || (ageMs >= LONG_MS && size * 1000 < LEAST_BYTES_PER_S * ageMs);
}

function slow({ size, sinceMs }: Arriving, nowMs: number): WireError {
  const seconds = ((nowMs - sinceMs) / 1000).toFixed(0);
  return new WireError(
    'slow_body',
    `${size} bytes of the body have come in ${seconds} s; it is not waited for any longer`,
  );
}

function mostStill(bodies: Iterable<Arriving>): Arriving | undefined {
  let found: Arriving | undefined;
  for (const body of bodies) if (body.size > 0 && (!found || body.movedMs < found.movedMs)) found = body;
  return found;
}

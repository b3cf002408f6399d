/**
 * How many large answers are under way at once. Whoever finds no place waits, the newest first; when somebody waits, a reader that takes
 * nothing, or next to nothing, loses its place and its connection. So readers that do not read keep no one from reading.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../run/clock.ts';

export interface PlacesOptions {
  readonly clock: Clock;
  /** Answers at once. */
  readonly places: number;
  /** Requests that wait; one more sends the oldest of them away. */
  readonly waiting: number;
  /** Calls for each reader that lost its place. */
  readonly onStalled: () => void;
}

export interface Places {
  /** Resolves with what to call when the answer has been sent or given up; with undefined when no place came free in time. */
  enter(socket: Socket): Promise<(() => void) | undefined>;
}

/** Shorter than any scraper's time-out. */
const WAIT_MS = 5000;
/** Between two looks at who takes what, while somebody waits. */
const LOOK_MS = 250;
/** A reader that took not a byte for so long does not read. */
const STILL_MS = 1000;
/** One that is at it for so long … */
const LONG_MS = 5000;
/** … must have taken so much on the average. */
const LEAST_BYTES_PER_S = 16 * 1024;

interface Reader {
  readonly socket: Socket;
  readonly sinceMs: number;
  /** Taken before this answer. */
  readonly bytesBefore: number;
  bytes: number;
  movedMs: number;
}

interface Waiter {
  readonly socket: Socket;
  readonly done: (place: (() => void) | undefined) => void;
}

export function createPlaces({ clock, places, waiting, onStalled }: PlacesOptions): Places {
  const readers = new Set<Reader>();
  const line: Waiter[] = [];
  let looking = false;

  function take(socket: Socket): () => void {
    const nowMs = clock.monotonic();
    const bytes = takenBy(socket);
    const reader: Reader = { socket, sinceMs: nowMs, bytesBefore: bytes, bytes, movedMs: nowMs };
    readers.add(reader);
    return () => {
      if (readers.delete(reader)) serve();
    };
  }

  function serve(): void {
    while (readers.size < places) {
      const next = line.pop();
      if (next === undefined) return;
      // One that has gone gets a place for as long as it takes to notice.
      next.done(take(next.socket));
    }
  }

  function look(): void {
    const nowMs = clock.monotonic();
    for (const reader of readers) {
      const bytes = takenBy(reader.socket);
      if (bytes > reader.bytes) reader.movedMs = nowMs;
      reader.bytes = bytes;
      if (!isStalled(reader, nowMs)) continue;
      readers.delete(reader);
      reader.socket.destroy();
      onStalled();
    }
    serve();
    if (line.length > 0) clock.after(LOOK_MS, look);
    else looking = false;
  }

  return {
    async enter(socket) {
      if (readers.size < places) return take(socket);
      return await new Promise((resolve) => {
        const waiter: Waiter = {
          socket,
          done: (place) => {
            cancel();
            resolve(place);
          },
        };
        const cancel = clock.after(WAIT_MS, () => {
          line.splice(line.indexOf(waiter), 1);
          resolve(undefined);
        });
        line.push(waiter);
        if (line.length > waiting) line.shift()?.done(undefined);
        if (looking) return;
        looking = true;
        clock.after(LOOK_MS, look);
      });
    },
  };
}

/** Bytes that the other side's kernel has taken so far, on this connection. */
function takenBy({ bytesWritten, writableLength }: Socket): number {
  return bytesWritten - writableLength;
}

function isStalled({ sinceMs, movedMs, bytes, bytesBefore }: Reader, nowMs: number): boolean {
  if (nowMs - movedMs >= STILL_MS) return true;
  const ageMs = nowMs - sinceMs;
  return ageMs >= LONG_MS && (bytes - bytesBefore) * 1000 < LEAST_BYTES_PER_S * ageMs;
}

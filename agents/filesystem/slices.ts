/**
 * The walk on a disk of this machine: directories come from the sum and go into it, synchronously, for a few milliseconds at a time; in
 * between ticks and scrapes have their turn. Each further slice begins with a question under a deadline, so that a disk which has
 * stopped answering is met there rather than on the main thread.
 */
import { lstatSync, opendirSync, type Dir, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { breathe, type Clock } from '../../src/run/clock.ts';
import { add, goneOr, isGone, pathIn, type Sum } from './sum.ts';

export interface SlicesOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether the walk's limits are reached. */
  readonly isOver: () => boolean;
}

/** So long may a tick or a scrape be kept waiting. */
const SLICE_MS = 4;

/** False when a limit was reached. */
export async function walkInSlices(sum: Sum, { clock, signal, ask, isOver }: SlicesOptions): Promise<boolean> {
  let endMs = clock.monotonic() + SLICE_MS;
  for (let dir = sum.open.pop(); dir !== undefined; dir = sum.open.pop()) {
    const path = dir;
    for (const name of namesIn(path)) {
      signal.throwIfAborted();
      if (isOver()) return false;
      addPath(sum, pathIn(path, name));
      if (clock.monotonic() < endMs) continue;
      await breathe();
      await goneOr(ask(() => lstat(path)));
      endMs = clock.monotonic() + SLICE_MS;
    }
  }
  return true;
}

function addPath(sum: Sum, path: Buffer): void {
  sum.looked++;
  const stats: Stats | undefined = nowOrGone(() => lstatSync(path, { throwIfNoEntry: false }));
  if (stats) add(sum, path, stats);
}

/** The names in a directory, some hundred read at a time; none when it has gone. */
function* namesIn(path: Buffer): Generator<Buffer> {
  // The types know only text as a path here.
  const dir: Dir | undefined = nowOrGone(() =>
    opendirSync(path as unknown as string, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 }),
  );
  if (!dir) return;
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) yield entry.name as unknown as Buffer;
  } finally {
    dir.closeSync();
  }
}

function nowOrGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

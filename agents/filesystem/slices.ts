/**
 * The walk on a disk of this machine: directories come from the sum and go into it, synchronously, for as long as the disk's turn is
 * (disk.ts).
 */
import { type Dir, lstatSync, opendirSync, readdirSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { breathe } from '../../src/run/clock.ts';
import type { LocalDisk } from './disk.ts';
import { add, type Folder, goneOr, nowOrGone, pathIn, type Sum } from './sum.ts';

export interface SlicesOptions {
  readonly signal: AbortSignal;
  readonly disk: LocalDisk;
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether the walk's limits are reached. */
  readonly isOver: () => boolean;
}

/** A directory that takes no more has at most some thousand names on any of the local file systems. */
const SMALL_BYTES = 4096;

/** The types know only text as a path here. */
const BYTES = 'buffer' as BufferEncoding;

/** False when a limit was reached. */
export async function walkInSlices(sum: Sum, { signal, disk, ask, isOver }: SlicesOptions): Promise<boolean> {
  for (let dir = sum.open.pop(); dir !== undefined; dir = sum.open.pop()) {
    const { path } = dir;
    for (const name of namesIn(dir)) {
      signal.throwIfAborted();
      if (isOver()) return false;
      addNow(sum, pathIn(path, name));
      if (disk.isTurn) continue;
      await breathe();
      await goneOr(ask(() => lstat(path)));
      disk.begin();
    }
  }
  return true;
}

/** Adds one path; false when it has gone in the meantime. */
export function addNow(sum: Sum, path: Buffer): boolean {
  sum.looked++;
  const stats: Stats | undefined = nowOrGone(() => lstatSync(path, { throwIfNoEntry: false }));
  if (stats) add(sum, path, stats);
  return stats !== undefined;
}

/** The names in a directory, all at once where they are few; none when it has gone. */
function namesIn({ path, bytes }: Folder): Iterable<Buffer> {
  if (bytes > SMALL_BYTES) return namesInPieces(path);
  return (nowOrGone(() => readdirSync(path, { encoding: BYTES })) ?? []) as unknown as Buffer[];
}

/** The same, some hundred read at a time. */
function* namesInPieces(path: Buffer): Generator<Buffer> {
  const dir: Dir | undefined = nowOrGone(() =>
    opendirSync(path as unknown as string, { encoding: BYTES, bufferSize: 256 }),
  );
  if (!dir) return;
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) yield entry.name as unknown as Buffer;
  } finally {
    dir.closeSync();
  }
}

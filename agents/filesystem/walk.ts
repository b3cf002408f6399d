/**
 * Adds up what a directory tree takes on its disk, as `du -x` does: blocks, hard links once, one device. Within a budget: a tree that
 * is too large has no number rather than a wrong one. On a disk of this machine in short slices (slices.ts), since a thread and a
 * deadline for each file cost ten times the file; elsewhere one file operation at a time, off the main thread.
 */
import { type Dir, type Dirent, type Stats, statfsSync } from 'node:fs';
import { lstat, opendir, statfs } from 'node:fs/promises';
import type { Clock } from '../../src/run/clock.ts';
import { HungError } from './asking.ts';
import type { LocalDisk } from './disk.ts';
import { isLocalType } from './local.ts';
import { addNow, walkInSlices } from './slices.ts';
import { add, emptySum, goneOr, isDenied, nowOrGone, pathIn, type Sum, type Usage, usageOf } from './sum.ts';

export interface WalkBudget {
  /** Files, directories and links looked at. */
  readonly maxInodes: number;
  readonly maxMs: number;
}

export interface WalkOptions extends WalkBudget {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Does one file operation; rejects with a HungError if it takes too long. Default: waits as long as it takes. */
  readonly ask?: Ask;
  /**
   * Nothing that may not answer is mounted in the tree: then it is walked in slices if its own file system is a local one. Given while it is
   * this disk's turn, the tree is on a local one by its name.
   */
  readonly disk?: LocalDisk | undefined;
}

export type Ask = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * `budget`: too large or too slow. `gone`: there is no such directory. `unreadable`: a part may not be read, so the sum is unknown.
 * `hung`: the file system does not answer.
 */
export type WalkResult = Usage | 'budget' | 'gone' | 'unreadable' | 'hung';

export async function walk(top: string, options: WalkOptions): Promise<WalkResult> {
  const { ask = (work) => work(), clock, signal, disk } = options;
  const untilMs = clock.monotonic() + options.maxMs;
  const path = Buffer.from(top);
  const sum = emptySum();
  const limits = { signal, isOver: () => sum.looked >= options.maxInodes || clock.monotonic() > untilMs };
  try {
    const mine = disk && (await isLocal(path, disk, ask)) ? disk : undefined;
    if (!(mine ? addNow(sum, path) : await addPath(sum, path, ask))) return 'gone';
    const finished = mine ? walkInSlices(sum, { ...limits, disk: mine, ask }) : walkAsking(sum, { ...limits, ask });
    return (await finished) ? usageOf(sum) : 'budget';
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HungError) return 'hung';
    if (isDenied(error)) return 'unreadable';
    throw error;
  }
}

/**
 * As the kernel says it, whatever the path leads to. What has gone is found to be gone in what follows. Begins a turn of the disk if
 * there is none.
 */
async function isLocal(path: Buffer, disk: LocalDisk, ask: Ask): Promise<boolean> {
  if (disk.isTurn) return isLocalType(nowOrGone(() => statfsSync(path))?.type ?? 0);
  const answer = await goneOr(ask(() => statfs(path)));
  disk.begin();
  return answer !== undefined && isLocalType(answer.type);
}

/** False when a limit was reached. */
async function walkAsking(
  sum: Sum,
  { ask, signal, isOver }: { ask: Ask; signal: AbortSignal; isOver: () => boolean },
): Promise<boolean> {
  for (let dir = sum.open.pop(); dir !== undefined; dir = sum.open.pop()) {
    const { path } = dir;
    for await (const name of namesIn(path, ask)) {
      signal.throwIfAborted();
      if (isOver()) return false;
      await addPath(sum, pathIn(path, name), ask);
    }
  }
  return true;
}

/** Adds one path; false when it has gone in the meantime. */
async function addPath(sum: Sum, path: Buffer, ask: Ask): Promise<boolean> {
  sum.looked++;
  const stats: Stats | undefined = await goneOr(ask(() => lstat(path)));
  if (stats) add(sum, path, stats);
  return stats !== undefined;
}

/** The names in a directory; none when it has gone. */
async function* namesIn(dir: Buffer, ask: Ask): AsyncGenerator<Buffer> {
  let opening: Promise<Dir> | undefined;
  let hung = false;
  const open = (): Promise<Dir> => {
    opening = opendir(dir, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
    return opening;
  };
  try {
    const handle = await goneOr(ask(open));
    if (!handle) return;
    const next = (): Promise<Dirent | null> => ask(() => handle.read());
    for (let entry = await next(); entry !== null; entry = await next()) yield entry.name as unknown as Buffer;
  } catch (error) {
    hung = error instanceof HungError;
    throw error;
  } finally {
    const closed = opening?.then((handle) => handle.close()).catch((error: unknown) => String(error));
    // What hangs is closed when the kernel lets go of it; nobody can wait for that.
    if (!hung) await closed;
  }
}

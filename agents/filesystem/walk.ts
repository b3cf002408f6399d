/**
 * Adds up what a directory tree takes on its disk, as `du -x` does: blocks, hard links once, one device. One file operation at a
 * time, off the main thread, within a budget: a tree that is too large has no number rather than a wrong one.
 */
import type { Dir, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Clock } from '../../src/run/clock.ts';
import { HungError } from './asking.ts';

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
}

export type Ask = <T>(work: () => Promise<T>) => Promise<T>;

export interface Usage {
  readonly bytes: number;
  /** Each inode once, the top directory too. */
  readonly inodes: number;
}

/**
 * `budget`: too large or too slow. `gone`: there is no such directory. `unreadable`: a part may not be read, so the sum is unknown.
 * `hung`: the file system does not answer.
 */
export type WalkResult = Usage | 'budget' | 'gone' | 'unreadable' | 'hung';

/** A block of `st_blocks`, whatever the file system's own are. */
const BLOCK_BYTES = 512;
const SEPARATOR = Buffer.from(sep);

export async function walk(top: string, options: WalkOptions): Promise<WalkResult> {
  const untilMs = options.clock.monotonic() + options.maxMs;
  const { ask = (work) => work() } = options;
  const sum: Sum = { looked: 0, bytes: 0, inodes: 0, device: Number.NaN, linked: new Set(), open: [], ask };
  try {
    if (!(await addPath(sum, Buffer.from(top)))) return 'gone';
    for (let dir = sum.open.pop(); dir !== undefined; dir = sum.open.pop()) {
      for await (const name of namesIn(dir, ask)) {
        options.signal.throwIfAborted();
        if (sum.looked >= options.maxInodes || options.clock.monotonic() > untilMs) return 'budget';
        await addPath(sum, Buffer.concat([dir, SEPARATOR, name]));
      }
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof HungError) return 'hung';
    if (isDenied(error)) return 'unreadable';
    throw error;
  }
  return { bytes: sum.bytes, inodes: sum.inodes };
}

interface Sum {
  /** Names looked at; it is the looking that costs. */
  looked: number;
  bytes: number;
  inodes: number;
  /** The top's device, once known. */
  device: number;
  /** Inodes with several links that have been counted. */
  readonly linked: Set<number>;
  /** Directories still to be read. Paths are bytes: a container's names need not be text. */
  readonly open: Buffer[];
  readonly ask: Ask;
}

/** Adds one path; false when it has gone in the meantime. */
async function addPath(sum: Sum, path: Buffer): Promise<boolean> {
  sum.looked++;
  const stats = await orGone(sum.ask(() => lstat(path)));
  if (!stats) return false;
  if (Number.isNaN(sum.device)) sum.device = stats.dev;
  if (stats.dev !== sum.device) return true;
  if (stats.isDirectory()) sum.open.push(path);
  else if (stats.nlink > 1) {
    if (sum.linked.has(stats.ino)) return true;
    sum.linked.add(stats.ino);
  }
  sum.bytes += stats.blocks * BLOCK_BYTES;
  sum.inodes++;
  return true;
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
    const handle = await orGone(ask(open));
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

async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'ENAMETOOLONG', 'EIO', 'ESTALE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

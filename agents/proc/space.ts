/**
 * Asks file systems for their size, each question under a deadline. A question that hangs holds one of the process's few
 * threads for file operations until it returns: the same mount is not asked again before, and with two that hang nobody is.
 */
import { stat, statfs } from 'node:fs/promises';
import type { Clock } from '../../src/run/clock.ts';
import { within } from '../../src/run/lifecycle.ts';

/** In bytes and inodes. */
export interface Space {
  readonly size: number;
  readonly used: number;
  /** NaN where the file system makes inodes as it needs them. */
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface Answer extends Space {
  /** `254:0`, of the directory that was asked for. */
  readonly numbers: string;
}

export interface SpaceOptions {
  readonly clock: Clock;
  readonly deadlineMs?: number;
  readonly count: (reason: 'hung' | 'unreadable') => void;
  /** The system calls, for tests. */
  readonly ask?: (path: string) => Promise<Answer>;
}

const DEADLINE_MS = 2000;
const MAX_HUNG = 2;

/** A function that answers a path's space; undefined when it did not answer in time, is not there, or may not be asked. */
export function createSpace({ clock, deadlineMs = DEADLINE_MS, count, ask = askKernel }: SpaceOptions) {
  const pending = new Set<string>();
  return async (path: string): Promise<Answer | undefined> => {
    if (pending.has(path) || pending.size >= MAX_HUNG) {
      count('hung');
      return undefined;
    }
    pending.add(path);
    const answer = ask(path)
      .catch(() => {
        count('unreadable');
        return undefined;
      })
      .finally(() => pending.delete(path));
    try {
      return await within(answer, { clock, deadlineMs, what: path });
    } catch {
      // Only the deadline ends here: the answer itself never rejects.
      count('hung');
      return undefined;
    }
  };
}

async function askKernel(path: string): Promise<Answer> {
  const { dev } = await stat(path);
  const { bsize, blocks, bfree, files, ffree } = await statfs(path);
  return {
    numbers: deviceNumbers(dev),
    size: blocks * bsize,
    used: (blocks - bfree) * bsize,
    inodes: files > 0 ? files : Number.NaN,
    inodesFree: files > 0 ? ffree : Number.NaN,
  };
}

/** `st_dev` as `major:minor`: the bits of both are spread over it. */
export function deviceNumbers(dev: number): string {
  const low = dev % 2 ** 32;
  const high = Math.floor(dev / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) + Math.floor(high / 2 ** 12) * 2 ** 12;
  const minor = (low & 0xff) + (low >>> 20) * 2 ** 8;
  return `${major}:${minor}`;
}

/** How large file systems are and how full: a path comes in, its numbers go out, or nothing where it did not answer in time. */
import { type StatsFs, statfsSync, statSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { type Asking, HungError } from './asking.ts';
import type { LocalDisk } from './disk.ts';

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
  readonly asking: Asking;
  readonly count: (reason: 'hung' | 'unreadable') => void;
  /** The system calls, for tests. `now`: may be asked synchronously. */
  readonly ask?: (path: string, now: boolean) => Answer | Promise<Answer>;
}

/** What is known of the file system that is asked. */
export interface Where {
  /** What {@link Asking} wants to know. */
  readonly served?: boolean;
  /** The disk that the path is on, if that is one of this machine. */
  readonly disk?: LocalDisk | undefined;
}

/** A function that answers a path's space; undefined when it did not answer in time, is not there, or may not be asked. */
export function createSpace({ asking, count, ask = askKernel }: SpaceOptions) {
  return async (path: string, { served = false, disk }: Where = {}): Promise<Answer | undefined> => {
    try {
      if (disk?.isTurn) return await ask(path, true);
      return await asking({ place: path, served }, async () => ask(path, false));
    } catch (error) {
      count(error instanceof HungError ? 'hung' : 'unreadable');
      return undefined;
    }
  };
}

function askKernel(path: string, now: boolean): Answer | Promise<Answer> {
  return now ? answerOf(statSync(path).dev, statfsSync(path)) : askLater(path);
}

async function askLater(path: string): Promise<Answer> {
  const { dev } = await stat(path);
  return answerOf(dev, await statfs(path));
}

function answerOf(dev: number, { bsize, blocks, bfree, files, ffree }: StatsFs): Answer {
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

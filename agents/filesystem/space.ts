/** How large file systems are and how full: a path comes in, its numbers go out, or nothing where it did not answer in time. */
import { stat, statfs } from 'node:fs/promises';
import { type Asking, HungError } from './asking.ts';

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
  /** The system calls, for tests. */
  readonly ask?: (path: string) => Promise<Answer>;
}

/**
 * A function that answers a path's space; undefined when it did not answer in time, is not there, or may not be asked. `served` is
 * what {@link Asking} wants to know.
 */
export function createSpace({ asking, count, ask = askKernel }: SpaceOptions) {
  return async (path: string, served = false): Promise<Answer | undefined> => {
    try {
      return await asking({ place: path, served }, () => ask(path));
    } catch (error) {
      count(error instanceof HungError ? 'hung' : 'unreadable');
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

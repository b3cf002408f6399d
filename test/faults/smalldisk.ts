/** A small disk of its own (tmpfs) for one process's data: it can be filled, made read-only, and what lies on it damaged. Needs root. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';

export interface Damage {
  /** What was done, and to which file. */
  readonly words: string;
  readonly ending: string;
  /** It was written between these, Unix milliseconds; from 0 for the first of its kind. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Its copy is beside it. */
  readonly isCopied: boolean;
}

export interface SmallDisk {
  readonly path: string;
  /** No byte is free until `free`. */
  fill(): void;
  free(): void;
  /** False where something has a file open for writing just now. */
  readOnly(): boolean;
  writable(): void;
  /** Damages one file whose name ends so; answers what was done, undefined if there is no such file. Nobody may have it open. */
  damage(ending: string, how: 'flip' | 'truncate', random: Random): Damage | undefined;
  /** All free bytes again, writable, and gone. */
  remove(): void;
}

export function makeSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'plimsoll-faults', path]);
  const ballast = join(path, 'ballast');
  const remount = (options: string): void =>
    void execFileSync('mount', ['-o', `remount,${options}`, path], { stdio: 'ignore' });
  /** Full and read-only may overlap: what is to be done to a disk that is read-only is done when it is not. */
  let isReadOnly = false;
  let isFull = false;
  const follow = (): void => {
    if (isReadOnly) return;
    if (isFull) fillWith(ballast);
    else rmSync(ballast, { force: true });
  };
  const disk: SmallDisk = {
    path,
    fill() {
      isFull = true;
      follow();
    },
    free() {
      isFull = false;
      follow();
    },
    readOnly() {
      try {
        remount('ro');
        isReadOnly = true;
        return true;
      } catch {
        // EBUSY: the caller tries again.
        return false;
      }
    },
    writable() {
      remount(`rw,size=${megabytes}m`);
      isReadOnly = false;
      follow();
    },
    damage: (ending, how, random) => damageIn(path, ending, { how, random }),
    remove() {
      if (existsSync(path)) execFileSync('umount', ['-l', path]);
    },
  };
  return disk;
}

function fillWith(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let bytes = 1 << 16; bytes >= 1; bytes >>= 1) {
      const piece = Buffer.alloc(bytes);
      try {
        while (writeSync(file, piece) === bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size > 0)
    .sort();
}

interface How {
  readonly how: 'flip' | 'truncate';
  readonly random: Random;
}

function damageIn(folder: string, ending: string, { how, random }: How): Damage | undefined {
  const [first, ...others] = filesIn(folder, ending);
  if (first === undefined) return undefined;
  const path = random.of([first, ...others]);
  const earlier = [first, ...others].filter((one) => one < path).at(-1);
  const about = {
    ending,
    fromMs: earlier === undefined ? 0 : statSync(earlier).mtimeMs,
    toMs: statSync(path).mtimeMs,
    isCopied: existsSync(`${path.slice(0, -ending.length)}.copy`),
  };
  const file = openSync(path, 'r+');
  try {
    const at = random.whole(0, fstatSync(file).size - 1);
    if (how === 'truncate') ftruncateSync(file, at);
    else {
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, at);
      byte[0] = (byte[0] as number) ^ (1 << random.whole(0, 7));
      writeSync(file, byte, 0, 1, at);
    }
    return { ...about, words: `${how} ${path.slice(folder.length + 1)} at ${at}` };
  } finally {
    closeSync(file);
  }
}

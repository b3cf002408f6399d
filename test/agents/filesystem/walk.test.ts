import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HungError } from '../../../agents/filesystem/asking.ts';
import { LocalDisk } from '../../../agents/filesystem/disk.ts';
import { type Ask, walk } from '../../../agents/filesystem/walk.ts';
import { type Clock, systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { folder } from '../reading.ts';

const BUDGET = { maxInodes: 100_000, maxMs: 60_000 };
const signal = new AbortController().signal;

/** What du says: blocks, and inodes, each once, on one device. */
function du(dir: string): { bytes: number; inodes: number } {
  const first = (...flags: string[]): number =>
    Number.parseInt(execFileSync('du', [...flags, dir], { encoding: 'utf8' }), 10);
  return { bytes: first('-sx', '-B1'), inodes: first('-sx', '--inodes') };
}

/** Empty for a descriptor that has just been closed. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (_closed) {
    return '';
  }
}

const diskIf = (local: boolean, clock: Clock = systemClock): LocalDisk | undefined =>
  local ? new LocalDisk(clock) : undefined;

/** Each tree in both ways: in slices, as on a disk of this machine, and one question at a time, as elsewhere. */
describe.each([{ local: true }, { local: false }])('walk, local: $local', ({ local }) => {
  const walked = (dir: string, budget = BUDGET) =>
    walk(dir, { ...budget, clock: systemClock, signal, disk: diskIf(local) });

  test('is what du says: hard links once, links not followed, holes not counted', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'a/b/c'), { recursive: true });
    writeFileSync(join(dir, 'a/one'), Buffer.alloc(100_000, 1));
    linkSync(join(dir, 'a/one'), join(dir, 'a/b/same'));
    linkSync(join(dir, 'a/one'), join(dir, 'again'));
    symlinkSync('/usr', join(dir, 'a/link'));
    writeFileSync(join(dir, 'sparse'), 'x');
    truncateSync(join(dir, 'sparse'), 1 << 30);
    const found = await walked(dir);
    expect(found).toEqual(du(dir));
    // By hand: the top, a, b, c, one (with its two other names), link, sparse.
    expect(found).toMatchObject({ inodes: 7 });
  });

  test('names that are no text', async () => {
    const dir = folder();
    const name = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe, 0x80])]);
    mkdirSync(name);
    writeFileSync(Buffer.concat([name, Buffer.from('/file')]), Buffer.alloc(9000, 1));
    expect(await walked(dir)).toEqual(du(dir));
  });

  test('stays on its device', async () => {
    // /dev has other file systems in it (pts, shm, mqueue), and its files have no blocks.
    const found = await walked('/dev');
    expect(found).toMatchObject({ bytes: du('/dev').bytes });
  });

  test('a tree beyond the budget of inodes has no number, whether of files or of links to one', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    for (let i = 0; i < 20; i++) linkSync(join(dir, 'file'), join(dir, `link${i}`));
    expect(await walked(dir, { maxInodes: 10, maxMs: 60_000 })).toBe('budget');
    expect(await walked(dir, { maxInodes: 100, maxMs: 60_000 })).toMatchObject({ inodes: 2 });
  });

  test('a walk that takes too long has no number', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    let now = 0;
    const clock = { ...systemClock, monotonic: () => (now += 1100) };
    expect(await walk(dir, { maxInodes: 100, maxMs: 1000, clock, signal, disk: diskIf(local, clock) })).toBe('budget');
  });

  test('a directory that is not there, and an abort', async () => {
    expect(await walked('/nonexistent/dir')).toBe('gone');
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(walk(dir, { ...BUDGET, clock: systemClock, signal: aborted, disk: diskIf(local) })).rejects.toThrow(
      'stopped',
    );
  });

  test('a file in the place of a directory is its own size', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), Buffer.alloc(5000, 1));
    expect(await walked(join(dir, 'file'))).toEqual(du(join(dir, 'file')));
  });
});

/** Answers each question and counts them. */
function counting(): { ask: Ask; asked: () => number } {
  let asked = 0;
  const ask: Ask = (work) => {
    asked++;
    return work();
  };
  return { ask, asked: () => asked };
}

describe('walk: who waits', () => {
  test('a file system that hangs in the middle ends the walk, and every directory is closed again', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'sub'));
    for (const name of ['a', 'b', 'sub/c']) writeFileSync(join(dir, name), 'x');
    for (let after = 0; after < 8; after++) {
      let asked = 0;
      const ask: Ask = (work) => (asked++ < after ? work() : Promise.reject(new HungError('hangs')));
      expect(await walk(dir, { ...BUDGET, clock: systemClock, signal, ask }), `after ${after}`).toBe('hung');
    }
    const open = (): string[] => readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`));
    await waitFor(() => !open().some((path) => path.startsWith(dir)), { what: 'the directories to be closed' });
  });

  test('on a local disk the main thread is given back between slices, and a disk that hangs then ends the walk', async () => {
    const dir = folder();
    for (let i = 0; i < 10; i++) writeFileSync(join(dir, `file${i}`), 'x');
    // Each look at the clock is 3 ms later: a slice of 4 ms holds few files, so there are several.
    let now = 0;
    const clock = { ...systemClock, monotonic: () => (now += 3) };
    let turns = 0;
    const turn = (): void => {
      turns++;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    const answers = counting();
    expect(await walk(dir, { ...BUDGET, clock, signal, ask: answers.ask, disk: diskIf(true, clock) })).toEqual(du(dir));
    clearImmediate(timer);
    // The kind, then at least one for each further slice.
    const slices = answers.asked() - 1;
    expect(slices).toBeGreaterThan(1);
    expect(turns).toBeGreaterThanOrEqual(slices);

    let left = 2;
    const hangs: Ask = (work) => (left-- > 0 ? work() : Promise.reject(new HungError('hangs')));
    expect(await walk(dir, { ...BUDGET, clock, signal, ask: hangs, disk: diskIf(true, clock) })).toBe('hung');
    const open = readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`));
    expect(open.filter((path) => path.startsWith(dir))).toEqual([]);
  });

  test('a small tree on a local disk is one question, however many files it has; elsewhere each file is one', async () => {
    const dir = folder();
    for (let i = 0; i < 10; i++) writeFileSync(join(dir, `file${i}`), 'x');
    const clock = { ...systemClock, monotonic: () => 0 };
    const questions = async (local: boolean): Promise<number> => {
      const { ask, asked } = counting();
      await walk(dir, { ...BUDGET, clock, signal, ask, disk: diskIf(local, clock) });
      return asked();
    };
    expect(await questions(true)).toBe(1);
    // The top, opendir, ten names and the end of them, ten files.
    expect(await questions(false)).toBe(23);
  });

  test('trees on one disk share its turn: one question in all, and another once the turn is over', async () => {
    const [first, second] = [folder(), folder()];
    for (const dir of [first, second]) for (let i = 0; i < 3; i++) writeFileSync(join(dir, `file${i}`), 'x');
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const disk = new LocalDisk(clock);
    const { ask, asked } = counting();
    for (const dir of [first, second, first])
      expect(await walk(dir, { ...BUDGET, clock, signal, ask, disk })).toEqual(du(dir));
    expect(asked()).toBe(1);
    now = 5;
    expect(await walk(second, { ...BUDGET, clock, signal, ask, disk })).toEqual(du(second));
    expect(asked()).toBe(2);
    // What has gone is gone in the middle of a turn too.
    expect(await walk(join(second, 'gone'), { ...BUDGET, clock, signal, ask, disk })).toBe('gone');
  });

  test('a directory of many names is read in pieces, a small one at once: both are what du says', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'many'));
    mkdirSync(join(dir, 'few'));
    for (let i = 0; i < 1000; i++) writeFileSync(join(dir, 'many', `a name of some length ${i}`), 'x');
    for (let i = 0; i < 5; i++) writeFileSync(join(dir, 'few', `${i}`), 'x');
    const disk = new LocalDisk(systemClock);
    // By hand: the top, its two directories, and their files.
    expect(await walk(dir, { ...BUDGET, clock: systemClock, signal, disk })).toEqual({ ...du(dir), inodes: 1008 });
  });

  test('a kind that is not known to be local is asked, whatever was promised', async () => {
    // The kernel's procfs is none of the listed kinds.
    const { ask, asked } = counting();
    await walk('/proc/self/net', { ...BUDGET, clock: systemClock, signal, ask, disk: diskIf(true) });
    expect(asked()).toBeGreaterThan(2);
  });
});

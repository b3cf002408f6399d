import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HungError } from '../../../agents/filesystem/asking.ts';
import { type Ask, walk } from '../../../agents/filesystem/walk.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { folder } from '../reading.ts';

const BUDGET = { maxInodes: 100_000, maxMs: 60_000 };
const signal = new AbortController().signal;
const walked = (dir: string, budget = BUDGET) => walk(dir, { ...budget, clock: systemClock, signal });

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

describe('walk', () => {
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
    expect(await walk(dir, { maxInodes: 100, maxMs: 1000, clock, signal })).toBe('budget');
  });

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

  test('a directory that is not there, and an abort', async () => {
    expect(await walked('/nonexistent/dir')).toBe('gone');
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'x');
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(walk(dir, { ...BUDGET, clock: systemClock, signal: aborted })).rejects.toThrow('stopped');
  });

  test('a file in the place of a directory is its own size', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), Buffer.alloc(5000, 1));
    expect(await walked(join(dir, 'file'))).toEqual(du(join(dir, 'file')));
  });
});

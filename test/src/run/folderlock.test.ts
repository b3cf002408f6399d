import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderInUse, lockFolder } from '../../../src/run/folderlock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('one at a time, and the next when it is given back', async () => {
  const unlock = await lockFolder(dir);
  await expect(lockFolder(dir)).rejects.toThrow(FolderInUse);
  await expect(lockFolder(dir)).rejects.toThrow(FolderInUse);
  unlock();
  expect(readdirSync(dir)).toEqual([]);
  (await lockFolder(dir))();
});

test('of many at once, one', async () => {
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(dir)));
  const held = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(held).toHaveLength(1);
  held[0]?.();
  expect(readdirSync(dir)).toEqual([]);
});

test('a process that was killed holds nothing', async () => {
  const listen = `require('node:net').createServer().listen(${JSON.stringify(join(dir, 'lock'))}, () => console.log('here'))`;
  const other = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  await expect(lockFolder(dir)).rejects.toThrow(FolderInUse);
  other.kill('SIGKILL');
  await once(other, 'exit');
  // Its socket's file is there still.
  expect(readdirSync(dir)).toEqual(['lock']);
  (await lockFolder(dir))();
  expect(readdirSync(dir)).toEqual([]);
});

test('a path that is longer than a socket’s may be', async () => {
  const deep = join(dir, 'x'.repeat(100), 'y'.repeat(100));
  mkdirSync(deep, { recursive: true });
  (await lockFolder(deep))();
});

test('a folder that is not there, or is none, is said as the file system does', async () => {
  await expect(lockFolder(join(dir, 'none'))).rejects.toThrow(/ENOENT/);
});

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../../../src/run/makefolder.ts';

const dir = mkdtempSync(join(tmpdir(), 'plimsoll-folder-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('folders that are missing are made, for the owner alone; one that is there stays', async () => {
  const path = join(dir, 'a', 'b', 'c');
  await makeFolder(path);
  for (const each of ['a', 'a/b', 'a/b/c']) expect(statSync(join(dir, each)).mode & 0o777).toBe(0o700);
  await makeFolder(path);
  mkdirSync(join(dir, 'open'), { mode: 0o755 });
  await makeFolder(join(dir, 'open'));
  expect(statSync(join(dir, 'open')).mode & 0o777).toBe(0o755);
});

test('a file system that takes no folders says so at once', async () => {
  await expect(makeFolder('/proc/plimsoll/data')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a part of the path that is a file is told', async () => {
  writeFileSync(join(dir, 'file'), '');
  await expect(makeFolder(join(dir, 'file', 'data'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

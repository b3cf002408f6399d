/** What devices lie on, beside a kernel that has a volume of the device mapper on a loop on a file: made for the test, and taken away. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createStack } from '../../agents/kernel/stack.ts';
import { systemClock } from '../../src/run/clock.ts';

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' }).trim();

/** As coreutils writes them: of a file those of its file system, of a device its own. */
const numbersOf = (path: string): string =>
  statSync(path).isBlockDevice() ? run('stat', '-Lc', '%Hr:%Lr', path) : run('stat', '-c', '%Hd:%Ld', path);

test('a volume on a loop on a file: both are below, and the disk of the file', () => {
  // Not /tmp, which may be no disk.
  const dir = mkdtempSync('/var/tmp/plimsoll-stack-');
  const file = join(dir, 'disk with blanks.img');
  writeFileSync(file, '');
  truncateSync(file, 4 * 1024 * 1024);
  const loop = run('losetup', '--find', '--show', file);
  onTestFinished(() => {
    run('losetup', '-d', loop);
    rmSync(dir, { recursive: true });
  });
  const stack = createStack({ procRoot: '/proc', sysRoot: '/sys', clock: systemClock });
  expect([...stack.below(numbersOf(loop))]).toContain(numbersOf(file));
  const name = `plimsoll-${process.pid}`;
  try {
    run('dmsetup', 'create', name, '--table', `0 8192 linear ${loop} 0`);
  } catch (error) {
    // A kernel without the device mapper: the loop has been seen.
    expect(String(error)).toMatch(/dmsetup/);
    return;
  }
  try {
    const below = [...stack.below(numbersOf(`/dev/mapper/${name}`))];
    expect(below).toEqual(expect.arrayContaining([numbersOf(loop), numbersOf(file)]));
    expect(stack.below(numbersOf(loop)).has(numbersOf(`/dev/mapper/${name}`))).toBe(false);
  } finally {
    run('dmsetup', 'remove', '--noudevsync', name);
  }
});

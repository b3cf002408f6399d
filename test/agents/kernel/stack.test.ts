/** What devices lie on, from folders like those of /sys/dev/block. */
import { expect, test } from 'vitest';
import { join } from 'node:path';
import { createStack } from '../../../agents/kernel/stack.ts';
import { fakeClock } from '../../support/clock.ts';
import { fakeProc, put } from '../reading.ts';

/** `name` with its numbers, its folder in /sys/devices, and files or links in that. */
const device = (dir: string, numbers: string, files: Record<string, string> = {}): Record<string, string> => ({
  [`sys/devices/${dir}/dev`]: `${numbers}\n`,
  [`sys/dev/block/${numbers}`]: `->../../devices/${dir}`,
  ...Object.fromEntries(Object.entries(files).map(([name, content]) => [`sys/devices/${dir}/${name}`, content])),
});

const HOST = {
  ...device('block/sda', '8:0'),
  ...device('block/sda/sda2', '8:2', { partition: '2\n' }),
  ...device('block/bcache0', '252:0', { 'slaves/sda2': '->../../sda/sda2', 'slaves/nvme0n1': '->../../nvme0n1' }),
  ...device('block/nvme0n1', '259:0'),
  ...device('block/nvme0c0n1', '259:1'),
  ...device('block/nvme0c1n1', '259:2'),
  'sys/block/nvme0c0n1': '->../devices/block/nvme0c0n1',
  'sys/block/nvme0c1n1': '->../devices/block/nvme0c1n1',
  'sys/block/nvme1c0n1': '->../devices/block/nowhere',
  ...device('block/loop0', '7:0', { 'loop/backing_file': '/srv/my images/disk.img\n' }),
  'proc/1/mountinfo':
    '1 0 8:0 / / rw - ext4 /dev/sda rw\n2 1 252:0 / /srv/my\\040images rw - xfs /dev/bcache0 rw\n3 1 8:9 / /srv/my\\040image rw - xfs /dev/x rw\n',
};

function stackOf(files: Record<string, string>) {
  const dir = fakeProc(files);
  const clock = fakeClock(0);
  return { dir, clock, stack: createStack({ procRoot: join(dir, 'proc'), sysRoot: join(dir, 'sys'), clock }) };
}

test.each([
  ['a disk lies on nothing', '8:0', []],
  ['a partition on its disk', '8:2', ['8:0']],
  ['a multipath NVMe disk on its paths', '259:0', ['259:1', '259:2']],
  ['bcache on both of its disks, and on what those lie on', '252:0', ['259:0', '259:1', '259:2', '8:0', '8:2']],
  ['a loop on the file system of its file', '7:0', ['252:0', '259:0', '259:1', '259:2', '8:0', '8:2']],
  ['one that is not there', '1:1', []],
])('%s', (_, numbers, expected) => {
  expect([...stackOf(HOST).stack.below(numbers)].sort()).toEqual(expected);
});

test('links that lead round in a circle have an end', () => {
  const { stack } = stackOf({
    ...device('block/a', '1:0', { 'slaves/b': '->../../b' }),
    ...device('block/b', '1:1', { 'slaves/a': '->../../a' }),
  });
  expect([...stack.below('1:0')]).toEqual(['1:1']);
});

test('the same answer for a minute, then what has changed', async () => {
  const { dir, clock, stack } = stackOf(HOST);
  const before = stack.below('8:0');
  put(join(dir, 'sys/devices/block/sda/slaves/nvme0c0n1'), '->../../nvme0c0n1');
  expect(stack.below('8:0')).toBe(before);
  await clock.advance(60_000);
  expect([...stack.below('8:0')]).toEqual(['259:1']);
});

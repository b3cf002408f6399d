/**
 * Where the cgroup source meets the names of devices. Looking a name up in the middle of an io.stat once read diskstats over the very
 * bytes that were being parsed: once a minute one container lost all but the first number of its devices.
 */
import { expect, test } from 'vitest';
import { readIoStat, Words } from '../../agents/cgroup/devices.ts';
import { KernelFile } from '../../agents/kernel/files.ts';
import { createDevices } from '../../agents/kernel/devices.ts';
import { fakeClock } from '../support/clock.ts';
import { fakeProc } from './reading.ts';

test('a device’s name is looked up without losing the rest of the file that is being parsed', () => {
  const root = fakeProc({
    diskstats: '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8      16 sdb 1 2 3 4 5 6 7 8 9 10 11\n',
    'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2\n8:16 rbytes=30 wbytes=40 rios=3 wios=4\n',
  });
  const devices = createDevices({ procRoot: root, sysRoot: root, clock: fakeClock() });
  const file = new KernelFile(root, 'io.stat');
  const found: (readonly [string, number, number])[] = [];
  readIoStat(file.read() as Buffer, new Words(['rbytes', 'wbytes', 'rios', 'wios']), (device, word, value) => {
    found.push([devices.nameOf(Math.floor(device / 2 ** 20), device % 2 ** 20), word, value]);
  });
  file.close();
  expect(found).toEqual([
    ['/dev/sda', 0, 10],
    ['/dev/sda', 1, 20],
    ['/dev/sda', 2, 1],
    ['/dev/sda', 3, 2],
    ['/dev/sdb', 0, 30],
    ['/dev/sdb', 1, 40],
    ['/dev/sdb', 2, 3],
    ['/dev/sdb', 3, 4],
  ]);
});

import { describe, expect, test } from 'vitest';
import { createDevices } from '../../../agents/kernel/devices.ts';
import { parseDiskstats, wholeDisks } from '../../../agents/kernel/diskstats.ts';
import { fakeClock } from '../../support/clock.ts';
import { fakeProc, put } from '../reading.ts';

const line = (name: string, numbers = '8 0'): string =>
  `   ${numbers} ${name} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n`;
const disksOf = (...names: string[]): string[] =>
  wholeDisks(parseDiskstats(Buffer.from(names.map((name) => line(name)).join('')))).map(({ name }) => name);

describe('which devices are whole disks', () => {
  test.each([
    [['sda', 'sda1', 'sda2'], ['sda']],
    [
      ['vda', 'vda1', 'vdb'],
      ['vda', 'vdb'],
    ],
    [
      ['nvme0n1', 'nvme0n1p1', 'nvme0n1p15', 'nvme1n1'],
      ['nvme0n1', 'nvme1n1'],
    ],
    [['nvme0n1', 'nvme0c0n1', 'nvme0c1n1'], ['nvme0n1']],
    [
      ['mmcblk0', 'mmcblk0p1', 'mmcblk0boot0'],
      ['mmcblk0', 'mmcblk0boot0'],
    ],
    [
      ['md0', 'md127', 'md127p1'],
      ['md0', 'md127'],
    ],
    [
      ['dm-0', 'dm-1', 'dm-10'],
      ['dm-0', 'dm-1', 'dm-10'],
    ],
    [
      ['rbd0', 'rbd0p1', 'nbd3', 'nbd3p2'],
      ['rbd0', 'nbd3'],
    ],
    [
      ['xvda1', 'xvdb'],
      ['xvda1', 'xvdb'],
    ],
    [['loop0', 'loop0p1', 'ram1', 'zram0', 'sr0', 'fd0'], []],
    [['cciss/c0d0', 'cciss/c0d0p1'], ['cciss/c0d0']],
  ])('%j', (names, disks) => {
    expect(disksOf(...names)).toEqual(disks);
  });
});

test('fields: milliseconds become seconds; a kernel before 4.18 has no discards', () => {
  expect(parseDiskstats(Buffer.from('   8 0 sda 1 2 3 4000 5 6 7 8000 9 10000 11000\n'))).toEqual([
    {
      major: 8,
      minor: 0,
      name: 'sda',
      reads: 1,
      readsMerged: 2,
      sectorsRead: 3,
      readSeconds: 4,
      writes: 5,
      writesMerged: 6,
      sectorsWritten: 7,
      writeSeconds: 8,
      current: 9,
      ioSeconds: 10,
      ioWeightedSeconds: 11,
      discards: Number.NaN,
      sectorsDiscarded: Number.NaN,
    },
  ]);
});

test('lines that are too short or no numbers are passed over', () => {
  const text = `8 0 sda 1 2 3\n${line('sdb', '8 16')}x y z\n\n8 32 sdc 1 2 3 4 5 6 7 8 9 10 eleven\n`;
  expect(parseDiskstats(Buffer.from(text)).map(({ name }) => name)).toEqual(['sdb']);
});

describe('names of devices', () => {
  test('from diskstats, else from sysfs, else the numbers: never empty, never two devices as one', () => {
    const procRoot = fakeProc({ diskstats: line('nvme0n1', '259 0') + line('dm-3', '253 3') });
    const sysRoot = fakeProc({ 'dev/block/104:0': '->../../devices/pci0000:00/block/cciss!c0d0' });
    const devices = createDevices({ procRoot, sysRoot, clock: fakeClock() });
    expect(devices.nameOf(259, 0)).toBe('/dev/nvme0n1');
    expect(devices.nameOf(253, 3)).toBe('/dev/dm-3');
    expect(devices.nameOf(104, 0)).toBe('/dev/cciss/c0d0');
    expect(devices.nameOf(8, 0)).toBe('8:0');
    expect(devices.nameOf(8, 16)).toBe('8:16');
  });

  test('a device that is plugged in is found at the next try, and a number that passed to another device in time', async () => {
    const clock = fakeClock();
    const procRoot = fakeProc({ diskstats: line('sda', '8 0') });
    const devices = createDevices({ procRoot, sysRoot: '/nonexistent', clock, retryMs: 5_000, maxAgeMs: 60_000 });
    expect(devices.nameOf(8, 16)).toBe('8:16');
    put(`${procRoot}/diskstats`, line('sdz', '8 0') + line('sdb', '8 16'));
    expect(devices.nameOf(8, 32)).toBe('8:32');
    await clock.advance(5_000);
    expect(devices.nameOf(8, 48)).toBe('8:48');
    expect(devices.nameOf(8, 16)).toBe('/dev/sdb');
    expect(devices.nameOf(8, 0)).toBe('/dev/sdz');
  });

  test('diskstats is read again at most once per retry, whoever asks for unknown devices', async () => {
    const clock = fakeClock();
    const procRoot = fakeProc({ diskstats: line('sda', '8 0') });
    const devices = createDevices({ procRoot, sysRoot: '/nonexistent', clock, retryMs: 5_000 });
    expect(devices.nameOf(8, 0)).toBe('/dev/sda');
    put(`${procRoot}/diskstats`, line('sdx', '8 0'));
    for (let minor = 1; minor < 100; minor++) devices.nameOf(9, minor);
    expect(devices.nameOf(8, 0)).toBe('/dev/sda');
  });
});

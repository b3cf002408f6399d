/**
 * The format does not change unnoticed: a small part, byte for byte, of which the parts that matter are taken apart by hand after FORMAT.md. If this
 * fails, either the change was not meant, or PART_VERSION must go up and parts of the version before must still be read.
 */
import { describe, expect, test } from 'vitest';
import { emptyPoints } from '../../../../collector/query/source.ts';
import { openPart } from '../../../../collector/store/part/part.ts';
import { writePart } from '../../../../collector/store/part/write.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { column, row, table } from './tables.ts';

/** 2025-06-15T15:00:00Z, a full hour. */
const HOUR_MS = 1_749_999_600_000;

const TABLES = [
  table(
    [column('m_total', 'counter'), column('m_bytes', 'gauge', [['kind', 'x']])],
    [
      row(
        { a: 'x' },
        [0, 10_000, 20_003].map((ms) => HOUR_MS + ms),
        [
          [0.5, 0.75, 0.75],
          [4096, 4096, NaN],
        ],
      ),
      row(
        { a: 'y', b: 'ä' },
        [0, 10_000, 20_003].map((ms) => HOUR_MS + ms),
        [
          [7, 7, 7],
          [0.1, 1 / 3, -0],
        ],
      ),
    ],
  ),
];

/** Written by version 2 of the format; it stays here as it is for as long as version 2 is read. */
const VERSION_2 =
  '504c494d505254026e49fbae2400000003030d0105904e80bab70300020c00000600788f083410000000040223643200000e762ed92740000000041ab808050206ff9acf5599cc5599cc5599cc5599cc5599cc55b96cd53f00bf903c5db32c0000000108020002010101ded51d80dddb01a39c01001a10288ea924de1c000000020161020101787901620102c3a4fad586e40c000000020100020101d48c940960010000000018ac417779420030fab0417779420002040b80bab70378168e010e0109636f6e7461696e65720b636f6e7461696e65725f7802076d5f746f74616c076d5f746f74616c07636f756e746572046e6f6e651048656c70206f66206d5f746f74616c2e00076d5f6279746573086d5f627974657378056761756765046e6f6e651048656c70206f66206d5f62797465732e01046b696e64017802000018ac417779420030fab0417779421a0210285a1e0000000000806340b8000000556f96fd504c494d50454e44';

/** Written by version 1, in slices of two hours and, before that, of one. */
const VERSION_1 = [
  '504c494d505254016e49fbae2400000003030d0105904e80bab70300020c00000600788f083410000000040223643200000e762ed92740000000041ab808050206ff9acf5599cc5599cc5599cc5599cc5599cc55b96cd53f00bfe2d4ab9c2a0000000108020002010101ded51d80dddb01a39c011a10288ea924de1c000000020161020101787901620102c3a4fad586e40c000000020100020101b1987c1460010000000018ac417779420030fab0417779420002040b80bab70377168d010e0109636f6e7461696e65720b636f6e7461696e65725f7802076d5f746f74616c076d5f746f74616c07636f756e746572046e6f6e651048656c70206f66206d5f746f74616c2e00076d5f6279746573086d5f627974657378056761756765046e6f6e651048656c70206f66206d5f62797465732e01046b696e64017802000018ac417779420030fab0417779421a0210285a1d0000000000606340b800000042c936fe504c494d50454e44',
  '504c494d50525401aa961fe91e00000003030a0105904e0000020c00000600788f083410000000040223643200000e762ed92740000000041ab808050206ff9acf5599cc5599cc5599cc5599cc5599cc55b96cd53f00bf42cb93ef240000000108020002010101beab3b00a39c011710288ea924de1c000000020161020101787901620102c3a4fad586e40c00000002010002010190f6c67160010000000018ac417779420030fab0417779420002040b80dddb01711687010e0109636f6e7461696e65720b636f6e7461696e65725f7802076d5f746f74616c076d5f746f74616c07636f756e746572046e6f6e651048656c70206f66206d5f746f74616c2e00076d5f6279746573086d5f627974657378056761756765046e6f6e651048656c70206f66206d5f62797465732e01046b696e64017802000018ac417779420030fab04177794217021028571a0000000000a06240b80000006c8577f9504c494d50454e44',
];

function written(): Buffer {
  const files = memoryParts();
  // What deflate makes of bytes is not the same in every version of Node.
  writePart(files, 'p', TABLES, { deflates: false });
  return files.bytes.get('p')!;
}

describe('version 2', () => {
  test('is written as it was', () => {
    expect(written().toString('hex')).toBe(VERSION_2);
  });

  test.each([VERSION_2, ...VERSION_1])('is read, as version 1 is', (bytes) => {
    const files = memoryParts();
    files.bytes.set('p', Buffer.from(bytes, 'hex'));
    const part = openPart(files, 'p');
    expect(part.check()).toEqual([]);
    const points = emptyPoints();
    const found = [...part.select({ matchers: [], fromMs: 0, toMs: 4e12 })].map((series) => {
      series.read(points);
      const values = [...points.values.subarray(0, points.length)];
      const times = [...points.timesMs.subarray(0, points.length)].map((time) => time - HOUR_MS);
      return [series.labels.values, times, values, points.ends.map((end) => end - HOUR_MS)];
    });
    expect(found).toEqual([
      [['m_total', 'x'], [0, 10_000, 20_003], [0.5, 0.75, 0.75], []],
      [['m_total', 'y', 'ä'], [0, 10_000, 20_003], [7, 7, 7], []],
      [['m_bytes', 'x', 'x'], [0, 10_000], [4096, 4096], [20_003]],
      [['m_bytes', 'y', 'ä', 'x'], [0, 10_000, 20_003], [0.1, 1 / 3, -0], []],
    ]);
  });

  test('head, first block and end, by hand', () => {
    const bytes = written();
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from('PLIMPRT\x02', 'latin1'));
    // The block of times is stored as it is: its length twice, and no bit for deflate.
    const size = bytes.readUInt32LE(12);
    expect(size % 2).toBe(0);
    const times = [...bytes.subarray(16, 16 + size / 2)];
    // Two rows of three times; so many bytes each; ticks (1) in a straight line (kind 1: 1 + 4 × 1), every 10 000 ms (varint 0x90 0x4e), the first an
    // hour after the slice's beginning (twice 3 600 000: varint 0x80 0xba 0xb7 0x03), tick 0, then 1 more each (zigzag 2); off their ticks by few changes or packed; the second row repeats the first.
    expect(times.slice(0, 2)).toEqual([3, 3]);
    expect(times[3]).toBe(1);
    expect(times.slice(4, 13)).toEqual([5, 0x90, 0x4e, 0x80, 0xba, 0xb7, 0x03, 0, 2]);
    expect(times.at(-1)).toBe(0);
    expect(times.length).toBe(4 + times[2]! + 1);
    expect(bytes.subarray(-8).toString()).toBe('PLIMPEND');
    expect(bytes.readDoubleLE(bytes.length - 24) + bytes.readUInt32LE(bytes.length - 16)).toBe(bytes.length - 24);
  });
});

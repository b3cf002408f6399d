/** Received samples on their way to the store's thread and to its files: labels go once, and what comes out is what went in. */
import { expect, test } from 'vitest';
import { Packer, Unpacker } from '../../../collector/store/received/packing.ts';
import { decodeRecords, encodeRecord } from '../../../collector/store/received/records.ts';
import { labels } from '../../../src/model/labels.ts';

const of = (name: string, host: string) =>
  labels([
    ['__name__', name],
    ['host', host],
  ]);
const A = { labels: of('a', 'x'), timesMs: [1000, 2000], values: [1.5, Number.NaN], stale: [1] };
const B = { labels: of('b', 'y'), timesMs: [-5], values: [-0] };

test('labels go over once, until both sides begin anew', () => {
  const packer = new Packer(1);
  const unpacker = new Unpacker();
  const first = packer.pack([A]);
  expect([first.anew, first.fresh.length]).toEqual([true, 1]);
  const second = packer.pack([B, A]);
  expect([second.anew, second.fresh.length]).toEqual([false, 1]);
  const [a] = unpacker.unpack(first);
  const [b, again] = unpacker.unpack(second);
  expect(again?.known).toBe(a?.known);
  expect(again).toMatchObject({
    timesMs: Float64Array.of(1000, 2000),
    values: Float64Array.of(1.5, Number.NaN),
    stale: [1],
  });
  expect(b).toMatchObject({
    known: { metric: 'b', row: labels([['host', 'y']]) },
    values: Float64Array.of(-0),
    stale: [],
  });
  // Two are more than one.
  const third = packer.pack([A]);
  expect([third.anew, third.fresh.length]).toEqual([true, 1]);
  expect(unpacker.unpack(third)[0]?.known.metric).toBe('a');
});

test('labels are in a file once, and a torn record takes no more than itself with it', () => {
  const there = { file: 7, count: 0 };
  const series = new Unpacker().unpack(new Packer().pack([A, B]));
  const records = [1, 2].map(() => encodeRecord({ series, info: [] }, there));
  // Of each the count, and two texts a label with their lengths (__name__ and a, host and x), against a nought and a place.
  expect(records[0]!.length - records[1]!.length).toBe(2 * (1 + 9 + 2 + 5 + 2 - 2));
  const file = Buffer.concat(records);
  const read = decodeRecords(file);
  expect(read.torn).toBe(0);
  for (const { series: found } of read.records)
    expect(found.map(({ known, ...samples }) => [known.metric, known.row.key, samples])).toEqual(
      series.map(({ known, ...samples }) => [known.metric, known.row.key, samples]),
    );
  expect(decodeRecords(file.subarray(0, -1)).records).toHaveLength(1);
  // In another file they stand anew.
  expect(encodeRecord({ series, info: [] }, { file: 8, count: 0 })).toEqual(records[0]);
});

test('a flipped bit in a file of received samples is told from an end that was torn off, and in the length of the last record costs nothing', () => {
  const there = { file: 7, count: 0 };
  const series = new Unpacker().unpack(new Packer().pack([A, B]));
  const [first, second] = [1, 2].map(() => encodeRecord({ series, info: [] }, there)) as [Uint8Array, Uint8Array];
  const file = Buffer.concat([first, second]);
  const flipped = (at: number): Buffer => {
    const bytes = Buffer.from(file);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    return bytes;
  };
  // In its checksum, in what it holds, and in the first one.
  for (const [at, whole] of [
    [first.length + 4, 1],
    [first.length + 12, 1],
    [20, 0],
  ] as const)
    expect([at, decodeRecords(flipped(at)).records.length, decodeRecords(flipped(at)).damaged]).toEqual([
      at,
      whole,
      true,
    ]);
  // In the length of the last.
  for (const byte of [0, 1, 2, 3])
    expect(decodeRecords(flipped(first.length + byte))).toMatchObject({ torn: 0, damaged: false, records: [{}, {}] });
  expect(decodeRecords(file.subarray(0, -3))).toMatchObject({ damaged: false, records: [{}] });
  // What a file system had made room for.
  expect(decodeRecords(Buffer.concat([file, Buffer.alloc(64)]))).toMatchObject({ damaged: false, records: [{}, {}] });
});

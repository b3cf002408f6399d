/** Numbers to bytes and back: each bit as it was, and the bytes that FORMAT.md says, worked out by hand. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../../collector/store/part/code/bytes.ts';
import { MEASURED_NAN, newHint, readNumbers, writeNumbers } from '../../../../collector/store/part/code/numbers.ts';
import { noTimes, readTimes, writeTimes } from '../../../../collector/store/part/code/times.ts';

function bytesOf(values: readonly number[], nans?: ReadonlySet<number>, hint = newHint()): number[] {
  const out = new ByteWriter();
  writeNumbers(out, { values: Float64Array.from(values), from: 0, to: values.length, nans }, hint);
  return [...out.view()];
}

function back(bytes: readonly number[], n: number): { values: number[]; marks: number[] | undefined } {
  const target = { into: new Float64Array(n), at: 0, n, marks: new Uint8Array(n) };
  const reader = new ByteReader(Buffer.from(bytes));
  const marked = readNumbers(reader, target);
  expect(reader.left).toBe(0);
  return { values: [...target.into], marks: marked ? [...target.marks] : undefined };
}

describe('by hand', () => {
  test.each([
    // One integer: kind 0, zigzag 2 × 7.
    [
      [7, 7, 7],
      [0, 14],
    ],
    // A straight line: kind 1, first 10 (20), step 5 (10).
    [
      [10, 15, 20, 25],
      [1, 20, 10],
    ],
    // Pages of memory, scale 11 of 1/4096, in a line: 2 pages, then one more each.
    [
      [8192, 12288, 16384],
      [1 + 16 * 11, 4, 2],
    ],
    // A tenth and so on: scale 1, a line from 1 by 1.
    [
      [0.1, 0.2, 0.3],
      [1 + 16, 2, 2],
    ],
    // Nothing at all takes nothing.
    [[Number.NaN, Number.NaN], []],
    // Two numbers, then absent: marks 2 × 4 + 0 and 1 × 4 + 1; kind 0, and 8 for marks.
    [
      [3, 3, Number.NaN],
      [8, 8, 5, 6],
    ],
  ])('%j', (values, bytes) => {
    expect(bytesOf(values)).toEqual(bytes);
  });

  test('few changes: which, then by how much', () => {
    // 100 times 5, the 51st and later 8: 50 numbers stand between (steps before the change: 49), changed by 3 (zigzag 6).
    const values = Array.from({ length: 100 }, (_, i) => (i < 50 ? 5 : 8));
    expect(bytesOf(values)).toEqual([2, 10, 1, 49, 6]);
    expect(back(bytesOf(values), 100).values).toEqual(values);
  });

  test('a minus zero, an infinity and a measured NaN among integers', () => {
    const values = [1, -0, 2, Number.POSITIVE_INFINITY, Number.NaN, Number.NaN, ...Array.from({ length: 20 }, () => 3)];
    const { values: read, marks } = back(bytesOf(values, new Set([4])), values.length);
    expect(read.map((value) => (Object.is(value, -0) ? '-0' : value))).toEqual(
      values.map((v) => (Object.is(v, -0) ? '-0' : v)),
    );
    expect(marks?.indexOf(MEASURED_NAN)).toBe(4);
  });
});

const any = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, Infinity, -Infinity, 2 ** 50, 2 ** 50 + 1, -(2 ** 50), 2 ** 53, 5e-324, 1e300),
  fc.integer({ min: -100, max: 100 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((n) => n / 1e6),
  fc.maxSafeInteger(),
);
const few = fc.array(any, { minLength: 1, maxLength: 4 });
const sequences = fc.oneof(
  fc.array(any, { minLength: 1, maxLength: 200 }),
  // Of few values, so that nothing changes for long.
  few.chain((values) =>
    fc.array(fc.nat(values.length - 1), { minLength: 1, maxLength: 200 }).map((at) => at.map((i) => values[i]!)),
  ),
  // Steps of some width each, up to 2^49: widths on either side of what fits an integer operation.
  fc
    .tuple(fc.nat(49), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 100 }))
    .map(([width, of]) => of.map((x) => Math.floor(x * 2 ** width))),
);

property.prop([fc.array(sequences, { minLength: 1, maxLength: 4 })], { numRuns: 500 })(
  'any numbers, one row after the other with the same hint',
  (rows) => {
    const hint = newHint();
    for (const values of rows) {
      const read = back(bytesOf(values, undefined, hint), values.length).values;
      expect(new Uint8Array(Float64Array.from(read).buffer)).toEqual(new Uint8Array(Float64Array.from(values).buffer));
    }
  },
);

property.prop(
  [
    fc.array(fc.array(fc.nat(40_000), { minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(-3_600_000, 0, 1_750_000_000_000),
  ],
  { numRuns: 300 },
)('any times, row after row, each once more', (rows, base) => {
  const before = noTimes(base);
  const into = new Float64Array(100);
  for (const gaps of rows) {
    let at = base;
    const times = Float64Array.from(gaps, (gap) => {
      at += 1 + gap;
      return at;
    });
    for (const again of [false, true]) {
      const out = new ByteWriter();
      writeTimes(out, times, before);
      if (again) expect([...out.view()]).toEqual([0]);
      readTimes(new ByteReader(out.view()), into, times.length, base);
      expect(into.slice(0, times.length)).toEqual(times);
    }
  }
});

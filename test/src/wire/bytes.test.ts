import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { entityRow } from '../../../src/model/table.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, familyNamed, load, plain, rowOf, state, table } from './batches.ts';

/** The example of FORMAT.md, which was written down by hand from the description above it. */
function example(): string {
  const text = readFileSync(new URL('../../../src/wire/FORMAT.md', import.meta.url), 'utf8');
  const block = text.slice(text.indexOf('## Example')).split('```')[1] as string;
  const lines = block.trim().split('\n');
  return lines.map((line) => (/^[0-9A-F ]+?(?=\s{3,}[a-z])/.exec(line)?.[0] ?? '').replaceAll(' ', '')).join('');
}

const exampleBatch = () => {
  const entity = { key: 'k', kind: 'container', startMs: 0, labels: labels([['a', 'b']]) } as const;
  const row = entityRow(entity, NO_LABELS);
  return { node: 'n', session: 's', seq: 1, timeMs: 1000, tables: [table(state, [[row, 1]], 1000)] };
};

test('a batch becomes the bytes of the example in FORMAT.md', () => {
  const body = createEncoder({ node: 'n', session: 's' }).encode(exampleBatch());
  expect(Buffer.from(body).toString('hex').toUpperCase()).toBe(example());
});

test('the bytes of the example in FORMAT.md become the batch', () => {
  const { batch: decoded } = createDecoder({ familyNamed }).decode(Buffer.from(example(), 'hex'));
  expect(plain(decoded)).toEqual(plain(exampleBatch()));
});

/** The bytes of the column `bytes` in the body of a batch with these numbers, from behind its column number. */
function columnBytes(numbers: readonly (number | undefined)[]): string {
  const rows = numbers.map((value, i) => [rowOf(`c${i}`), value] as const);
  const body = createEncoder({ node: 'node-1', session: 'session-1' }).encode(batch(1, [table(load, rows)]));
  // From the back: five bytes of the end section.
  const hex = Buffer.from(body).subarray(0, -5).toString('hex');
  const start = hex.lastIndexOf(timesAndNumber(rows.length)) + timesAndNumber(rows.length).length;
  return hex.slice(start);
}

/** Row numbers 0, 1, 2 … (each 1 above the one before: 02), times all +0, then column number 00. */
function timesAndNumber(rows: number): string {
  const times = rows > 8 ? '010000000000000000' : `02${'00'.repeat(rows)}`;
  return `${'02'.repeat(rows)}${times}00`;
}

test.each([
  ['integers as varints', [1, 127, 128], '02 01 7f 8001'],
  // 2^53 - 1 is 7 times seven bits and 4 more.
  ['the largest integer', [Number.MAX_SAFE_INTEGER], '02 ffffffffffffff0f'],
  ['one more goes raw', [2 ** 53], '00 0000000000004043'],
  ['negative ones zigzag', [-1, 1, -64], '03 01 02 7f'],
  // 1.5 s = 1500 ms: 1500 = 11 * 128 + 92.
  ['milliseconds over ten to the third', [1.5, 0.002], '32 dc0b 02'],
  ['microseconds over ten to the sixth', [0.000001, 0.000128], '62 01 8001'],
  ['nanoseconds over ten to the ninth', [1e-9, 3e-9], '92 01 03'],
  ['a third goes raw', [1 / 3], '00 555555555555d53f'],
  ['negative zero goes raw', [-0], '00 0000000000000080'],
  ['zero is an integer', [0], '02 00'],
  // Rows 0 and 2 of 3: bits 101.
  ['absent ones leave a bit', [5, undefined, 6], '06 05 05 06'],
  ['the same for nine rows is written once', Array(9).fill(2), '01 0000000000000040'],
  ['the same for eight is eight bytes either way', Array(8).fill(2), '02 0202020202020202'],
  ['the same raw number twice is written once', [1 / 3, 1 / 3], '01 555555555555d53f'],
  ['0 and -0 are not the same', [0, -0], '00 0000000000000000 0000000000000080'],
])('%s', (_what, numbers, bytes) => {
  expect(columnBytes(numbers)).toBe(bytes.replaceAll(' ', ''));
});

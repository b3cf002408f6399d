/** Text in cells, numbers in few of them, curves. Widths are those of Unicode's East Asian Width and of emoji. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { bytes, percent, span } from '../../../../src/cli/top/view/figures.ts';
import { cutLine, piece, textOf } from '../../../../src/cli/top/view/line.ts';
import { gauge, spark } from '../../../../src/cli/top/view/spark.ts';
import { cut, cutMiddle, filledTo, plain, width } from '../../../../src/cli/top/view/text.ts';

test.each([
  ['web', 3],
  ['数据库', 6],
  ['🚀', 2],
  // A family is one character of two cells, made of several.
  ['👩‍👩‍👧', 2],
  ['e\u0301', 1],
  ['ｗｅｂ', 6],
])('%s takes %d cells', (text, cells) => expect(width(text)).toBe(cells));

test('cut within a character of two cells leaves it out as a whole', () => {
  // 2 + 1 + …: the second would be the third and fourth cell of four, with the mark a fifth.
  expect(cut('数据库', 4)).toBe('数…');
  expect(filledTo('数据库', 4)).toBe('数… ');
  expect(cut('数据库', 5)).toBe('数据…');
  expect(cut('web', 3)).toBe('web');
  expect(cut('web', 0)).toBe('');
});

test('a long name keeps its end, which tells replicas apart', () => {
  expect(cutMiddle('shop-checkout-worker-0012', 13)).toBe('shop-che…0012');
  expect(cutMiddle('shop-checkout-worker-0012', 6)).toBe('shop-…');
  expect(width(cutMiddle('数据库主节点的名字很长', 11))).toBeLessThanOrEqual(11);
});

test('a terminal is never sent what a name would have it do', () => {
  expect(plain('a\u001b[2Jb\u0007\n\u009bc\u202ed\u2066')).toBe('a\uFFFD[2Jb\uFFFD\uFFFD\uFFFDc\uFFFDd\uFFFD');
});

test.each([
  [0, '0B'],
  [999, '999B'],
  // 1000 / 1024 = 0.98
  [1000, '1.0K'],
  [1_048_576, '1.0M'],
  [1_023_999, '1.0M'],
  [250 * 1024 ** 3, '250G'],
  [99.96 * 1024, '100K'],
  [undefined, ''],
])('%s bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [0.123, '12.3'],
  [9.9994, '999.9'],
  [9.9996, '1000'],
  [64, '6400'],
])('%d of one is %s %%', (share, text) => expect(percent(share)).toBe(text));

test.each([
  [59_999, '59s'],
  [60_000, '1m'],
  [3_600_000 * 47, '1d'],
])('%d ms are %s', (ms, text) => expect(span(ms)).toBe(text));

const MINUTE = 60_000;

test('a curve: each cell the average of its share of the time, full at the limit', () => {
  // Cells of 10 s that end at 60 s: readings of 0, a half, a quarter and three quarters together a half, all of the limit.
  const trail = { timesMs: [20_000, 30_000, 40_000, 45_000, 50_000], cpu: [0, 1, 0.5, 1.5, 2], memory: [] };
  expect(spark(trail, 'cpu', { endMs: 59_000, spanMs: MINUTE, cells: 6, full: 2, everyMs: 1000 })).toBe('  ▁▅▅█');
});

test('readings further apart than a cell leave no holes; a container that came late has blanks before', () => {
  const trail = { timesMs: [30_000, 50_000], cpu: [1, 1], memory: [] };
  expect(spark(trail, 'cpu', { endMs: 59_000, spanMs: MINUTE, cells: 6, full: 1, everyMs: 10_000 })).toBe('   ███');
});

test('without a limit the highest that is shown is full, but what idles looks idle', () => {
  const trail = { timesMs: [40_000, 50_000], cpu: [0.01, 0.01], memory: [] };
  const options = { endMs: 59_000, spanMs: MINUTE, cells: 6, everyMs: 1000 };
  // 0.01 of 0.1 is less than an eighth.
  expect(spark(trail, 'cpu', { ...options, least: 0.1 })).toBe('    ▁▁');
  expect(spark(trail, 'cpu', options)).toBe('    ██');
  expect(spark(undefined, 'cpu', options)).toBe('      ');
});

test('a gauge', () => {
  expect(gauge(0.25, 8)).toBe('[██······]');
  expect(gauge(3, 4)).toBe('[████]');
});

describe('whatever a name is made of', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'grapheme-composite' }),
  );

  test.prop([names, fc.integer({ min: 0, max: 30 })])(
    'it takes as many cells as it is given, and nothing in it is obeyed',
    (name, cells) => {
      const text = plain(name);
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(width(filledTo(text, cells))).toBe(cells);
      expect(width(cutMiddle(text, cells))).toBeLessThanOrEqual(cells);
      expect(width(textOf(cutLine([piece(text), piece(' and more')], cells)))).toBeLessThanOrEqual(cells);
    },
  );
});

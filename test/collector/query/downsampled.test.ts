/** Points that stand for more than one sample: ranges and lookback reach two of them, averages are weighed, and the answer says where it is from. */
import { expect, test } from 'vitest';
import { MemorySource } from '../../support/memorysource.ts';
import { instant, range, shown } from '../../support/querying.ts';

const FIVE = 300_000;

function source(): MemorySource {
  const made = new MemorySource();
  const of = { resolutionMs: FIVE, counts: [30, 30, 10] };
  made.add(
    [['__name__', 'g']],
    [
      { ms: 0, value: 1 },
      { ms: FIVE, value: 3 },
      { ms: 2 * FIVE, value: 7 },
    ],
    of,
  );
  made.add(
    [['__name__', 'c_total']],
    [
      { ms: 0, value: 0 },
      { ms: FIVE, value: 300 },
      { ms: 2 * FIVE, value: 900 },
    ],
    { resolutionMs: FIVE },
  );
  return made;
}

test('a value is seen for as long as two points are apart', () => {
  expect(shown(range(source(), 'g', [2 * FIVE, 4 * FIVE, FIVE]))).toEqual(['g{} 7@600000 7@900000']);
});

test('averages, sums and counts are those of the samples behind the points', () => {
  // All three in (−5 min, 10 min]: (30·1 + 30·3 + 10·7) / 70.
  expect(shown(instant(source(), 'avg_over_time(g[15m])', 2 * FIVE))).toEqual([`{} ${190 / 70}`]);
  expect(shown(instant(source(), 'sum_over_time(g[15m])', 2 * FIVE))).toEqual(['{} 190']);
  expect(shown(instant(source(), 'count_over_time(g[15m])', 2 * FIVE))).toEqual(['{} 70']);
});

test('a range shorter than two points is widened to them, and its rate is over what was looked at', () => {
  // (0, 10 min]: 300 to 900 in 5 min, extrapolated by 5 min to 1200, but not below zero: 300 is half of 600, so 2.5 min. 900 in 10 min.
  expect(shown(instant(source(), 'rate(c_total[1m])', 2 * FIVE))).toEqual(['{} 1.5']);
});

test('what the source says of itself is in the infos, once', () => {
  const made = source();
  made.said = ['answered from points of 5 minutes'];
  expect(instant(made, 'g + g', 0).infos).toEqual(['answered from points of 5 minutes']);
  expect(instant(made, 'g', 0).infos).toEqual([]);
});

test('the source is told the step, the range and the function', () => {
  const made = source();
  range(made, 'max_over_time(g[20m])', [0, 2 * FIVE, FIVE]);
  expect(made.selections).toEqual([
    {
      matchers: [{ name: '__name__', op: '=', value: 'g' }],
      fromMs: -20 * 60_000 + 1,
      toMs: 2 * FIVE,
      stepMs: FIVE,
      rangeMs: 20 * 60_000,
      func: 'max_over_time',
    },
  ]);
});

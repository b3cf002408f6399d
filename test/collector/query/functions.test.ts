/** Every function, with the arithmetic beside it. */
import { describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../../../collector/query/parse/signatures.ts';
import { instant, memory, range, shown } from '../../support/querying.ts';

const MINUTE = 60_000;

function values(source: ReturnType<typeof memory>, query: string, ms: number): number[] {
  return instant(source, query, ms).series.map((one) => one.values[0] as number);
}

describe('counters', () => {
  // At 0, 1, … 5 min; begins anew between 3 and 4 min.
  const source = memory(MINUTE, 'c_total 100 160 220 280 30 90');

  test.each([
    // (1 min, 5 min]: 220 280 30 90, grown by 60 + 30 + 60 = 150 in 3 min; half a minute… 1 min to the start is within 1.1 distances: 4/3 of it.
    ['increase(c_total[4m])', 200],
    ['rate(c_total[4m])', 200 / 240],
    // 220 to 90 as a gauge: −130 in 3 min, extrapolated to 4.
    ['delta(c_total[4m])', (-130 * 4) / 3],
    ['irate(c_total[4m])', 1],
    ['idelta(c_total[4m])', 60],
    ['resets(c_total[5m])', 1],
    ['changes(c_total[4m])', 3],
  ])('%s', (query, value) => {
    expect(values(source, query, 5 * MINUTE)[0]).toBeCloseTo(value, 9);
  });

  test('irate over a new beginning counts from zero', () => {
    expect(values(source, 'irate(c_total[2m])', 4 * MINUTE)).toEqual([0.5]);
  });

  test('nothing is extrapolated below zero', () => {
    // 5 at 2 min, 65 at 3 min; a minute at this rate before 2 min it would be −55: zero is 5 s before.
    const young = memory(MINUTE, 'c_total _ _ 5 65');
    expect(values(young, 'increase(c_total[3m])', 3 * MINUTE)[0]).toBeCloseTo(65, 9);
  });

  test('one sample says nothing of a rate', () => {
    expect(values(source, 'rate(c_total[1m])', 5 * MINUTE)).toEqual([]);
  });

  test('a name that is none of a counter is remarked', () => {
    const gauge = memory(MINUTE, 'temperature 1 2 3');
    expect(instant(gauge, 'rate(temperature[5m])', 2 * MINUTE).infos).toEqual([
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "temperature" (1:6)',
    ]);
    expect(instant(source, 'rate(c_total[5m])', 2 * MINUTE).infos).toEqual([]);
  });
});

describe('samples of a range', () => {
  const source = memory(MINUTE, 'g 4 1 9 NaN 2');

  test.each([
    ['sum_over_time(g[3m])', 2, 14],
    ['avg_over_time(g[3m])', 2, 14 / 3],
    ['min_over_time(g[5m])', 4, 1],
    ['max_over_time(g[5m])', 4, 9],
    ['count_over_time(g[5m])', 4, 5],
    ['last_over_time(g[3m])', 2, 9],
    ['first_over_time(g[3m])', 2, 4],
    ['present_over_time(g[3m])', 2, 1],
    // Squares of 4, 1, 9 around 14/3: 98 − 196/3 = 98/3, by three.
    ['stdvar_over_time(g[3m])', 2, 98 / 9],
    ['stddev_over_time(g[3m])', 2, Math.sqrt(98) / 3],
    // 1 4 9: rank 1.5 is half way from 4 to 9.
    ['quantile_over_time(0.75, g[3m])', 2, 6.5],
    // NaN is the least of NaN 2 and 9: rank 1.
    ['quantile_over_time(0.5, g[3m])', 4, 2],
    ['sum_over_time(g[3m])', 4, Number.NaN],
    ['changes(g[5m])', 4, 4],
    ['resets(g[5m])', 4, 1],
  ])('%s at %i min', (query, minute, value) => {
    const [got] = values(source, query, minute * MINUTE) as [number];
    if (Number.isNaN(value)) expect(got).toBeNaN();
    else expect(got).toBeCloseTo(value, 9);
  });

  test('a straight line, and where it leads', () => {
    const line = memory(MINUTE, 'd 10 16 22 28');
    expect(values(line, 'deriv(d[4m])', 3 * MINUTE)[0]).toBeCloseTo(0.1, 12);
    // 28 now, 0.1 a second, in an hour.
    expect(values(line, 'predict_linear(d[4m], 3600)', 3 * MINUTE)[0]).toBeCloseTo(388, 9);
    expect(values(line, 'predict_linear(d[4m], 1h)', 3 * MINUTE)[0]).toBeCloseTo(388, 9);
  });

  test('absent and absent_over_time say which labels there would be', () => {
    expect(shown(instant(source, 'absent(no{a="b",c=~"d"})', 0))).toEqual(['{a="b"} 1']);
    expect(shown(instant(source, 'absent_over_time(no{a="b"}[5m])', 0))).toEqual(['{a="b"} 1']);
    expect(shown(instant(source, 'absent(g)', 0))).toEqual([]);
    expect(shown(range(source, 'absent_over_time(g[2m])', [4 * MINUTE, 7 * MINUTE, MINUTE]))).toEqual([
      '{} 1@360000 1@420000',
    ]);
  });

  test('a subquery asks at multiples of its step, the left end not among them', () => {
    // At 2, 3, 4 min: 9 NaN 2.
    expect(values(source, 'max_over_time(g[3m:1m])', 4 * MINUTE)).toEqual([9]);
    expect(values(source, 'count_over_time(g[3m:30s])', 4 * MINUTE)).toEqual([6]);
    expect(values(source, 'sum_over_time(vector(time())[2m:])', 4 * MINUTE)).toEqual([180 + 240]);
  });
});

describe('long ranges', () => {
  // 2 000 samples: 1, 2, … 2 000.
  const source = memory(1000, 'n 1+1x1999');
  const at = [999_000, 1_999_000, 1_000_000] as const;

  test('sums and averages in blocks are those of the formula', () => {
    // The last 700 of k: k − 349.5 on average.
    expect(shown(range(source, 'avg_over_time(n[700s])', at))).toEqual(['{} 650.5@999000 1650.5@1999000']);
    expect(shown(range(source, 'sum_over_time(n[700s])', at))).toEqual([
      `{} ${650.5 * 700}@999000 ${1650.5 * 700}@1999000`,
    ]);
  });

  test('a quantile that moves from step to step is that of each range', () => {
    const answer = range(source, 'quantile_over_time(0.5, n[101s])', [500_000, 510_000, 1000]);
    // At second s the samples are s − 99 … s + 1; the middle one is s − 49.
    expect([...(answer.series[0]?.values ?? [])]).toEqual(Array.from({ length: 11 }, (_, i) => 451 + i));
  });
});

describe('one number', () => {
  const source = memory(MINUTE, 'x{i="a"} -2.5\nx{i="b"} 0.5');

  test.each([
    ['abs(x)', [2.5, 0.5]],
    ['ceil(x)', [-2, 1]],
    ['floor(x)', [-3, 0]],
    ['round(x)', [-2, 1]],
    ['round(x, 0.2)', [-2.4, 0.6]],
    ['sgn(x)', [-1, 1]],
    ['sqrt(x)', [Number.NaN, Math.SQRT1_2]],
    ['exp(x)', [Math.E ** -2.5, Math.E ** 0.5]],
    ['ln(x)', [Number.NaN, -Math.LN2]],
    ['log2(x)', [Number.NaN, -1]],
    ['log10(x * 200)', [Number.NaN, 2]],
    ['deg(x * pi())', [-450, 90]],
    ['rad(x * 360)', [-5 * Math.PI, Math.PI]],
    ['sin(x * pi())', [-1, 1]],
    ['cos(x * pi() * 2)', [-1, -1]],
    ['tan(x * 0)', [0, 0]],
    ['asin(x)', [Number.NaN, Math.PI / 6]],
    ['acos(x)', [Number.NaN, Math.PI / 3]],
    ['atan(x * 2 + 4)', [-Math.PI / 4, Math.atan(5)]],
    ['sinh(ln(x * 4))', [Number.NaN, 0.75]],
    ['cosh(ln(x * 4))', [Number.NaN, 1.25]],
    ['tanh(ln(x * 4))', [Number.NaN, 0.6]],
    ['asinh(x * 1.5)', [-Math.log(3.75 + Math.sqrt(15.0625)), Math.LN2]],
    ['acosh(x * 2.5)', [Number.NaN, Math.LN2]],
    ['atanh(x * 1.2)', [Number.NaN, Math.LN2]],
    ['clamp(x, -1, 0)', [-1, 0]],
    ['clamp_min(x, 0)', [0, 0.5]],
    ['clamp_max(x, 0)', [-2.5, 0]],
    ['clamp(x, 1, 0)', []],
  ])('%s', (query, wanted) => {
    const got = values(source, query, 0);
    expect(got).toHaveLength(wanted.length);
    for (const [i, value] of wanted.entries()) {
      if (Number.isNaN(value)) expect(got[i]).toBeNaN();
      else expect(got[i]).toBeCloseTo(value, 12);
    }
  });

  test('scalar, vector, time, timestamp, sort', () => {
    expect(values(source, 'scalar(x{i="a"})', 0)).toEqual([-2.5]);
    expect(values(source, 'scalar(x)', 0)[0]).toBeNaN();
    expect(values(source, 'vector(7)', 0)).toEqual([7]);
    expect(values(source, 'time()', 90_500)).toEqual([90.5]);
    expect(values(source, 'timestamp(x)', 90_500)).toEqual([0, 0]);
    expect(values(source, 'timestamp(-x)', 90_500)).toEqual([90.5, 90.5]);
    expect(values(source, 'sort_desc(x)', 0)).toEqual([0.5, -2.5]);
    expect(values(source, 'sort(x)', 0)).toEqual([-2.5, 0.5]);
  });

  test('functions of native histograms find none among numbers', () => {
    for (const name of ['count', 'sum', 'avg', 'stddev', 'stdvar'])
      expect(values(source, `histogram_${name}(x)`, 0)).toEqual([]);
  });
});

test('parts of a date are in UTC', () => {
  // 2024-02-29 23:59:58, a Thursday, the 60th day of its year.
  const ms = Date.UTC(2024, 1, 29, 23, 59, 58);
  const parts = {
    year: 2024,
    month: 2,
    day_of_month: 29,
    day_of_week: 4,
    day_of_year: 60,
    days_in_month: 29,
    hour: 23,
    minute: 59,
  };
  const none = memory(MINUTE, 'x 1');
  for (const [name, value] of Object.entries(parts))
    expect([name, values(none, `${name}()`, ms)]).toEqual([name, [value]]);
});

test('parts of a date that is farther than a Date goes', () => {
  // 10^18 s are 79221846 times 400 years of 12622780800 s and 3370643200 s, which is 2076-10-23 01:46:40, a Friday.
  const parts = { year: 2076 + 400 * 79_221_846, month: 10, day_of_month: 23, day_of_week: 5, hour: 1, minute: 46 };
  const far = memory(MINUTE, 'x 1e18');
  for (const [name, value] of Object.entries(parts))
    expect([name, values(far, `${name}(x)`, 0)]).toEqual([name, [value]]);
});

describe('labels', () => {
  const source = memory(MINUTE, 'x{a="one-two",b="c"} 1\nx{a="three",b="c"} 2');

  test('label_replace takes the whole value or nothing', () => {
    expect(shown(instant(source, `label_replace(x, "n", "$2.\${1}$$", "a", "(.*)-(?P<last>.*)")`, 0))).toEqual([
      'x{a="one-two",b="c",n="two.one$"} 1',
      'x{a="three",b="c"} 2',
    ]);
    expect(shown(instant(source, 'label_replace(x{a="three"}, "b", "", "a", ".*")', 0))).toEqual(['x{a="three"} 2']);
  });

  test('label_join', () => {
    expect(shown(instant(source, 'label_join(x{a="three"}, "n", "/", "b", "no", "a")', 0))).toEqual([
      'x{a="three",b="c",n="c//three"} 2',
    ]);
  });

  test('what comes to equal labels is refused', () => {
    expect(() => instant(source, 'label_replace(x, "a", "", "", "")', 0)).toThrow(
      'vector cannot contain metrics with the same labelset',
    );
  });
});

describe('classic histograms', () => {
  // 10 up to 1, 30 up to 2, 40 in all.
  const source = memory(MINUTE, 'h_bucket{le="1"} 10\nh_bucket{le="2"} 30\nh_bucket{le="+Inf"} 40');

  test.each([
    // Rank 20: half way through the 20 between 1 and 2.
    ['histogram_quantile(0.5, h_bucket)', 1.5],
    // Rank 4: 4/10 of the way from 0 to 1.
    ['histogram_quantile(0.1, h_bucket)', 0.4],
    // Above the last bound there is nothing to go by.
    ['histogram_quantile(0.9, h_bucket)', 2],
    ['histogram_fraction(0, 1.5, h_bucket)', 0.5],
    ['histogram_fraction(1, 2, h_bucket)', 0.5],
  ])('%s', (query, value) => {
    expect(values(source, query, 0)[0]).toBeCloseTo(value, 12);
  });

  test('counts that fall from bucket to bucket are raised, with a remark', () => {
    const falls = memory(MINUTE, 'h_bucket{le="1"} 10\nh_bucket{le="2"} 8\nh_bucket{le="+Inf"} 20');
    const answer = instant(falls, 'histogram_quantile(0.25, h_bucket)', 0);
    expect(answer.series[0]?.values[0]).toBe(0.5);
    expect(answer.infos[0]).toContain('needed to be fixed for monotonicity');
  });
});

test('every function is asked by a test of this file', async () => {
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(new URL(import.meta.url), 'utf8');
  const NAMES_BY_TEMPLATE = /^(?:histogram_(?:count|sum|avg|stddev|stdvar)|year|month|day_of_|days_in|hour|minute)/;
  const missing = [...FUNCTIONS.keys()].filter((name) => !NAMES_BY_TEMPLATE.test(name) && !text.includes(`${name}(`));
  expect(missing).toEqual([]);
});

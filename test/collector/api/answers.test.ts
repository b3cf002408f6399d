/** Answers as JSON: what is written once for many points is right for each. */
import { describe, expect, test } from 'vitest';
import { answerPieces, metricJson } from '../../../collector/api/answers.ts';
import type { AnswerSeries } from '../../../collector/query/query.ts';

const beside = { warnings: [], infos: [], samples: 0, tookMs: 0 };

function json(series: readonly AnswerSeries[]): unknown {
  const pieces = answerPieces({ type: 'matrix', series, ...beside }, { timeMs: 0, stats: undefined });
  return JSON.parse([...pieces].join('')).result;
}

describe('a matrix', () => {
  test('numbers that stand still, zeros with and without a sign, NaN again and again, after one another', () => {
    const values = [0, -0, -0, 0, Number.NaN, Number.NaN, 1.5, 1.5, 1e21, 1e-7, Infinity, -Infinity];
    const timesMs = Float64Array.from(values, (_, i) => i * 500);
    expect(json([{ labels: [], timesMs, values: Float64Array.from(values) }])).toEqual([
      {
        metric: {},
        values: [
          [0, '0'],
          [0.5, '-0'],
          [1, '-0'],
          [1.5, '0'],
          [2, 'NaN'],
          [2.5, 'NaN'],
          [3, '1.5'],
          [3.5, '1.5'],
          [4, '1e+21'],
          [4.5, '1e-07'],
          [5, '+Inf'],
          [5.5, '-Inf'],
        ],
      },
    ]);
  });

  test('series that share their times and one that has its own, of more than a piece', () => {
    const shared = Float64Array.from({ length: 2500 }, (_, i) => i * 1000);
    const own = Float64Array.from({ length: 1001 }, (_, i) => i * 1000 + 250);
    const series = [shared, shared, own, shared].map((timesMs, n) => ({
      labels: [['n', `${n}`] as const],
      timesMs,
      values: timesMs.map((_, i) => i + n),
    }));
    const expected = series.map(({ timesMs }, n) => ({
      metric: { n: `${n}` },
      values: [...timesMs].map((ms, i) => [ms / 1000, `${i + n}`]),
    }));
    expect(json(series)).toEqual(expected);
  });
});

test('labels with what JSON escapes, and with what it does not', () => {
  const labels = [
    ['__proto__', 'x'],
    ['plain', '/a b~!#$%&()[]^_`{|}'],
    ['quotes', 'a"b\\c'],
    ['lines', 'a\nb\u0007'],
    ['other', 'müll – 🐳'],
    ['half', '\ud800'],
  ] as const;
  const text = metricJson(labels);
  expect(Object.entries(JSON.parse(text) as object)).toEqual(labels.map((pair) => [...pair]));
  expect(text).toBe(`{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
});

/** An answer between the threads: what goes in comes out, bit for bit, and is handed over rather than copied. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { QueryAnswer } from '../../../collector/query/query.ts';
import { packAnswer, unpackAnswer } from '../../../collector/store/thread/answered.ts';

const anyLabels = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 });
const anyPoints = fc.array(fc.tuple(fc.integer(), fc.double()), { maxLength: 5 });

const beside = { type: 'matrix', warnings: ['w'], infos: [], samples: 3, tookMs: 0.5 } as const;

test.prop([fc.array(fc.tuple(anyLabels, anyPoints, fc.boolean()), { maxLength: 6 })])('any series', (all) => {
  // Some have the times of the one before, as those with a point at every step have.
  let times = new Float64Array(0);
  const series = all.map(([labels, points, shares]) => {
    if (!shares) times = Float64Array.from(points, ([time]) => time);
    const values = Float64Array.from(times, (_, i) => points[i]?.[1] ?? i);
    return { labels, timesMs: times, values };
  });
  const answer: QueryAnswer = { ...beside, series };
  const { packed, transfer } = packAnswer(answer);
  const back = unpackAnswer(structuredClone(packed, { transfer }));
  expect({ ...back, series: [] }).toEqual({ ...answer, series: [] });
  expect(back.series.map(({ labels }) => labels)).toEqual(series.map(({ labels }) => labels));
  for (const [i, { timesMs, values }] of series.entries()) {
    expect([...back.series[i]!.timesMs]).toEqual([...timesMs]);
    expect([...back.series[i]!.values].every((value, at) => Object.is(value, values[at]))).toBe(true);
    const first = series.findIndex((one) => one.timesMs === timesMs);
    if (timesMs.length > 0) expect(back.series[i]!.timesMs).toBe(back.series[first]!.timesMs);
  }
});

test('numbers are not copied: once handed over they are gone here', () => {
  const times = Float64Array.of(1000, 2000);
  const one = { labels: [['a', 'b'] as const], timesMs: times, values: Float64Array.of(1, 2) };
  const { packed, transfer } = packAnswer({ ...beside, series: [one, { ...one, values: Float64Array.of(3, 4) }] });
  expect(packed.times.length).toBe(2);
  structuredClone(packed, { transfer });
  expect([packed.times.length, packed.values.length, packed.labels.length, packed.points.length]).toEqual([0, 0, 0, 0]);
});

test('a text that comes again is sent once', () => {
  const series = Array.from({ length: 100 }, (_, i) => ({
    labels: [['name', `c${i}`] as const, ['image', 'app:1'] as const],
    timesMs: Float64Array.of(0),
    values: Float64Array.of(i),
  }));
  expect(packAnswer({ ...beside, series }).packed.texts).toHaveLength(100 + 3);
});

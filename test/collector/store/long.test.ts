/**
 * Ninety days of two counters and a gauge, a sample every two minutes: what long ranges answer from downsamples differs from raw samples by no more than the resolution
 * explains. Counters fall every few hours: what each grows by between two readings is known.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { StoreCore } from '../../../collector/store/core.ts';
import { answer, ask, coreOf, type Ranged, receive, tendAll } from '../../support/storecore.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 90;
/** Midnight. */
const FROM = 20_000 * DAY_MS;
const TO = FROM + DAYS * DAY_MS;
const EVERY_MS = 2 * MINUTE_MS;

/** Grows by up to 9 a sample, and begins anew at zero every 7 hours and some minutes. */
const grown = (i: number): number => (i * 7) % 10;
const RESETS = 217;

let raw: StoreCore;
let thinned: StoreCore;

beforeAll(() => {
  raw = coreOf();
  // Raw samples go as soon as there are downsamples, or 5 minutes too.
  thinned = coreOf({ retention: { group: [1, 1e15, 1e15] } });
  let counter = 0;
  for (let day = 0; day < DAYS; day++) {
    const counters: [number, number][] = [];
    const gauges: [number, number][] = [];
    for (let timeMs = FROM + day * DAY_MS + EVERY_MS; timeMs <= FROM + (day + 1) * DAY_MS; timeMs += EVERY_MS) {
      const i = (timeMs - FROM) / EVERY_MS;
      counter = i % RESETS === 0 ? 0 : counter + grown(i);
      counters.push([timeMs, counter]);
      gauges.push([timeMs, Math.round(1000 * Math.sin(i / 100))]);
    }
    for (const core of [raw, thinned]) {
      receive(core, { __name__: 'c_total' }, counters);
      receive(core, { __name__: 'g' }, gauges);
    }
    thinned.seal(TO);
    tendAll(thinned, FROM + (day + 3) * DAY_MS);
  }
  raw.seal(TO);
});

function both(query: string, range: Ranged): { own: number[]; wanted: number[] } {
  const [own = [], wanted = []] = [thinned, raw].map((core) =>
    Object.values(ask(core, query, range)).flatMap((points) => points.map(([, value]) => value)),
  );
  expect(own.length).toBe(wanted.length);
  expect(own.length).toBeGreaterThan(10);
  return { own, wanted };
}

test('it is answered from downsamples, and says so', () => {
  expect(thinned.folder.parts.every(({ resolutionMs }) => resolutionMs > 0)).toBe(true);
  const range = { startMs: FROM + DAY_MS, endMs: TO, stepMs: DAY_MS };
  expect(answer(thinned, 'increase(c_total[1d])', range).infos).toEqual([
    expect.stringMatching(/are answered from downsamples of an hour$/),
  ]);
  expect(answer(raw, 'increase(c_total[1d])', range).infos).toEqual([]);
});

describe('counters', () => {
  /** Of a resolution: what it can grow by within one slot, at either end of a range. */
  const most = (resolutionMs: number): number => 2 * 9 * (resolutionMs / EVERY_MS);

  test.each([
    ['30m', 30 * MINUTE_MS, 5 * MINUTE_MS],
    ['3h', 3 * HOUR_MS, 5 * MINUTE_MS],
    ['6h', 6 * HOUR_MS, HOUR_MS],
    ['1d', DAY_MS, HOUR_MS],
    ['90d', 90 * DAY_MS, HOUR_MS],
  ])('increase over %s, in steps as long or shorter', (text, rangeMs, resolutionMs) => {
    const stepMs = Math.min(rangeMs, 8 * HOUR_MS);
    const { own, wanted } = both(`increase(c_total[${text}])`, { startMs: FROM + DAY_MS, endMs: TO, stepMs });
    for (const [i, value] of own.entries())
      expect(Math.abs(value - (wanted[i] as number))).toBeLessThanOrEqual(most(resolutionMs));
  });

  test('over all of it: the resets are in it, each with what was lost by it and no more', () => {
    // From the first sample to the last; a reset is to zero.
    let total = 0;
    for (let i = 2; i <= (TO - FROM) / EVERY_MS; i++) total += i % RESETS === 0 ? 0 : grown(i);
    const range = { startMs: TO, endMs: TO + DAY_MS, stepMs: DAY_MS };
    const [point] = Object.values(ask(thinned, 'increase(c_total[91d])', range))[0] ?? [];
    // The range is a day longer than there are samples, which adds at most half a slot at its beginning.
    expect(point?.[1]).toBeGreaterThanOrEqual(total - most(HOUR_MS));
    expect(point?.[1]).toBeLessThanOrEqual(total + most(HOUR_MS));
  });
});

test.each(['sum', 'count', 'avg', 'min', 'max'])('%s_over_time is the same where ranges end with slots', (name) => {
  for (const [text, stepMs] of [
    ['30m', 30 * MINUTE_MS],
    ['6h', 6 * HOUR_MS],
    ['1d', DAY_MS],
  ] as const) {
    const { own, wanted } = both(`${name}_over_time(g[${text}])`, { startMs: FROM + DAY_MS, endMs: TO, stepMs });
    for (const [i, value] of own.entries()) expect(value).toBeCloseTo(wanted[i] as number, 6);
  }
});

/** Times and durations at their ends: what Go's parsers refuse is refused. */
import { expect, test } from 'vitest';
import { durationOf, FIRST_MS, LAST_MS, timeOf } from '../../../collector/api/times.ts';

test('times at their ends', () => {
  expect(timeOf('2026-11-27T23:59:59Z')).toBe(Date.UTC(2026, 10, 27, 23, 59, 59));
  expect([timeOf('1e300'), timeOf('-1e300')]).toEqual([LAST_MS, FIRST_MS]);
  expect(timeOf('-0.5')).toBe(-500);
  // To JavaScript an hour 24 is the next day; Go has none.
  for (const text of ['2026-11-27T24:00:00Z', '2026-02-30T00:00:00Z', '2026-11-27T10:60:00Z', 'x', ''])
    expect(() => timeOf(text)).toThrow('to a valid timestamp');
});

test('a duration beyond 292 years is out of range, in seconds or in words', () => {
  // 2^63 ns are 9 223 372 036.854… s: 292 years of 365 days are within, 293 are not.
  expect(durationOf('292y')).toBe(292 * 365 * 86_400_000);
  expect(() => durationOf('293y')).toThrow('duration out of range');
  expect(() => durationOf('99999999999w')).toThrow('duration out of range');
  expect(() => durationOf('9223372037')).toThrow('overflows int64');
});

/** Moments as people say them. What they are was reckoned by hand, from a Wednesday noon; zones by building the date in this machine's own. */
import { expect, test } from 'vitest';
import { momentOf } from '../../../src/cli/moments.ts';

/** A Wednesday. */
const NOW = new Date(2027, 0, 13, 12, 30, 15).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (day: number, hours = 0, minutes = 0, seconds = 0): number =>
  new Date(2027, 0, day, hours, minutes, seconds).getTime();

test.each([
  ['now', NOW],
  ['90m', NOW - 90 * MINUTE],
  ['1h30m', NOW - 90 * MINUTE],
  ['2 hours ago', NOW - 2 * HOUR],
  ['2 Hours  Ago', NOW - 2 * HOUR],
  ['an hour ago', NOW - HOUR],
  ['half an hour ago', NOW - HOUR / 2],
  ['1 day and 2 hours ago', NOW - 26 * HOUR],
  ['1 day 2 hours ago', NOW - 26 * HOUR],
  ['3 weeks ago', NOW - 21 * 24 * HOUR],
  ['10 min ago', NOW - 10 * MINUTE],
  ['15m ago', NOW - 15 * MINUTE],
  ['12:05', at(13, 12, 5)],
  ['14:05', at(12, 14, 5)],
  ['9:05:07', at(13, 9, 5, 7)],
  ['today 14:05', at(13, 14, 5)],
  ['yesterday', at(12)],
  ['yesterday 14:00', at(12, 14)],
  ['yesterday at 14:00', at(12, 14)],
  ['monday 9:30', at(11, 9, 30)],
  ['wednesday 11:00', at(13, 11)],
  ['wednesday 13:00', at(6, 13)],
  ['thursday', at(7)],
  ['2027-01-10', at(10)],
  ['2027-01-10 08:15', at(10, 8, 15)],
  ['2027-01-15T08:00:00Z', Date.UTC(2027, 0, 15, 8)],
  ['2027-01-15T08:00:00.5+02:00', Date.UTC(2027, 0, 15, 6) + 500],
  ['1700000000', 1_700_000_000_000],
  ['1700000000.5', 1_700_000_000_500],
])('%s', (text, ms) => {
  expect(momentOf('--at', text, NOW)).toBe(ms);
});

test.each(['', 'soon', '25:00', '12:61', 'two hours', 'ago', '2 parsecs ago', 'someday', '2027-13-01', '5', 'x ago'])(
  '%s is none',
  (text) => {
    expect(() => momentOf('--at', text, NOW)).toThrow(/--at: is .*must be a moment such as/);
  },
);

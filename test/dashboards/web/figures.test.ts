/** Numbers as a person says them. */
import { expect, test } from 'vitest';
import {
  bytes,
  count,
  digits,
  duration,
  percent,
  say,
  sayMarks,
  shortSpan,
  span,
  unitOf,
} from '../../../dashboards/web/units/figures.ts';
import { day, tickRoom, ticks } from '../../../dashboards/web/units/moment.ts';

test('three digits that matter, and no exponent', () => {
  expect([0, 0.04, 0.0034, 1.234, 45.64, 789.6, 1234.5].map(digits)).toEqual([
    '0',
    '0.04',
    '0.0034',
    '1.23',
    '45.6',
    '790',
    '1235',
  ]);
});

test('bytes go by 1024, as limits are given; none is called 1024', () => {
  expect(bytes(512 * 1024 ** 2)).toBe('512 MiB');
  expect(bytes(1.5 * 1024 ** 3)).toBe('1.50 GiB');
  expect(bytes(0)).toBe('0 B');
  // 1023.9 KiB would be said as 1024 KiB.
  expect(bytes(1023.9 * 1024)).toBe('1.00 MiB');
  expect(bytes(-2048)).toBe('−2.00 KiB');
});

test('what is not known is a dash, never a zero', () => {
  for (const unit of ['bytes', 'bytes/s', 'cores', 'share', 'seconds', 'count', 'count/s'] as const)
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
      expect(say(nothing, unit), unit).toBe('–');
});

test('a share is a percentage; 100 % of CPU is one core', () => {
  expect([0, 0.042, 0.999, 1, 2.5].map(percent)).toEqual(['0.0 %', '4.2 %', '99.9 %', '100 %', '250 %']);
});

test('spans have their two largest parts', () => {
  expect([45, 200, 3600, 5 * 3600 + 125, 12 * 86_400 + 4 * 3600, 400 * 86_400].map(span)).toEqual([
    '45 s',
    '3 m 20 s',
    '1 h',
    '5 h 2 m',
    '12 d 4 h',
    '1 y 35 d',
  ]);
  expect([45, 200, 86_400].map(shortSpan)).toEqual(['45s', '3m', '1d']);
  expect([0.0000042, 0.0042, 1.5].map(duration)).toEqual(['4.20 µs', '4.20 ms', '1.50 s']);
});

test('counts go by thousands', () => {
  expect([0, 7, 9999, 12_345, 4_500_000].map(count)).toEqual(['0', '7', '9999', '12.3 k', '4.50 M']);
});

test('a metric’s unit is at the end of its name', () => {
  expect(unitOf('container_memory_working_set_bytes')).toBe('bytes');
  expect(unitOf('container_network_receive_bytes_total', true)).toBe('bytes/s');
  expect(unitOf('container_pressure_io_waiting_seconds_total', true)).toBe('share');
  expect(unitOf('container_threads')).toBe('count');
});

test('an axis says the day once, where it begins', () => {
  const at = new Date(2026, 10, 27, 23, 0).getTime() / 1000;
  expect(ticks([at, at + 1800, at + 3600, at + 5400], 1800)).toEqual([
    '23:00\n2026-11-27',
    '23:30',
    '00:00\n2026-11-28',
    '00:30',
  ]);
  expect(ticks([at], 30)).toEqual(['23:00:00\n2026-11-27']);
  expect(ticks([at], 86_400)).toEqual([day(at)]);
});

test('the marks of an axis are not rounded: 0.25 % is not 0.3 % beside 0.5 %', () => {
  expect(sayMarks([0, 0.0025, 0.005, 0.0075, 0.01], 'cores')).toEqual([
    '0.00 %',
    '0.25 %',
    '0.50 %',
    '0.75 %',
    '1.00 %',
  ]);
  expect(sayMarks([0, 0.02, 0.04], 'share')).toEqual(['0 %', '2 %', '4 %']);
  expect(sayMarks([0, 0.5, 1, 1.5], 'cores')).toEqual(['0 %', '50 %', '100 %', '150 %']);
  expect(sayMarks([0, 64 * 1024 ** 2], 'bytes')).toEqual(['0 B', '64.0 MiB']);
});

test('times on an axis are nearer to each other where they have no seconds', () => {
  // Five minutes on a phone's 255 pixels: fifty of them are a minute. On a screen's 500 they are thirty seconds, as in `10:49:30`.
  expect(tickRoom((50 * 300) / 255)).toBe(50);
  expect(tickRoom((50 * 300) / 500)).toBe(76);
  // A month on a screen: days alone, as in `2026-11-27`.
  expect(tickRoom((50 * 30 * 86_400) / 500)).toBe(76);
});

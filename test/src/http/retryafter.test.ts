/** `Retry-After` in both of its forms; expected values by hand. */
import { expect, test } from 'vitest';
import { retryAfterMs } from '../../../src/http/retryafter.ts';

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);

test.each([
  ['3', 3000],
  [' 120 ', 120_000],
  ['0', 0],
  ['86400', 86_400_000],
  ['Mon, 23 Nov 2026 12:02:00 GMT', 120_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  // To Date.parse this is a day in 2001.
  ['1.5', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});

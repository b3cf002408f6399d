/** Memory is given back at once, when the start has settled and then at each interval, until it is stopped. */
import { expect, test } from 'vitest';
import { keepTrimmed } from '../../../src/run/memory.ts';
import { fakeClock } from '../../support/clock.ts';

test('trims at once, after a minute, at each interval from there, and no longer once it is stopped', async () => {
  const clock = fakeClock();
  let trimmed = 0;
  const stop = keepTrimmed(clock, 600_000, () => trimmed++);
  expect(trimmed).toBe(1);
  await clock.advance(1_799_000);
  // At 0, 1, 11 and 21 minutes.
  expect(trimmed).toBe(4);
  stop();
  await clock.advance(3_600_000);
  expect(trimmed).toBe(4);
  expect(clock.armed).toBe(0);
});

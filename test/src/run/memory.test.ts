/** Memory is given back at once and then at each interval, until it is stopped. */
import { expect, test } from 'vitest';
import { keepTrimmed } from '../../../src/run/memory.ts';
import { fakeClock } from '../../support/clock.ts';

test('trims at once, at each interval, and no longer once it is stopped', async () => {
  const clock = fakeClock();
  let trimmed = 0;
  const stop = keepTrimmed(clock, 600_000, () => trimmed++);
  expect(trimmed).toBe(1);
  await clock.advance(1_799_000);
  // At 0, 10 and 20 minutes.
  expect(trimmed).toBe(3);
  stop();
  await clock.advance(3_600_000);
  expect(trimmed).toBe(3);
  expect(clock.armed).toBe(0);
});

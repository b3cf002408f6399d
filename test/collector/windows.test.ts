import { expect, test } from 'vitest';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { createCatchUp } from '../../collector/catchup.ts';
import { startWindows } from '../../collector/windows.ts';
import { silent } from '../../src/log.ts';
import { fakeClock } from '../support/clock.ts';

const T = 1_700_000_000_000;
const times = { windowMs: 10_000, latenessMs: 10_000 };

/** Stopped at second 3600, a has sent its batch of second 25, b is behind; windows are closed up to 0. Answers the ends of windows that the stop closed. */
async function closedByStop(resumes: boolean): Promise<number[]> {
  const clock = fakeClock(T + 3_600_000);
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, ...times, cluster: 'c' });
  await aggregator.advance(T + 10_000, () => Promise.resolve());
  const catchUp = createCatchUp({ ...times, waitMs: 60_000 });
  catchUp.look(clock.now(), aggregator.closedEndMs, () => ['a', 'b']);
  const ends: number[] = [];
  const offer = ({ endMs }: { readonly endMs: number }): void => void ends.push((endMs - T) / 1000);
  const options = { ...times, aggregator, catchUp, offer, look: () => undefined, after: () => undefined };
  const windows = startWindows({ ...options, resumes, clock, log: silent });
  aggregator.push({ node: 'a', session: 'a-1', seq: 1, timeMs: T + 25_000, tables: [] }, clock.now());
  catchUp.took('a', T + 25_000, { waiting: 9, nowMs: clock.now() });
  await windows.stop();
  return ends;
}

test('a stop while others are behind closes no window to them, where the next run goes on from there', async () => {
  expect(await closedByStop(true)).toEqual([]);
  // Where nothing is kept, it is the last chance to show it.
  expect(await closedByStop(false)).toEqual([30]);
});

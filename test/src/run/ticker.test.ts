/** The tick: aligned, never overlapping, not silenced by a stepped clock, and waited for when it stops. */
import { expect, test } from 'vitest';
import { silent } from '../../../src/log.ts';
import { startTicker } from '../../../src/run/ticker.ts';
import { type FakeClock, fakeClock, settle } from '../../support/clock.ts';

// 1 800 000 003 s: 3 s after a multiple of 10 s.
const START = 1_800_000_003_000;

function ticking(clock: FakeClock, run: () => Promise<void> = async () => undefined) {
  const times: number[] = [];
  const ticker = startTicker({
    intervalMs: 10_000,
    clock,
    log: silent,
    run: async (timeMs) => {
      times.push(timeMs - START);
      await run();
    },
  });
  return { times, ticker };
}

test('fires at whole multiples of the interval', async () => {
  const clock = fakeClock(START);
  const { times, ticker } = ticking(clock);
  await clock.advance(30_000);
  expect(times).toEqual([7000, 17_000, 27_000]);
  await ticker.stop();
});

test('an early tick comes a second after the start, once, and not where a boundary comes about then', async () => {
  const early = async (startMs: number): Promise<number[]> => {
    const clock = fakeClock(startMs);
    const times: number[] = [];
    const run = async (timeMs: number): Promise<void> => void times.push(timeMs - START);
    const ticker = startTicker({ intervalMs: 10_000, earlyMs: 1000, clock, log: silent, run });
    await clock.advance(20_000);
    await ticker.stop();
    return times;
  };
  // Boundaries are at 7 s, 17 s and 27 s.
  expect(await early(START)).toEqual([1000, 7000, 17_000]);
  // 0.2 s before a boundary: a rate needs more than that. 0.8 s before it: the boundary will do.
  expect(await early(START + 6800)).toEqual([7000, 7800, 17_000]);
  expect(await early(START + 6200)).toEqual([7000, 17_000]);
});

test('a run that takes longer than the interval is not overlapped; what it cost is counted', async () => {
  const clock = fakeClock(START);
  const { times, ticker } = ticking(clock, () => clock.sleep(25_000));
  await clock.advance(60_000);
  // 7 s + 25 s = 32 s, so the boundaries at 17 s and 27 s pass; the next is 37 s; then 62 s.
  expect(times).toEqual([7000, 37_000]);
  expect(ticker.missed).toBe(2);
  const stopped = ticker.stop();
  await clock.advance(30_000);
  await stopped;
});

test('a clock stepped back by an hour does not stop it, nor one stepped forward', async () => {
  const clock = fakeClock(START);
  const { times, ticker } = ticking(clock);
  await clock.advance(8000);
  clock.step(-3_600_000);
  await clock.advance(20_000);
  expect(times.length).toBe(3);
  clock.step(7_200_000);
  await clock.advance(20_000);
  expect(times.length).toBe(5);
  await ticker.stop();
});

test('a failing run does not end it', async () => {
  const clock = fakeClock(START);
  const { times, ticker } = ticking(clock, () => Promise.reject(new Error('no')));
  await clock.advance(20_000);
  expect(times).toEqual([7000, 17_000]);
  await ticker.stop();
});

test('stop waits for the run in flight and leaves no timer', async () => {
  const clock = fakeClock(START);
  let release = () => {};
  const { ticker } = ticking(clock, () => new Promise((resolve) => (release = resolve)));
  await clock.advance(7000);
  let stopped = false;
  const stopping = ticker.stop().then(() => (stopped = true));
  await settle();
  expect(stopped).toBe(false);
  release();
  await stopping;
  expect(clock.armed).toBe(0);
});

/** When to ask again: a page is the same until its owner's next tick, and asking costs whoever answers. */
import type { Clock } from '../../run/clock.ts';
import type { Read, Reading } from './read/reading.ts';

/**
 * Milliseconds until the next question. After new numbers most of an interval can be slept; then the next are looked for, so that they are
 * late by `everyMs` at most.
 */
export function nextDelayMs(everyMs: number, intervalMs: number | undefined, wasNew: boolean): number {
  return wasNew && intervalMs !== undefined ? Math.max(everyMs, intervalMs - everyMs) : everyMs;
}

/** A reading is new enough for rates that mean something when it is so much later than the one before. */
const APART_MS = 500;
const LOOK_EVERY_MS = 50;
/** Long enough for a tick that is due in a second; should none come, the table has to do without. */
const PATIENCE_MS = 5000;

export interface SecondOptions {
  readonly read: Read;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Answers the first reading when there is a second one, for a first table that has rates. */
export async function secondReading({ read, clock, signal }: SecondOptions): Promise<Reading> {
  const first = await read();
  const startedMs = clock.monotonic();
  while (!signal.aborted && clock.monotonic() - startedMs < PATIENCE_MS) {
    if ((await read()).timeMs - first.timeMs >= APART_MS) break;
    await pause(LOOK_EVERY_MS, clock, signal);
  }
  return first;
}

/** Ends early, and without an error, when aborted. */
export async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

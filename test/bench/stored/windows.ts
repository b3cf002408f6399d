/** The windows that the benches of a filled store put into it: BENCH_CONTAINERS (100) containers × 75 columns over BENCH_HOURS (2), most numbers standing still. */
import type { Frame } from '../../../src/model/batch.ts';
import { stillWindows } from '../stillwindows.ts';

export { TICK_MS } from '../stillwindows.ts';

export const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
export const HOURS = Number(process.env.BENCH_HOURS ?? 2);
const HOUR_MS = 3_600_000;
/** Two hours' bounds, so that what is merged is whole. */
export const START_MS = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - HOURS * HOUR_MS;
export const WINDOWS = HOURS * 360 - 1;

export function frames(): AsyncGenerator<Frame> {
  return stillWindows({ containers: CONTAINERS, perAgent: 100, windows: WINDOWS, startMs: START_MS });
}

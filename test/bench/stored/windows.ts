/** The windows that the benches of a filled store put into it: BENCH_CONTAINERS (100) containers × 75 columns over BENCH_HOURS (2), most numbers standing still. */
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../../collector/aggregate/options.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { breathe } from '../../../src/run/clock.ts';
import { syntheticAgents } from '../load.ts';

export const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
export const HOURS = Number(process.env.BENCH_HOURS ?? 2);
export const TICK_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Two hours' bounds, so that what is merged is whole. */
export const START_MS = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - HOURS * HOUR_MS;
export const WINDOWS = HOURS * 360 - 1;

export async function* frames(): AsyncGenerator<Frame> {
  const agents = syntheticAgents({ agents: Math.ceil(CONTAINERS / 100), containers: 100, metrics: 75, quiet: true });
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench', journal: true });
  for (let tick = 1; tick <= WINDOWS; tick++) {
    const timeMs = START_MS + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

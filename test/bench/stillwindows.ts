/** Windows for benches of what keeps them, through the real aggregation: 75 columns a container, 84 % of the numbers standing still from one to the next. */
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { syntheticAgents } from './load.ts';

export const TICK_MS = 10_000;

export interface StillWindows {
  readonly containers: number;
  readonly perAgent: number;
  readonly windows: number;
  readonly startMs: number;
}

export async function* stillWindows(of: StillWindows): AsyncGenerator<Frame> {
  const { containers, perAgent, windows, startMs } = of;
  const load = { agents: Math.ceil(containers / perAgent), containers: perAgent, metrics: 75, quiet: true };
  const agents = syntheticAgents(load);
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench', journal: true });
  for (let tick = 1; tick <= windows; tick++) {
    const timeMs = startMs + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

/** Closed windows of synthetic agents, ten seconds each, as the collector hands them to its log: with the journal. */
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { type LoadOptions, syntheticAgents } from './load.ts';

export const TICK_MS = 10_000;
const START_MS = 1_750_000_000_000;

export interface FramesOptions extends LoadOptions {
  readonly count: number;
  readonly startMs?: number;
}

export async function* framesOf({ count, startMs = START_MS, ...load }: FramesOptions): AsyncGenerator<Frame> {
  const agents = syntheticAgents(load);
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench', journal: true });
  for (let tick = 1; tick <= count + 1; tick++) {
    const timeMs = startMs + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

/** Says once of each agent that ticks less often than windows close what that means. */
import type { Log } from '../src/log.ts';
import type { Batch } from '../src/model/batch.ts';

export interface SlowAgentsOptions {
  readonly windowMs: number;
  readonly log: Log;
}

/** Nodes that are remembered as told; one more would be told again. */
const MAX_TOLD = 10_000;

/** Takes note of each batch as it comes. */
export function watchIntervals({ windowMs, log }: SlowAgentsOptions): (batch: Batch) => void {
  const told = new Map<string, number>();
  return ({ node, intervalMs = 0 }) => {
    if (intervalMs <= windowMs || told.get(node) === intervalMs || told.size >= MAX_TOLD) return;
    told.set(node, intervalMs);
    log.warn(
      { node, interval: `${intervalMs / 1000}s`, window: `${windowMs / 1000}s` },
      'an agent ticks less often than windows close: between its ticks groups have its last readings; ' +
        'make collector.window at least as long as agent.interval',
    );
  };
}

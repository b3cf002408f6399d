/**
 * What the aggregation alone costs: 200 agents × 30 containers × 33 metrics, rows kept by the agents' sessions as after decoding.
 * CPU includes garbage collection; the heap is what is held besides the agents' own rows, with one frame kept as a sink would.
 */
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import type { Batch, Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { syntheticAgents } from './load.ts';

const LOAD = { agents: 200, containers: 30, metrics: 33 };
const SAMPLES_PER_TICK = LOAD.agents * LOAD.containers * LOAD.metrics;
const TICK_MS = 10_000;
const START_MS = 1_750_000_000_000;
const WARM_UP_TICKS = 6;
const TICKS = 30;

/** CPU seconds per million samples, heap bytes per series, and the longest piece between two breaths in milliseconds. */
export async function benchAggregate(): Promise<Record<string, number>> {
  const agents = syntheticAgents(LOAD);
  // One round, so that what the agents themselves cache is not counted.
  let batches: Batch[] = agents.map((agent) => agent.batch(START_MS));
  batches = [];
  const heapBefore = heldBytes();
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench' });
  let kept: Frame | undefined;
  let longest = 0;
  let micros = 0;
  for (let tick = 1; tick <= WARM_UP_TICKS + TICKS; tick++) {
    const timeMs = START_MS + tick * TICK_MS;
    batches = agents.map((agent) => agent.batch(timeMs));
    const before = process.cpuUsage();
    for (const batch of batches) aggregator.push(batch, timeMs + 500);
    let pieceAt = performance.now();
    const frames = await aggregator.advance(timeMs + 500, async () => {
      if (tick > WARM_UP_TICKS) longest = Math.max(longest, performance.now() - pieceAt);
      await breathe();
      pieceAt = performance.now();
    });
    const used = process.cpuUsage(before);
    if (tick > WARM_UP_TICKS) micros += used.user + used.system;
    kept = frames.at(-1) ?? kept;
  }
  batches = [];
  const heap = heldBytes() - heapBefore;
  const stats = aggregator.stats();
  return {
    samples_per_tick: SAMPLES_PER_TICK,
    cpu_seconds_per_million_samples: micros / 1e6 / ((SAMPLES_PER_TICK * TICKS) / 1e6),
    longest_piece_ms: longest,
    heap_bytes_per_series: heap / SAMPLES_PER_TICK,
    groups: stats.groups,
    frame_samples: kept?.samples ?? 0,
    processed: stats.processed,
  };
}

/** Heap and array buffers after a collection; run node with --expose-gc. */
function heldBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('run node with --expose-gc');
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

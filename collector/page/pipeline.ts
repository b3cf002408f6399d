/** How the pipeline itself is, for the page: the parts' own books come in, what a person should know of them goes out. */
import type { ExposedParts } from '../exposed.ts';
import type { SinkStats } from '../sinks/account.ts';
import type { Pipeline } from './present.ts';

export function pipelineOf({ aggregator, ingest, fanout, frames, store, behindMs }: ExposedParts): Pipeline {
  const { dropped, series } = aggregator.stats();
  const { clockOffsets } = ingest.stats();
  // The first is the page of this process.
  const sinks = fanout.stats().slice(1);
  return {
    sinks: sinks.map(({ sink, up, queuedFrames }) => ({ name: sink, up, waiting: queuedFrames })),
    clocks: clockOffsets,
    dropped: total(dropped) + sinks.reduce((sum, each) => sum + total(each.dropped), 0),
    series,
    logUp: frames === undefined ? undefined : frames.stats().trouble === undefined,
    behindMs: behindMs(),
    history: store !== undefined,
    // Nothing kept has no first.
    since: store?.lastStats?.minMs ? store.lastStats.minMs / 1000 : undefined,
  };
}

function total(counts: SinkStats['dropped']): number {
  return [...counts.values()].reduce((a, b) => a + b, 0);
}

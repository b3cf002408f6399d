/** The collector's numbers about itself: which counter of which part is behind which `plimsoll_` metric. */
import { byKey, type Reading, type SelfMetrics, single } from '../src/self/metrics.ts';
import type { Aggregator } from './aggregate/aggregator.ts';
import { exposeStore } from './exposedstore.ts';
import type { Ingest } from './ingest/ingest.ts';
import type { FrameLog, FrameLogStats } from './log/framelog.ts';
import type { Fanout } from './sinks/fanout.ts';
import type { KeptStore } from './store/store.ts';
import type { SinkStats } from './sinks/account.ts';

export interface ExposedParts {
  readonly aggregator: Aggregator;
  readonly ingest: Ingest;
  readonly fanout: Fanout;
  /** Undefined where nothing is kept. */
  readonly frames: FrameLog | undefined;
  /** Undefined where there is none. */
  readonly store: KeptStore | undefined;
  /** How far windows are behind while they are caught up with, in milliseconds; undefined when they are not. */
  readonly behindMs: () => number | undefined;
}

/** Registers them; answers the counters of requests refused before any route, for the HTTP server to fill. */
export function exposeCollector(
  self: SelfMetrics,
  { aggregator, ingest, fanout, frames, store, behindMs }: ExposedParts,
): Map<string, number> {
  const refused = new Map<string, number>();
  self.expose('plimsoll_http_refused_total', () => byKey(refused));
  exposeIngest(self, ingest);
  exposeAggregator(self, aggregator, ingest);
  exposeSinks(self, fanout);
  exposeLog(self, frames);
  exposeStore(self, store);
  self.expose('plimsoll_collector_catching_up', () => single(behindMs() === undefined ? 0 : 1));
  self.expose('plimsoll_collector_behind_seconds', () => single((behindMs() ?? 0) / 1000));
  return refused;
}

/** What counts in them. */
export function countingIn(refused: Map<string, number>): (reason: string) => void {
  return (reason) => void refused.set(reason, (refused.get(reason) ?? 0) + 1);
}

function exposeIngest(self: SelfMetrics, ingest: Ingest): void {
  self.expose('plimsoll_collector_batches_total', () => byKey(ingest.stats().batches));
  self.expose('plimsoll_collector_batches_missing_total', () => single(ingest.stats().missingBatches));
  self.expose('plimsoll_collector_bytes_total', () => single(ingest.stats().bytes));
  self.expose('plimsoll_collector_dictionary_bytes', () => single(ingest.stats().dictionaryBytes));
  self.expose('plimsoll_collector_dictionary_limit_bytes', () => single(ingest.stats().dictionaryLimitBytes));
  self.expose('plimsoll_collector_sessions', () => single(ingest.stats().sessions));
  self.expose('plimsoll_collector_agent_clock_offset_seconds', () =>
    byKey(new Map([...ingest.stats().clockOffsets].map(([node, ms]) => [node, ms / 1000]))),
  );
  self.expose('plimsoll_collector_sessions_evicted_total', () => byKey(ingest.stats().sessionsEvicted));
}

/** A number in a table. */
export const CELL_BYTES = 8;

/** Reasons that the ingest alone drops for: what the aggregation refuses of a batch is in the aggregation's own count. */
const BEFORE_AGGREGATION = ['unknown_metric', 'series_limit'];

function exposeAggregator(self: SelfMetrics, aggregator: Aggregator, ingest: Ingest): void {
  const early = () =>
    new Map(BEFORE_AGGREGATION.map((reason) => [reason, ingest.stats().samplesDropped.get(reason) ?? 0]));
  self.expose('plimsoll_collector_samples_received_total', () => {
    const before = [...early().values()].reduce((a, b) => a + b, 0);
    return single(aggregator.stats().received + before);
  });
  self.expose('plimsoll_collector_samples_accepted_total', () => single(aggregator.stats().processed));
  self.expose('plimsoll_collector_samples_dropped_total', () => {
    const dropped = new Map(aggregator.stats().dropped);
    for (const [reason, count] of early()) if (count > 0) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    return byKey(dropped);
  });
  self.expose('plimsoll_collector_samples_pending', () => single(aggregator.stats().pendingSamples));
  self.expose('plimsoll_collector_waiting_bytes', () => single(aggregator.stats().pendingCells * CELL_BYTES));
  self.expose('plimsoll_collector_waiting_limit_bytes', () => single(aggregator.stats().maxPendingCells * CELL_BYTES));
  self.expose('plimsoll_collector_tables_refused_total', () => single(aggregator.stats().tablesRefused));
  self.expose('plimsoll_collector_series', () => single(aggregator.stats().series));
  self.expose('plimsoll_collector_groups', () => single(aggregator.stats().groups));
  self.expose('plimsoll_collector_groups_refused_total', () => byKey(aggregator.stats().groupsRefused));
  self.expose('plimsoll_collector_evictions_total', () => byKey(aggregator.stats().evicted));
  self.expose('plimsoll_collector_increases_total', () => byKey(new Map(Object.entries(aggregator.stats().increases))));
  self.expose('plimsoll_collector_windows_total', () => single(aggregator.stats().frames));
  self.expose('plimsoll_collector_late_windows_total', () => single(aggregator.stats().lateFrames));
  self.expose('plimsoll_collector_late_samples_total', () => single(aggregator.stats().late));
  self.expose('plimsoll_collector_last_window_seconds', () => {
    const endMs = aggregator.stats().closedEndMs;
    return endMs > 0 ? single(endMs / 1000) : [];
  });
}

function exposeSinks(self: SelfMetrics, fanout: Fanout): void {
  const each = (value: (stats: SinkStats) => number) => () => fanout.stats().map((s): Reading => [[s.sink], value(s)]);
  self.expose(
    'plimsoll_sink_samples_received_total',
    each((s) => s.received),
  );
  self.expose(
    'plimsoll_sink_samples_delivered_total',
    each((s) => s.delivered),
  );
  self.expose('plimsoll_sink_samples_dropped_total', () => fanout.stats().flatMap((s) => byKey(s.dropped, s.sink)));
  self.expose(
    'plimsoll_sink_queue_samples',
    each((s) => s.queuedSamples),
  );
  self.expose(
    'plimsoll_sink_queue_frames',
    each((s) => s.queuedFrames),
  );
  self.expose(
    'plimsoll_sink_retries_total',
    each((s) => s.retries),
  );
  self.expose(
    'plimsoll_sink_up',
    each((s) => (s.up ? 1 : 0)),
  );
  self.expose(
    'plimsoll_sink_last_success_seconds',
    each((s) => s.lastSuccessMs / 1000),
  );
}

/** Absent where nothing is kept. */
function exposeLog(self: SelfMetrics, frames: FrameLog | undefined): void {
  const one = (value: (stats: FrameLogStats) => number) => () =>
    frames === undefined ? [] : single(value(frames.stats()));
  self.expose(
    'plimsoll_log_bytes',
    one(({ bytes }) => bytes),
  );
  self.expose(
    'plimsoll_log_segments',
    one(({ segments }) => segments),
  );
  self.expose(
    'plimsoll_log_windows_total',
    one((stats) => stats.frames),
  );
  self.expose(
    'plimsoll_log_samples_total',
    one(({ samples }) => samples),
  );
  self.expose(
    'plimsoll_log_written_bytes_total',
    one(({ bytesWritten }) => bytesWritten),
  );
  self.expose(
    'plimsoll_log_failures_total',
    one(({ failures }) => failures),
  );
  self.expose(
    'plimsoll_log_damaged_segments_total',
    one(({ damaged }) => damaged),
  );
  self.expose(
    'plimsoll_log_up',
    one(({ trouble }) => (trouble === undefined ? 1 : 0)),
  );
  self.expose(
    'plimsoll_log_unwritten_windows',
    one(({ waiting }) => waiting),
  );
  self.expose('plimsoll_log_durable_seconds', () => {
    const endMs = frames?.stats().durableEndMs ?? 0;
    return endMs > 0 ? single(endMs / 1000) : [];
  });
}

/** What the aggregation says about itself. Samples are accounted for: received = processed + dropped + pending, at any moment. */
import type { IncreaseCounts } from './increase.ts';
import type { AggregatorState } from './state.ts';

export interface AggregatorStats {
  /** Samples in all batches pushed. */
  readonly received: number;
  /** Samples that went into a frame. */
  readonly processed: number;
  /** Of those, samples of readings that were there already, which change nothing. */
  readonly repeated: number;
  /** Of those, samples of windows that had been closed without their node: they are in late frames. */
  readonly late: number;
  /** Samples dropped, by reason: on arrival `too_late`, `in_future`, `not_finite`, `implausible`, `pending_limit`; later `duplicate_time`, `series_limit`, `node_limit`, `clock_set_back`. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Samples that wait for their window, or are in the one being closed. */
  readonly pendingSamples: number;
  readonly pendingBatches: number;
  /** Their memory, in cells of 8 bytes: what `maxPendingCells` limits. */
  readonly pendingCells: number;
  readonly maxPendingCells: number;
  readonly rows: number;
  /** Rows x columns: what `maxSeries` limits. */
  readonly series: number;
  readonly entities: number;
  readonly groups: number;
  readonly nodes: number;
  /** `stale_row`, `stale_group`, `stale_node`, `clock_set_back`; `silent_node`: rows of a node that could have come back late, for a cap. */
  readonly evicted: ReadonlyMap<string, number>;
  /** Tables, or parts of them, for which there was no room to wait, whatever numbers they held. */
  readonly tablesRefused: number;
  /** By level: times that a container was left out of it, per window, for the cap on groups. */
  readonly groupsRefused: ReadonlyMap<string, number>;
  readonly increases: Readonly<IncreaseCounts>;
  /** The end of the last closed window, Unix milliseconds; 0 before there is one. */
  readonly closedEndMs: number;
  readonly frames: number;
  /** Late ones. */
  readonly lateFrames: number;
}

/** What the state does not know. */
export type OuterStats = Pick<
  AggregatorStats,
  'received' | 'pendingSamples' | 'pendingBatches' | 'pendingCells' | 'closedEndMs' | 'frames' | 'lateFrames'
>;

export function statsOf(state: AggregatorState, outer: OuterStats): AggregatorStats {
  let rows = 0;
  for (const series of state.series.values()) rows += series.live;
  return {
    ...outer,
    processed: state.processed,
    repeated: state.repeated,
    late: state.late,
    maxPendingCells: state.options.maxPendingCells,
    dropped: state.dropped.snapshot(),
    rows,
    series: state.liveSeries,
    entities: state.entities.live,
    groups: state.groups.live,
    nodes: state.nodes.live,
    evicted: state.evicted.snapshot(),
    tablesRefused: state.tablesRefused,
    groupsRefused: state.groupsRefused.snapshot(),
    increases: { ...state.increases },
  };
}

/** What the ingest has counted. Samples: received = accepted + the sum of dropped, after every batch. */
export interface IngestStats {
  /** By result: `accepted`, `duplicate`, `refused_<reason>`. */
  readonly batches: ReadonlyMap<string, number>;
  /** Bytes of bodies as received, and unpacked. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly samplesReceived: number;
  readonly samplesAccepted: number;
  /** By reason: `unknown_metric`, `series_limit`, and those of the aggregation. */
  readonly samplesDropped: ReadonlyMap<string, number>;
  /** Batches that an agent numbered and that never came. */
  readonly missingBatches: number;
  readonly sessions: number;
  /** By node, of those that say when they send: the agent's clock minus ours, in milliseconds. */
  readonly clockOffsets: ReadonlyMap<string, number>;
  /** Sessions ended, by reason: `stale`, `replaced`, `failed`. */
  readonly sessionsEvicted: ReadonlyMap<string, number>;
  /** Series held against the cap. */
  readonly series: number;
  /** Memory that the dictionaries take, as reckoned, and may take. */
  readonly dictionaryBytes: number;
  readonly dictionaryLimitBytes: number;
}

/** The counters that the ingest changes as it goes. */
export interface Tally {
  readonly batches: Map<string, number>;
  bytes: number;
  unpackedBytes: number;
  samplesReceived: number;
  samplesAccepted: number;
  readonly samplesDropped: Map<string, number>;
  missingBatches: number;
}

export function createTally(): Tally {
  return {
    batches: new Map(),
    bytes: 0,
    unpackedBytes: 0,
    samplesReceived: 0,
    samplesAccepted: 0,
    samplesDropped: new Map(),
    missingBatches: 0,
  };
}

/** Adds to one counter of a map. */
export function add(counts: Map<string, number>, key: string, by = 1): void {
  if (by !== 0) counts.set(key, (counts.get(key) ?? 0) + by);
}

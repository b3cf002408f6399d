/**
 * What the parts of the store are to each other, and the store to the rest of the collector. `part/` makes, reads, merges and thins out the
 * immutable files; the head, the cursor of the log, manifest, retention and the thread around all of it are beside it; routes and receivers speak
 * to a `Store`, from the main thread.
 */
import type { LabelPair, Labels } from '../../src/model/labels.ts';
import type { Column } from '../../src/model/shape.ts';
import type { Matcher, MetricInfo, Points, Selection, Series } from '../query/source.ts';
import type { QueryAnswer, QueryRequest } from '../query/query.ts';

// ---- rows: what the head seals and parts hold -------------------------------------------------------------------------------------------------

/**
 * One row over time: a container in a family, a group of a level, or a received series (then of one column). All its columns share its times.
 * `cells[c][i]` is NaN where column c has nothing at `timesMs[i]`: if it had something before, it is stale from there on. A row that has left altogether has
 * a time at which all its cells are NaN.
 */
export interface RowChunk {
  /** Without `__name__` and without the labels that columns fix. */
  readonly labels: Labels;
  /** Integer Unix milliseconds, strictly ascending. */
  readonly timesMs: Float64Array;
  readonly cells: readonly Float64Array[];
  /** By column: positions at which NaN is a measured number (only received series have such). */
  readonly nans?: readonly (ReadonlySet<number> | undefined)[];
  /** Downsamples of gauges: per column what each point stands for; `cells` are then averages (sum over count). Counters have none: they keep readings, as `part/thin.ts` says. */
  readonly folds?: readonly (Folds | undefined)[];
  /** All of it as a part has it, to be written as it is; then there are no `cells`. */
  readonly encoded?: readonly EncodedSlice[];
}

/** A slice of a row in the bytes of a part. */
export interface EncodedSlice {
  readonly slice: number;
  /** Where its times are among the row's. */
  readonly from: number;
  readonly to: number;
  /** By column; of no length where there is nothing. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

export interface Folds {
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Rows with the same columns: a family at the level of containers, a level's table, or received series with one metric. */
export interface TableChunk {
  readonly level: string;
  readonly measurement: string;
  /** In parts: of metric, field, labels, kind, unit and help all are kept. */
  readonly columns: readonly Column[];
  /** Sorted by `labels.key`, each label set once. Taken once, one row in memory at a time. */
  readonly rows: Iterable<RowChunk>;
}

// ---- parts: immutable files (collector/store/part) ---------------------------------------------------------------------------------------------

/** A file system that can be stopped between any two calls: tests bring their own; sync, because parts are made on the store's own thread. */
export interface PartFiles {
  write(name: string, chunks: Iterable<Uint8Array>): void;
  /** Synced, with the folder, when it returns. `write` goes to a name that nobody reads; `rename` makes it visible. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  list(): string[];
  size(name: string): number;
  open(name: string): PartFile;
}

export interface PartFile {
  readonly size: number;
  read(at: number, length: number): Uint8Array;
  close(): void;
}

/** What a part says of itself in its footer, and the manifest repeats. */
export interface PartInfo {
  readonly name: string;
  readonly bytes: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** 0: raw. */
  readonly resolutionMs: number;
  readonly rows: number;
  readonly series: number;
  readonly samples: number;
}

/** Where somebody has deleted: samples of what matches, in the time range, are not there. */
export interface Tombstone {
  readonly matchers: readonly Matcher[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** An open part. Damage in a block throws a PartDamage that names file, table and place; the other blocks can be read. */
export interface Part {
  readonly info: PartInfo;
  /** One series at a time; each label set once. `endsToo`: also series that have no sample here, but may end here what an older part has. */
  select(selection: Selection, endsToo?: boolean): Iterable<PartSeries>;
  labelNames(matchers: readonly Matcher[]): Iterable<string>;
  labelValues(name: string, matchers: readonly Matcher[]): Iterable<string>;
  labelSets(matchers: readonly Matcher[]): Iterable<Labels>;
  metadata(): Iterable<MetricInfo>;
  /** Everything in it, in order, for merging and export. */
  tables(): Iterable<TableChunk>;
  /** Bytes by level and metric, and by label name in the index. */
  sizes(): { readonly metrics: ReadonlyMap<string, number>; readonly labels: ReadonlyMap<string, number> };
  /** Reads every block; what is wrong, in words. */
  check(): string[];
  close(): void;
}

export interface PartSeries extends Series {
  /** Adds this part's points behind those that are in `into` already (an older part's); only times after its last, if it has any. */
  append(into: Points): void;
}

// ---- the store as the rest of the collector sees it (main thread) ------------------------------------------------------------------------------

/** One received series and its samples: from remote-write, line protocol, an import. */
export interface ReceivedSeries {
  /** Sorted, `__name__` among them, no empty values. */
  readonly labels: Labels;
  readonly timesMs: Float64Array | readonly number[];
  /** NaN at a position in `stale` is a stale marker, elsewhere a measured NaN. */
  readonly values: Float64Array | readonly number[];
  readonly stale?: readonly number[];
}

/** received = accepted + the sum of dropped. Resolves when what was accepted is on disk. */
export interface WriteOutcome {
  readonly accepted: number;
  /** By reason: `too_old`, `too_far_ahead`, `duplicate` (same time, other value), `max_series`, `bad_labels`, `unwritable`. */
  readonly dropped: ReadonlyMap<string, number>;
  /** The first of them, for people. */
  readonly problem?: string;
}

export interface Scope {
  readonly matchers: readonly (readonly Matcher[])[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit?: number;
}

/** A series' samples on their way out. */
export interface ExportedSeries {
  readonly labels: readonly LabelPair[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly ends: readonly number[];
}

export interface Store {
  /** Rejects with a QueryError. An aborted signal ends the query on its thread soon after. */
  query(request: QueryRequest, signal?: AbortSignal): Promise<QueryAnswer>;
  labelNames(scope: Scope): Promise<string[]>;
  labelValues(name: string, scope: Scope): Promise<string[]>;
  series(scope: Scope): Promise<(readonly LabelPair[])[]>;
  metadata(): Promise<MetricInfo[]>;
  /** In pieces, so that neither thread holds it all; ends early when the consumer does. */
  export(scope: Scope): AsyncIterable<readonly ExportedSeries[]>;
  write(series: readonly ReceivedSeries[], info?: readonly MetricInfo[]): Promise<WriteOutcome>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}

export interface StoreStats {
  readonly bytes: number;
  readonly parts: number;
  readonly series: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Samples that were taken, by where they are from: `log`, `received`. */
  readonly taken: ReadonlyMap<string, number>;
  readonly dropped: ReadonlyMap<string, number>;
  readonly damaged: number;
  /** What the disk said last; undefined while it takes everything. */
  readonly trouble: string | undefined;
}

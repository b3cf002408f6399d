/**
 * The contract of a spool: the batches that the collector has not acknowledged, in order. In memory for now (memory.ts); one on disk
 * keeps each batch in a form that needs no other, for example as a full body of the wire.
 */
import type { Batch } from '../../src/model/batch.ts';

/** A batch that is waiting, and how many numbers it holds. */
export interface Waiting {
  readonly batch: Batch;
  readonly samples: number;
}

/**
 * Guarantees: used by one sender, which does not call `peek` while one has not settled, nor `ack` without a batch from `peek`.
 * `append` may be called at any time and never displaces the batch that `peek` gave last: it may be on its way.
 */
export interface Spool {
  /** Puts a batch at the end, without waiting. What had to make room, oldest first, possibly the new one, is lost: the caller counts it. */
  append(waiting: Waiting): readonly Waiting[];
  /** The oldest batch, which stays the oldest until `ack`; undefined if there is none. */
  peek(): Promise<Waiting | undefined>;
  /** Removes the batch that `peek` gave, at once: acknowledged, or given up. */
  ack(): void;
  /** The end. Answers what it cannot keep for the next start, which is lost. */
  close(): readonly Waiting[];
  /** What is waiting. Bytes are those that the spool uses. */
  readonly size: SpoolSize;
}

export interface SpoolSize {
  readonly batches: number;
  readonly samples: number;
  readonly bytes: number;
}

/** A spool in memory, bounded in batches and bytes. When it is full the oldest batch goes, except the one that is being sent. */
import type { Batch } from '../../src/model/batch.ts';
import type { Spool, Waiting } from './spool.ts';

export interface MemorySpoolOptions {
  readonly maxBatches: number;
  readonly maxBytes: number;
}

/** What an empty batch, and an empty table, take. */
const BATCH_BYTES = 200;
const TABLE_BYTES = 400;

export function memorySpool({ maxBatches, maxBytes }: MemorySpoolOptions): Spool {
  const queue: Waiting[] = [];
  let bytes = 0;
  let samples = 0;
  let peeked = false;

  function add(waiting: Waiting): void {
    queue.push(waiting);
    bytes += bytesOf(waiting.batch);
    samples += waiting.samples;
  }

  function take(at: number): Waiting[] {
    const taken = queue.splice(at, 1);
    for (const waiting of taken) {
      bytes -= bytesOf(waiting.batch);
      samples -= waiting.samples;
    }
    return taken;
  }

  return {
    append(waiting) {
      add(waiting);
      const displaced: Waiting[] = [];
      const first = peeked ? 1 : 0;
      while ((queue.length > maxBatches || bytes > maxBytes) && queue.length > first) displaced.push(...take(first));
      return displaced;
    },
    async peek() {
      peeked = queue.length > 0;
      return queue[0];
    },
    ack() {
      if (peeked) take(0);
      peeked = false;
    },
    close() {
      peeked = false;
      bytes = 0;
      samples = 0;
      return queue.splice(0);
    },
    get size() {
      return { batches: queue.length, samples, bytes };
    },
  };
}

/** Memory of a batch's own arrays; its rows belong to the sources. */
function bytesOf(batch: Batch): number {
  return batch.tables.reduce(
    (sum, { rows, values }) => sum + TABLE_BYTES + 8 * (values.length + 2 * rows.length),
    BATCH_BYTES,
  );
}

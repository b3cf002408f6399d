/**
 * Batches to the collector, in order, one at a time. A batch leaves the queue when the collector has acknowledged it or will never
 * take it; until then the same bytes are sent again. Nothing here makes the tick wait.
 */
import type { Log } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { countSamples } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Encoder } from '../../src/wire/encode.ts';
import { type ClientOptions, createClient } from './client.ts';
import { Ledger, type SenderStats } from './ledger.ts';
import { memorySpool } from './memory.ts';
import type { Spool } from './spool.ts';
import { Worker } from './worker.ts';

export interface SenderOptions extends Omit<ClientOptions, 'now'> {
  /** For the batches' node and session; nobody else may use it. */
  readonly encoder: Encoder;
  readonly clock: Clock;
  readonly log: Log;
  /** The queue in memory, unless a `spool` is given. */
  readonly maxBatches: number;
  readonly maxBytes: number;
  readonly spool?: Spool | undefined;
  /** First and longest wait after a failure. 1 s, 60 s. */
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
  /** Wait while the collector refuses us as such: a wrong token, a wrong address, another version. 60 s. */
  readonly slowRetryMs?: number;
  /** `Math.random` unless a test decides. */
  readonly random?: () => number;
}

export interface Sender {
  /** Queues a batch. Does not wait and does not throw. */
  offer(batch: Batch): void;
  stats(): SenderStats;
  /** Tries to empty the queue, for at most so long; what is left then is counted as dropped, `shutdown`. May be called twice. */
  close(deadlineMs: number): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const { clock, maxBatches, maxBytes, spool = memorySpool({ maxBatches, maxBytes }) } = options;
  const { firstRetryMs = 1000, maxRetryMs = 60_000, slowRetryMs = 60_000, random = Math.random } = options;
  const client = createClient({ ...options, now: () => clock.now() });
  const ledger = new Ledger();
  const worker = new Worker({ ...options, client, spool, ledger, firstRetryMs, maxRetryMs, slowRetryMs, random });
  let closed: Promise<void> | undefined;

  async function close(deadlineMs: number): Promise<void> {
    const cancel = clock.after(deadlineMs, () => worker.stop());
    await worker.finish();
    cancel();
    let lost = 0;
    for (const { samples } of spool.close()) {
      ledger.drop('shutdown', samples);
      lost += samples;
    }
    // The last that is heard of them: nobody will read the metrics any more.
    if (lost > 0) options.log.warn({ samples: lost }, 'stopped before all was delivered; the rest is lost');
    await client.close();
  }

  return {
    offer(batch) {
      const samples = batch.tables.reduce((sum, table) => sum + countSamples(table), 0);
      ledger.offer(samples);
      if (closed) {
        ledger.drop('shutdown', samples);
        return;
      }
      for (const displaced of spool.append({ batch, samples })) ledger.drop('queue_full', displaced.samples);
      worker.wake();
    },
    stats: () => ledger.stats(spool.size, worker.inFlight),
    close: (deadlineMs) => {
      closed ??= close(deadlineMs);
      return closed;
    },
  };
}

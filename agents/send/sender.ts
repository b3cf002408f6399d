/**
 * Batches to the collector, in order, one at a time. A batch leaves the spool when the collector has it durably or will never
 * take it; until then it is kept, in memory or, when that takes long, on disk. Nothing here makes the tick wait.
 */
import type { Log } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { countSamples } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Encoder } from '../../src/wire/encode.ts';
import { createClient, type Destination } from './client.ts';
import type { Disk, Opened, Place } from './disk.ts';
import { Ledger, type SenderStats } from './ledger.ts';
import { Spiller, type SpillTimes } from './spill.ts';
import { Spool } from './spool.ts';
import { Worker } from './worker.ts';

export interface SenderOptions extends Destination {
  /** For the batches' node and session; nobody else may use it. */
  readonly encoder: Encoder;
  readonly clock: Clock;
  readonly log: Log;
  /** What may be in memory. */
  readonly maxBatches: number;
  readonly maxBytes: number;
  /** Where batches go that are not durable after `spillAfterMs`, or at the end; what it had `left` is sent first. */
  readonly disk?: Disk | undefined;
  readonly left?: readonly Place[];
  /** Files of it that were found damaged. */
  readonly damaged?: number;
  readonly spill?: SpillTimes;
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
  /** What an earlier run left on disk has been found after the start: it is sent before what waits. */
  adopt(found: Pick<Opened, 'left' | 'damaged'>): void;
  stats(): SenderStats;
  /**
   * Tries to empty the queue, for at most so long. What is left then is on disk or, without one, counted as dropped, `shutdown`; what
   * the collector has taken counts as acknowledged. May be called twice.
   */
  close(deadlineMs: number): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const { clock, log, maxBatches, maxBytes, disk, left = [], damaged = 0, spill = { tickMs: 10_000 } } = options;
  const { firstRetryMs = 1000, maxRetryMs = 60_000, slowRetryMs = 60_000, random = Math.random } = options;
  const client = createClient({ ...options, now: () => clock.now() });
  const ledger = new Ledger();
  const spool = new Spool({ maxBatches, maxBytes });
  takeOver(left, damaged);
  const spiller = disk && new Spiller({ spool, disk, ledger, clock, log, ...spill });
  const parts = { client, spool, disk, spiller, ledger };
  const worker = new Worker({ ...options, ...parts, firstRetryMs, maxRetryMs, slowRetryMs, random });
  let closed: Promise<void> | undefined;

  function takeOver(places: readonly Place[], damagedFiles: number): void {
    ledger.spoolDamaged += damagedFiles;
    for (const { about } of places) ledger.offer(about.samples);
    spool.restore(places, clock.monotonic());
  }

  async function close(deadlineMs: number): Promise<void> {
    const cancel = clock.after(deadlineMs, () => worker.stop());
    await worker.finish();
    cancel();
    await spiller?.flush();
    const lost = giveUpMemory();
    // The last that is heard of them: nobody will read the metrics any more.
    if (lost > 0) log.warn({ samples: lost }, 'stopped before all was delivered; the rest is lost');
    const { batches } = spool.size;
    if (batches > 0)
      log.info({ batches }, 'stopped before all was on the collector’s disk; the rest is on ours, for the next start');
    await disk?.close();
    await client.close();
  }

  /** What could not be kept; answers how many samples are lost by that. */
  function giveUpMemory(): number {
    let lost = 0;
    for (const held of spool.inMemorySince(Number.POSITIVE_INFINITY)) {
      if (held.taken === undefined) lost += held.about.samples;
      spool.remove(held);
      ledger.giveUp(held, 'shutdown');
    }
    return lost;
  }

  return {
    offer(batch) {
      const samples = batch.tables.reduce((sum, table) => sum + countSamples(table), 0);
      ledger.offer(samples);
      if (closed) {
        ledger.drop('shutdown', samples);
        return;
      }
      for (const held of spool.append(batch, samples, clock.monotonic())) ledger.giveUp(held, 'queue_full');
      spiller?.look();
      worker.wake();
    },
    adopt({ left: found, damaged: files }) {
      // Otherwise it is for the next run.
      if (closed) return;
      takeOver(found, files.length);
      worker.wake();
    },
    stats: () =>
      ledger.stats(spool.size, { inFlight: worker.inFlight, spooled: disk?.size ?? { batches: 0, bytes: 0 } }),
    close: (deadlineMs) => {
      closed ??= close(deadlineMs);
      return closed;
    },
  };
}

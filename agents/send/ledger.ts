/**
 * The sender's books. At any moment, in batches and in samples: offered = acknowledged + the sum of dropped + queued. What is being
 * sent, and what the collector has taken and may lose, counts as queued until its fate is known. What an earlier run left counts as offered.
 */

import type { Held, SpoolSize } from './spool.ts';

export interface Amount {
  readonly batches: number;
  readonly samples: number;
}

export interface SenderStats {
  readonly offered: Amount;
  /** Samples that the collector counted as dropped are in `dropped`, under its reasons, in a batch that is acknowledged. */
  readonly acknowledged: Amount;
  readonly queued: Amount;
  /** Batches of those that the collector has taken and that are not durable there. */
  readonly taken: number;
  /** By reason: `queue_full`, `spool_full`, `spool_age`, `spool_damaged`, `refused`, `unencodable`, `shutdown`, and `collector_<reason>`. */
  readonly dropped: ReadonlyMap<string, Amount>;
  /** Memory of the queue. */
  readonly queuedBytes: number;
  readonly inFlight: boolean;
  /** What is on disk. */
  readonly spooled: { readonly batches: number; readonly bytes: number };
  /** Times that batches could not be written to the disk, and things found damaged there. */
  readonly spoolErrors: number;
  readonly spoolDamaged: number;
  /** Requests after the first for the same batch. */
  readonly retries: number;
  /** Batches sent in full because the collector asked for it. */
  readonly resyncs: number;
  /** Times that what was taken was sent again, because the collector was restarted. */
  readonly rewinds: number;
  /** Bytes of bodies sent, compressed, retries included. */
  readonly sentBytes: number;
  /** When the collector last acknowledged, Unix milliseconds; 0 if never. */
  readonly lastAcknowledgedMs: number;
}

/** Different reasons that are told apart; a collector's beyond these are one. */
const MAX_REASONS = 64;

export class Ledger {
  readonly #offered = none();
  readonly #acknowledged = none();
  readonly #dropped = new Map<string, Total>();
  retries = 0;
  resyncs = 0;
  rewinds = 0;
  spoolErrors = 0;
  spoolDamaged = 0;
  sentBytes = 0;
  lastAcknowledgedMs = 0;

  stats(
    { batches, samples, bytes, taken }: SpoolSize,
    { inFlight, spooled }: Pick<SenderStats, 'inFlight' | 'spooled'>,
  ): SenderStats {
    const { retries, resyncs, rewinds, spoolErrors, spoolDamaged, sentBytes, lastAcknowledgedMs } = this;
    return {
      offered: { ...this.#offered },
      acknowledged: { ...this.#acknowledged },
      queued: { batches, samples },
      taken,
      dropped: new Map([...this.#dropped].map(([reason, total]) => [reason, { ...total }])),
      queuedBytes: bytes,
      inFlight,
      spooled,
      spoolErrors,
      spoolDamaged,
      retries,
      resyncs,
      rewinds,
      sentBytes,
      lastAcknowledgedMs,
    };
  }

  offer(samples: number): void {
    this.#offered.batches++;
    this.#offered.samples += samples;
  }

  drop(reason: string, samples: number): void {
    this.#lose(reason, 1, samples);
  }

  /** It is kept no more, and not because it was durable: what the collector has taken is not lost by that. */
  giveUp({ about, taken }: Held, reason: string): void {
    if (taken === undefined) this.drop(reason, about.samples);
    else this.acknowledge(about.samples, taken);
  }

  /** `lost`: what the collector says it dropped of the batch; never believed to be more than the batch held. */
  acknowledge(samples: number, lost: ReadonlyMap<string, number>): void {
    let left = samples;
    for (const [reason, claimed] of lost) {
      const believed = Math.min(left, claimed);
      if (believed > 0) this.#lose(`collector_${reason}`, 0, believed);
      left -= believed;
    }
    this.#acknowledged.batches++;
    this.#acknowledged.samples += left;
  }

  #lose(reason: string, batches: number, samples: number): void {
    const key = this.#dropped.has(reason) || this.#dropped.size < MAX_REASONS ? reason : 'collector_other';
    const total = this.#dropped.get(key) ?? none();
    total.batches += batches;
    total.samples += samples;
    this.#dropped.set(key, total);
  }
}

interface Total {
  batches: number;
  samples: number;
}

function none(): Total {
  return { batches: 0, samples: 0 };
}

/**
 * The sender's books. At any moment, in batches and in samples: offered = acknowledged + the sum of dropped + queued. What is being
 * sent counts as queued until its fate is known.
 */

import type { SpoolSize } from './spool.ts';

export interface Amount {
  readonly batches: number;
  readonly samples: number;
}

export interface SenderStats {
  readonly offered: Amount;
  /** Samples that the collector counted as dropped are in `dropped`, under its reasons, in a batch that is acknowledged. */
  readonly acknowledged: Amount;
  readonly queued: Amount;
  /** By reason: `queue_full`, `refused`, `unencodable`, `shutdown`, and `collector_<reason>`. */
  readonly dropped: ReadonlyMap<string, Amount>;
  /** Memory of the queue. */
  readonly queuedBytes: number;
  readonly inFlight: boolean;
  /** Requests after the first for the same batch. */
  readonly retries: number;
  /** Batches sent in full because the collector asked for it. */
  readonly resyncs: number;
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
  sentBytes = 0;
  lastAcknowledgedMs = 0;

  stats({ batches, samples, bytes }: SpoolSize, inFlight: boolean): SenderStats {
    const { retries, resyncs, sentBytes, lastAcknowledgedMs } = this;
    return {
      offered: { ...this.#offered },
      acknowledged: { ...this.#acknowledged },
      queued: { batches, samples },
      dropped: new Map([...this.#dropped].map(([reason, total]) => [reason, { ...total }])),
      queuedBytes: bytes,
      inFlight,
      retries,
      resyncs,
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

/**
 * The books of one sink. At every moment: received = delivered + dropped, over all reasons, + queued. Says in the log when
 * delivering begins to fail, why, and when it works again, not at each attempt.
 */
import type { SinkError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { Delivery } from './sink.ts';

/** All counts are samples unless named otherwise. */
export interface SinkStats {
  readonly sink: string;
  readonly received: number;
  readonly delivered: number;
  readonly dropped: ReadonlyMap<string, number>;
  readonly queuedFrames: number;
  readonly queuedSamples: number;
  /** Deliveries that had to be tried again. */
  readonly retries: number;
  /** Whether the last attempt was taken, in part at least; true before the first. */
  readonly up: boolean;
  /** What went wrong last, or undefined if nothing did. */
  readonly lastError: string | undefined;
  /** Unix milliseconds; 0 before the first success. */
  readonly lastSuccessMs: number;
}

/** What of a sink's books goes on across restarts where its queue is on disk. */
export interface Books {
  readonly received: number;
  readonly delivered: number;
  readonly dropped: ReadonlyMap<string, number>;
}

const EMPTY: Books = { received: 0, delivered: 0, dropped: new Map() };

export interface Account {
  receive(samples: number): void;
  drop(reason: string, samples: number): void;
  /** The far side took a frame of `samples`, or parts of it. */
  settle(samples: number, delivery: Delivery, nowMs: number): void;
  /** An attempt failed and will be made again. */
  retry(error: SinkError): void;
  /** A frame of `samples` is given up. */
  giveUp(samples: number, error: SinkError): void;
  books(): Books;
  stats(queue: { readonly frames: number; readonly samples: number }): SinkStats;
}

export function createAccount(sink: string, log: Log, earlier: Books = EMPTY): Account {
  let { received, delivered } = earlier;
  let retries = 0;
  let lastError: string | undefined;
  let lastSuccessMs = 0;
  const dropped = new Map<string, number>(earlier.dropped);
  /** What the log was last told, empty while all is well. */
  let trouble = '';
  let full = false;

  function drop(reason: string, samples: number): void {
    if (samples > 0) dropped.set(reason, (dropped.get(reason) ?? 0) + samples);
  }

  function worry(reason: string, message: string): void {
    lastError = message;
    if (trouble !== reason) log.warn({ sink, reason }, message);
    trouble = reason;
  }

  return {
    receive(samples) {
      received += samples;
    },
    drop(reason, samples) {
      drop(reason, samples);
      if (samples === 0 || reason !== 'queue_full') return;
      if (!full) log.warn({ sink }, 'the queue is full: the oldest windows are dropped');
      full = true;
    },
    settle(samples, delivery, nowMs) {
      // A sink that counts wrongly must not spoil the books: what it did not account for is a loss of its own kind.
      let rest = samples;
      for (const [reason, count] of delivery.dropped) {
        const lost = Math.min(rest, Math.max(0, count));
        drop(reason, lost);
        rest -= lost;
      }
      const taken = Math.min(rest, Math.max(0, delivery.delivered));
      delivered += taken;
      drop('unaccounted', rest - taken);
      full = false;
      if (taken === 0 && samples > 0) return worry('refused', delivery.problem ?? 'nothing of it was taken');
      lastSuccessMs = nowMs;
      if (delivery.problem !== undefined) return worry('partly', delivery.problem);
      if (trouble !== '' && trouble !== 'partly') log.info({ sink }, 'delivering again');
      trouble = '';
    },
    retry(error) {
      retries++;
      worry(error.reason, error.message);
    },
    giveUp(samples, error) {
      drop(error.reason, samples);
      worry(error.reason, error.message);
    },
    books: () => ({ received, delivered, dropped: new Map(dropped) }),
    stats: (queue) => ({
      sink,
      received,
      delivered,
      dropped: new Map(dropped),
      queuedFrames: queue.frames,
      queuedSamples: queue.samples,
      retries,
      up: trouble === '' || trouble === 'partly',
      lastError,
      lastSuccessMs,
    }),
  };
}

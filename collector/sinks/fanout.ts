/**
 * Closed windows in, each handed to every sink that wants some of it: a bounded queue and a worker per sink, so that a slow
 * or dead one delays and costs nobody else anything.
 */
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { type BackoffOptions, backoff } from '../../src/run/backoff.ts';
import type { Clock } from '../../src/run/clock.ts';
import { type Account, createAccount, type SinkStats } from './account.ts';
import { createMemoryQueue, type FrameQueue } from './queue.ts';
import type { Sink } from './sink.ts';
import { SinkWorker } from './worker.ts';

/** A sink with the room and the time it is given. */
export interface Outlet {
  readonly sink: Sink;
  /** Frames that may wait. */
  readonly maxFrames: number;
  /** Samples that may wait. */
  readonly maxSamples: number;
  /** How long one `write` may take, in milliseconds. */
  readonly deadlineMs: number;
  /** In memory and bounded by the two numbers above, with books that begin at nothing, if not given. */
  readonly kept?: { readonly queue: FrameQueue; readonly account: Account };
}

export interface FanoutOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly backoff?: BackoffOptions;
}

export interface Fanout {
  /** Hands a frame out; never waits. */
  offer(frame: Frame): void;
  /** One per sink, in their order. */
  stats(): SinkStats[];
  /** Delivers what is queued, for at most `deadlineMs` and a moment; what is left is counted as `shutdown`. May be called twice. */
  close(deadlineMs: number): Promise<void>;
}

const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 500, maxMs: 10_000 };

export function createFanout(outlets: readonly Outlet[], options: FanoutOptions): Fanout {
  const names = new Set(outlets.map((outlet) => outlet.sink.name));
  if (names.size !== outlets.length) throw new Error(`two sinks have the same name among: ${[...names].join(', ')}`);
  const { clock, log } = options;
  const workers = outlets.map(({ sink, deadlineMs, kept, ...limits }) => {
    const own = backoff(options.backoff ?? DEFAULT_BACKOFF);
    const { queue, account } = kept ?? { queue: createMemoryQueue(limits), account: createAccount(sink.name, log) };
    return new SinkWorker({ sink, deadlineMs, clock, log, backoff: own, queue, account });
  });
  return {
    offer(frame) {
      for (const worker of workers) worker.offer(frame);
    },
    stats: () => workers.map((worker) => worker.stats()),
    async close(deadlineMs) {
      await Promise.all(workers.map((worker) => worker.close(deadlineMs)));
    },
  };
}

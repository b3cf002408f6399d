/**
 * One aligned tick: fires at whole multiples of its interval of Unix time, never while the previous run is still going, and
 * `stop` waits for the run in flight. The next firing is worked out anew from the clock each time, so that neither drift nor a
 * stepped clock can silence it: it is never further away than one interval.
 */
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';

export interface TickerOptions {
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What to do. A rejection is logged and the next tick comes all the same. */
  readonly run: (timeMs: number, signal: AbortSignal) => Promise<void>;
  /** One more tick so soon after the start, unless a boundary comes about then. */
  readonly earlyMs?: number;
}

export interface Ticker {
  /** Whole intervals that passed without a run because the one before took too long. */
  readonly missed: number;
  readonly runs: number;
  /** Ends the waiting or aborts the run in flight, and resolves when it has settled. May be called twice. */
  stop(): Promise<void>;
}

/** Starts ticking: at once if `now`, and then at each boundary. */
export function startTicker(options: TickerOptions & { readonly now?: boolean }): Ticker {
  const { intervalMs, clock, log, run } = options;
  const stopping = new AbortController();
  const counts = { missed: 0, runs: 0 };

  async function runOnce(): Promise<void> {
    try {
      await run(clock.now(), stopping.signal);
    } catch (error) {
      log.error({ err: error }, 'tick failed');
    }
    counts.runs++;
  }

  async function loop(): Promise<void> {
    if (options.now) await runOnce();
    const { earlyMs = Number.POSITIVE_INFINITY } = options;
    let earlyDue = clock.now() + earlyMs;
    while (!stopping.signal.aborted) {
      const due = Math.min(nextBoundary(clock.now(), intervalMs), earlyDue);
      if (due > earlyDue - earlyMs / 2) earlyDue = Number.POSITIVE_INFINITY;
      if (!(await sleepUntil(due, clock, stopping.signal))) return;
      const startedMs = clock.monotonic();
      await runOnce();
      counts.missed += Math.floor((clock.monotonic() - startedMs) / intervalMs);
    }
  }

  const ended = loop();
  return {
    get missed() {
      return counts.missed;
    },
    get runs() {
      return counts.runs;
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      await ended;
    },
  };
}

/** The first whole multiple of the interval after `nowMs`. */
export function nextBoundary(nowMs: number, intervalMs: number): number {
  return (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
}

/** False if stopped meanwhile. Timers may fire a millisecond early, which would put a reading into the window before. */
async function sleepUntil(dueMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  for (let left = dueMs - clock.now(); left > 0; left = dueMs - clock.now()) {
    try {
      await clock.sleep(left, signal);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
    // The clock was stepped back while we slept: this boundary is as good as any other.
    if (dueMs - clock.now() > left) return true;
  }
  return !signal.aborted;
}

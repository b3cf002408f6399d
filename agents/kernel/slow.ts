/**
 * Work with a period of its own, longer than the tick's, that a tick only sets going and never waits for.
 */
import type { Clock } from '../../src/run/clock.ts';

export interface SlowOptions {
  readonly clock: Clock;
  readonly periodMs: number;
  /** One run. What it rejects with is handed to `failed`, unless it was stopped. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

export interface Slow {
  /** Starts a run when one is due and none is on its way. Does not wait. */
  poke(): void;
  /** Stops the run on its way. Does not wait for it either: it may hang in the kernel. */
  stop(): void;
}

export function createSlow({ clock, periodMs, run, failed }: SlowOptions): Slow {
  const stopped = new AbortController();
  let busy = false;
  let dueMs = Number.NEGATIVE_INFINITY;

  async function runOnce(): Promise<void> {
    try {
      await run(stopped.signal);
    } catch (error) {
      if (!stopped.signal.aborted) failed(error);
    } finally {
      busy = false;
    }
  }

  return {
    poke() {
      const nowMs = clock.monotonic();
      if (busy || stopped.signal.aborted || nowMs < dueMs) return;
      busy = true;
      dueMs = nowMs + periodMs;
      void runOnce();
    },
    stop: () => stopped.abort(new Error('stopped')),
  };
}

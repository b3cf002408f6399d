/** A clock that only moves when told: an hour passes in a millisecond, and it can be stepped. */
import type { Clock } from '../../src/run/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

export interface FakeClock extends Clock {
  /** Lets `ms` pass, firing timers in order; pending promises run in between. */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, as an administrator or NTP would. */
  step(ms: number): void;
  /** How many timers are armed. */
  readonly armed: number;
}

export function fakeClock(startMs = 1_800_000_000_000): FakeClock {
  let elapsed = 0;
  let wall = startMs;
  const timers = new Set<Timer>();

  function arm(ms: number, fire: () => void): () => void {
    const timer = { dueMs: elapsed + Math.max(0, ms), fire };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  return {
    now: () => Math.floor(wall + elapsed),
    monotonic: () => elapsed,
    cpu: () => elapsed,
    after: arm,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const cancel = arm(ms, () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        });
        const aborted = (): void => {
          cancel();
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', aborted, { once: true });
      });
    },
    step(ms) {
      wall += ms;
    },
    get armed() {
      return timers.size;
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      for (;;) {
        const next = [...timers].filter((t) => t.dueMs <= end).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (!next) break;
        timers.delete(next);
        elapsed = next.dueMs;
        next.fire();
        await settle();
      }
      elapsed = end;
      await settle();
    },
  };
}

/** Runs what is ready: promises, and input and output that has completed. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * What was started is stopped in the reverse order, each part under a deadline of its own, so that one part that hangs
 * cannot keep the others from closing their files and draining their queues.
 */
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';

export interface Lifecycle {
  /** Remembers how to stop a part that has just started. */
  onStop(name: string, stop: () => Promise<void>): void;
  /** Stops everything, last started first. May be called twice; the second call waits for the first. */
  stop(): Promise<void>;
}

export function lifecycle({ clock, log, deadlineMs }: { clock: Clock; log: Log; deadlineMs: number }): Lifecycle {
  const parts: { name: string; stop: () => Promise<void> }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (const part of parts.reverse()) {
      try {
        await within(part.stop(), { clock, deadlineMs, what: part.name });
      } catch (error) {
        log.warn({ part: part.name, err: error }, 'did not stop cleanly');
      }
    }
  }

  return {
    onStop(name, stop) {
      parts.push({ name, stop });
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/** The promise's outcome, or a rejection when the deadline passes first. The work itself is not stopped by this. */
export async function within<T>(
  work: Promise<T>,
  { clock, deadlineMs, what }: { clock: Clock; deadlineMs: number; what: string },
): Promise<T> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(deadlineMs, () => reject(new Error(`${what}: no answer within ${deadlineMs} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel?.();
  }
}

/** Waits for a condition instead of for a time: asked again and again until it holds, with a clear error when it never does. */
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs?: number;
  /** Between two questions, in milliseconds. */
  readonly everyMs?: number;
  /** What is awaited, for the error: `the agent to answer`. */
  readonly what?: string;
}

/**
 * Asks until the answer is neither undefined, null nor false, and hands it out. An exception counts as "not yet"; the last one
 * is the cause of the error that is thrown after `timeoutMs` (10 s).
 */
export async function waitFor<T>(
  ask: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25, what = 'the condition' }: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      const detail = failure instanceof Error ? `: ${failure.message}` : '';
      throw new Error(`waited ${timeoutMs} ms for ${what}${detail}`, { cause: failure });
    }
    await delay(everyMs);
  }
}

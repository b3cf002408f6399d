/** Answers of the API server that hold for a moment: asked once for all who want to know at the same time, forgotten after a while, bounded in number. */
import type { Clock } from '../../src/run/clock.ts';

export interface Cache<T> {
  /** A rejection is kept by nobody. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
}

const MAX_KEYS = 2000;

export function createCache<T>({ keepMs, clock }: { keepMs: number; clock: Pick<Clock, 'monotonic'> }): Cache<T> {
  const known = new Map<string, { readonly untilMs: number; readonly answer: Promise<T> }>();
  return {
    get(key, ask) {
      const nowMs = clock.monotonic();
      const found = known.get(key);
      if (found && found.untilMs > nowMs) return found.answer;
      known.delete(key);
      // In the order in which they were asked: the first are the oldest.
      for (const [old, { untilMs }] of known) {
        if (untilMs > nowMs && known.size < MAX_KEYS) break;
        known.delete(old);
      }
      const answer = ask();
      const kept = { untilMs: nowMs + keepMs, answer };
      known.set(key, kept);
      answer.catch(() => {
        if (known.get(key) === kept) known.delete(key);
      });
      return answer;
    },
  };
}

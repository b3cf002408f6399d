/** How long to wait before trying again: doubling, capped, with jitter so that a hundred agents do not return as one. */

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** 0 to 1; `Math.random` unless a test decides. */
  readonly random?: () => number;
}

export interface Backoff {
  /** The next wait: between half and the whole of the current step, in milliseconds. */
  next(): number;
  /** Back to the first step, after a success. */
  reset(): void;
}

export function backoff({ firstMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let step = firstMs;
  return {
    next() {
      const wait = step / 2 + (step / 2) * random();
      step = Math.min(maxMs, step * 2);
      return Math.round(wait);
    },
    reset() {
      step = firstMs;
    },
  };
}

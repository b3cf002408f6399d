/** One series' samples and, for each step, which of them are in the range: the first that is and the first behind it. */
import type { Points } from '../source.ts';

export interface Windows {
  readonly steps: number;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** The length of the range, widened where samples stand for longer than half of it. */
  rangeMs: number;
  /** The right end of the first range, and how far the next is. 0: all are the same. */
  readonly endMs: number;
  readonly stepMs: number;
  /** The time of the question's first step, which an offset or `@` sets apart from the range's end; and its step. */
  readonly evalMs: number;
  readonly evalStepMs: number;
  /** Told how many samples a step looks at, so that a long query can be ended. */
  readonly spend: (samples: number) => void;
}

/** Both ends move to the right only. The left end of a range does not belong to it, the right one does. */
export function locate(windows: Windows, points: Points): void {
  const { lo, hi, steps, rangeMs, stepMs } = windows;
  const { timesMs, length } = points;
  let from = 0;
  let to = 0;
  for (let i = 0, t = windows.endMs; i < steps; i++, t += stepMs) {
    while (to < length && (timesMs[to] as number) <= t) to++;
    const leftMs = t - rangeMs;
    while (from < to && (timesMs[from] as number) <= leftMs) from++;
    lo[i] = from;
    hi[i] = to;
  }
}

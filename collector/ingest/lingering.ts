/** Bytes that count on for a while after they were given back. Time is told; it is kept in steps, so that what is remembered stays small. */

/** Steps in the while. */
const STEPS = 16;

export interface Lingering {
  readonly bytes: number;
  add(bytes: number): void;
  pass(nowMs: number): void;
}

export function createLingering(lingerMs: number): Lingering {
  const stepMs = Math.max(1, lingerMs / STEPS);
  /** Oldest first. */
  let steps: { readonly sinceMs: number; bytes: number }[] = [];
  let nowMs = 0;
  let total = 0;
  return {
    get bytes() {
      return total;
    },
    add(bytes) {
      if (bytes === 0) return;
      total += bytes;
      const last = steps.at(-1);
      if (last !== undefined && nowMs - last.sinceMs < stepMs) last.bytes += bytes;
      else steps.push({ sinceMs: nowMs, bytes });
    },
    pass(timeMs) {
      // A clock that was set back must not keep anything for longer.
      if (timeMs < nowMs) steps = steps.map(({ bytes }) => ({ sinceMs: timeMs, bytes }));
      nowMs = timeMs;
      // What came last into a step has waited a step less than its first.
      while (steps[0] !== undefined && nowMs - steps[0].sinceMs > lingerMs + stepMs) {
        total -= steps.shift()?.bytes ?? 0;
      }
    },
  };
}

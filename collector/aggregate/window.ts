/** Windows: `[start, end)`, aligned to their length in Unix time, due when their end is `latenessMs` ago. */

/** The start of the window that a time falls in. */
export function windowStart(timeMs: number, windowMs: number): number {
  return Math.floor(timeMs / windowMs) * windowMs;
}

/** The end of the last window that is due at `nowMs`. */
export function lastDueEnd(nowMs: number, options: { readonly windowMs: number; readonly latenessMs: number }): number {
  return windowStart(nowMs - options.latenessMs, options.windowMs);
}

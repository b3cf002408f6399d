/** How long a server asks us to wait: its header `Retry-After`, as seconds or as a date. */

/** In milliseconds from now; undefined if the header is not there or neither of both. A date that has passed is no wait at all. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse takes a bare number such as "1.5" for a year.
  const dateMs = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

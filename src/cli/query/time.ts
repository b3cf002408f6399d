/** Times of an answer as a person reads them: this machine's clock, with the date where the range leaves a day. */

export function stamp(ms: number): string {
  const date = new Date(ms);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** For an axis over so long. */
export function mark(ms: number, spanMs: number): string {
  const text = stamp(ms);
  if (spanMs <= 10 * 60_000) return text.slice(11);
  if (spanMs <= 24 * 3_600_000) return text.slice(11, 16);
  return spanMs <= 7 * 86_400_000 ? text.slice(5, 16) : text.slice(0, 10);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/** A step that people would take, for about so many points. */
export function stepFor(rangeMs: number, points: number): number {
  const least = rangeMs / points / 1000;
  return 1000 * (STEPS_S.find((seconds) => seconds >= least) ?? Math.ceil(least / 86_400) * 86_400);
}

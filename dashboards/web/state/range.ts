/** Ranges of time: the last so long, or from one moment to another; and what a chart asks for: aligned steps, so that the same is asked again. */

export const SPANS = ['5m', '15m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d', '90d', '1y'] as const;
export type Span = (typeof SPANS)[number];
/** No more than this is shown before somebody asks for more. */
const MOST: Span = '1h';

/** Up to now, or between two moments in Unix seconds; `fitting`: the shortest span that holds what there is. */
export type Range = 'fitting' | { readonly last: Span } | { readonly from: number; readonly to: number };

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
  ['y', 365 * 86_400],
]);

/** The shortest that one may zoom into, and the longest. */
export const SHORTEST = 20;
const LONGEST = 2 * 365 * 86_400;

/** `15m` in seconds; NaN for what is none. */
export function secondsOf(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhdy])$/.exec(text) ?? [];
  return Number(amount) * (UNITS.get(unit ?? '') ?? Number.NaN);
}

export interface Moments {
  readonly from: number;
  readonly to: number;
}

/** Of what there is since `since`. */
export function fittingSpan(now: number, since: number): Span {
  return SPANS.find((span) => span === MOST || now - secondsOf(span) <= since) ?? MOST;
}

/** Undefined for a range that has its end in itself. */
export function spanOf(range: Range, now: number, since: number): Span | undefined {
  if (range === 'fitting') return fittingSpan(now, since);
  return 'last' in range ? range.last : undefined;
}

/** `since`: when the first was measured of what is shown. */
export function momentsOf(range: Range, now: number, since: number): Moments {
  const span = spanOf(range, now, since);
  if (span !== undefined) return { from: now - secondsOf(span), to: now };
  return range as Moments;
}

/** Whether it ends now, and goes on. */
export function isMoving(range: Range): boolean {
  return range === 'fitting' || 'last' in range;
}

/** Steps that a person would choose, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400] as const;

export interface Steps extends Moments {
  readonly step: number;
}

/** At most so many points as there is room for, and no more often than there are windows; aligned to the step. */
export function stepsOf({ from, to }: Moments, { points, window }: { points: number; window: number }): Steps {
  const least = Math.max((to - from) / points, window);
  const step = STEPS.find((each) => each >= least) ?? (STEPS.at(-1) as number);
  return { from: Math.floor(from / step) * step, to: Math.floor(to / step) * step, step };
}

/** Around a middle, `factor` times as long; 0.5 is closer. */
export function zoomed({ from, to }: Moments, factor: number): Moments {
  const middle = (from + to) / 2;
  const half = Math.min(LONGEST, Math.max(SHORTEST, (to - from) * factor)) / 2;
  return { from: Math.round(middle - half), to: Math.round(middle + half) };
}

/** By a part of its length: -0.5 is half a length earlier. */
export function panned({ from, to }: Moments, part: number): Moments {
  const by = Math.round((to - from) * part);
  return { from: from + by, to: to + by };
}

/** `1h`, or `1800000000-1800003600`; empty for the one that fits. */
export function rangeText(range: Range): string {
  if (range === 'fitting') return '';
  return 'last' in range ? range.last : `${Math.round(range.from)}-${Math.round(range.to)}`;
}

/** What is no range is the one that fits. */
export function rangeOf(text: string | null): Range {
  const [, from, to] = /^(\d{1,11})-(\d{1,11})$/.exec(text ?? '') ?? [];
  if (from !== undefined && Number(to) - Number(from) >= SHORTEST) return { from: Number(from), to: Number(to) };
  const span = SPANS.find((each) => each === text);
  return span === undefined ? 'fitting' : { last: span };
}

/** Counters of two windows: what one grew by a second between its readings. Nothing where it was not there before, began anew, or was not read since. */

/** By series: when it was read, and its value. */
export type Counters = Map<string, readonly [timeMs: number, value: number]>;

type Read = readonly [timeMs: number, value: number];

export function increaseRate(before: Read | undefined, [timeMs, value]: Read): number | undefined {
  if (before === undefined) return undefined;
  const [earlierMs, earlier] = before;
  return timeMs > earlierMs && value >= earlier ? ((value - earlier) * 1000) / (timeMs - earlierMs) : undefined;
}

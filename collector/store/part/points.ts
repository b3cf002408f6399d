/** Points as they are filled: emptied, made larger, added to. */
import type { Points } from '../../query/source.ts';

export function aloneTo(into: Points): void {
  into.length = 0;
  into.ends.length = 0;
  into.resolutionMs = 0;
  into.counts = undefined;
}

/** Of the last point or end. */
export function lastTime(points: Points): number {
  const point = points.length > 0 ? (points.timesMs[points.length - 1] as number) : Number.NEGATIVE_INFINITY;
  return Math.max(point, points.ends.at(-1) ?? Number.NEGATIVE_INFINITY);
}

export function roomIn(points: Points, more: number): void {
  const needed = points.length + more;
  if (points.timesMs.length >= needed && points.values.length >= needed) return;
  points.timesMs = grown(points.timesMs, points.length, needed);
  points.values = grown(points.values, points.length, needed);
  if (points.counts !== undefined) points.counts = grown(points.counts, points.length, needed);
}

function grown(array: Float64Array, length: number, needed: number): Float64Array {
  const larger = new Float64Array(Math.max(2 * array.length, needed));
  larger.set(array.subarray(0, length));
  return larger;
}

/** From here on points say how many samples they stand for; those before stand for one each. */
export function startCounts(points: Points): void {
  points.counts ??= new Float64Array(points.timesMs.length).fill(1, 0, points.length);
}

/** There must be room. */
export function pointAt(points: Points, timeMs: number, value: number, count: number): void {
  points.timesMs[points.length] = timeMs;
  points.values[points.length] = value;
  if (points.counts !== undefined) points.counts[points.length] = count;
  points.length++;
}

/** A series ends once after its last point; where it has none, there is nothing to end. */
export function endAt(points: Points, timeMs: number): void {
  if (points.length === 0) return;
  const end = points.ends.at(-1);
  if (end === undefined || end < (points.timesMs[points.length - 1] as number)) points.ends.push(timeMs);
}

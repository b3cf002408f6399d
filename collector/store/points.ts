/** Samples of one series put together: adding behind what is there, and merging what comes from several places in time's order, each time once. */
import { emptyPoints, type Points } from '../query/source.ts';

export function clear(points: Points): void {
  points.length = 0;
  points.ends = [];
  points.resolutionMs = 0;
  points.counts = undefined;
}

/** Adds a point behind those that are there. */
export function put(into: Points, timeMs: number, value: number): void {
  if (into.length === into.timesMs.length) grow(into);
  into.timesMs[into.length] = timeMs;
  into.values[into.length] = value;
  if (into.counts !== undefined) into.counts[into.length] = 1;
  into.length++;
}

function grow(points: Points): void {
  const size = Math.max(256, points.timesMs.length * 2);
  points.timesMs = longer(points.timesMs, size);
  points.values = longer(points.values, size);
  if (points.counts !== undefined) points.counts = longer(points.counts, size);
}

function longer(values: Float64Array, length: number): Float64Array {
  const result = new Float64Array(length);
  result.set(values);
  return result;
}

const spare: Points[] = [];

/** Somewhere to read into that is given back. */
export function withSpare<T>(use: (points: Points) => T): T {
  const points = spare.pop() ?? emptyPoints();
  clear(points);
  try {
    return use(points);
  } finally {
    // What one huge series needed is not held for ever.
    if (spare.length < 4 && points.timesMs.length <= 1 << 20) spare.push(points);
  }
}

/** Before anything else: an end counts only behind a point, and what it ends may come from elsewhere. */
const BEFORE_ALL = -8.64e15;

export function prime(points: Points): void {
  put(points, BEFORE_ALL, 0);
}

/** Takes out what `prime` put in. */
export function unprime(points: Points): void {
  points.timesMs.copyWithin(0, 1, points.length);
  points.values.copyWithin(0, 1, points.length);
  points.counts?.copyWithin(0, 1, points.length);
  points.length--;
}

/** Adds what another place has of the series; where both have a time, what is added counts. */
export function merge(into: Points, other: Points): void {
  into.resolutionMs = Math.max(into.resolutionMs, other.resolutionMs);
  if (other.length === 0 && other.ends.length === 0) return;
  const ends = into.ends.filter((endMs) => !has(other, endMs));
  if (other.ends.length > 0) withoutTimes(into, other.ends);
  const lastMs = into.length === 0 ? Number.NEGATIVE_INFINITY : (into.timesMs[into.length - 1] as number);
  if (other.length > 0 && (other.timesMs[0] as number) > lastMs) append(into, other);
  else if (other.length > 0) interleave(into, other);
  into.ends = other.ends.length === 0 ? ends : [...new Set([...ends, ...other.ends])].sort((a, b) => a - b);
}

function withoutTimes(points: Points, times: readonly number[]): void {
  const gone = new Set(times.filter((timeMs) => has(points, timeMs)));
  if (gone.size > 0) keep(points, (timeMs) => !gone.has(timeMs));
}

/** Takes out the points whose times are not wanted. */
export function keep(points: Points, wanted: (timeMs: number) => boolean): void {
  let length = 0;
  for (let i = 0; i < points.length; i++) {
    const timeMs = points.timesMs[i] as number;
    if (!wanted(timeMs)) continue;
    points.timesMs[length] = timeMs;
    points.values[length] = points.values[i] as number;
    if (points.counts !== undefined) points.counts[length] = points.counts[i] as number;
    length++;
  }
  points.length = length;
}

function append(into: Points, other: Points): void {
  const start = into.length;
  const length = start + other.length;
  while (into.timesMs.length < length) grow(into);
  into.timesMs.set(other.timesMs.subarray(0, other.length), start);
  into.values.set(other.values.subarray(0, other.length), start);
  if (other.counts !== undefined || into.counts !== undefined) {
    into.counts ??= new Float64Array(into.timesMs.length).fill(1, 0, start);
    if (other.counts === undefined) into.counts.fill(1, start, length);
    else into.counts.set(other.counts.subarray(0, other.length), start);
  }
  into.length = length;
}

function interleave(into: Points, other: Points): void {
  withSpare((old) => {
    append(old, into);
    into.length = 0;
    const counted = old.counts !== undefined || other.counts !== undefined;
    if (counted) into.counts ??= new Float64Array(into.timesMs.length);
    for (let a = 0, b = 0; a < old.length || b < other.length; ) {
      const first = a < old.length ? (old.timesMs[a] as number) : Number.POSITIVE_INFINITY;
      const second = b < other.length ? (other.timesMs[b] as number) : Number.POSITIVE_INFINITY;
      const own = first < second;
      const from = own ? old : other;
      const at = own ? a : b;
      put(into, from.timesMs[at] as number, from.values[at] as number);
      if (counted && into.counts !== undefined) into.counts[into.length - 1] = from.counts?.[at] ?? 1;
      if (own || first === second) a++;
      if (!own) b++;
    }
  });
}

function has({ timesMs, length }: Points, timeMs: number): boolean {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low < length && timesMs[low] === timeMs;
}

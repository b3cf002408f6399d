/** The functions that end in `_over_time`, and changes and resets: samples of a range → one value. */
import type { Points } from '../source.ts';
import type { Row } from '../eval/rows.ts';
import { KahanSum, Mean } from './kahan.ts';
import type { Windows } from './window.ts';

export type RangeFunction = (points: Points, windows: Windows, out: Row) => void;

/** One value from the samples `from` up to before `to`, of which there is at least one. */
type Reduce = (values: Float64Array, from: number, to: number, counts: Float64Array | undefined) => number;

export function reducing(reduce: Reduce): RangeFunction {
  return ({ values, counts }, { lo, hi, steps, spend }, out) => {
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to > from ? 1 : 0;
      if (to <= from) continue;
      spend(to - from);
      out.values[i] = reduce(values, from, to, counts);
    }
  };
}

const kahan = new KahanSum();
const running = new Mean();

export function sumOf(values: Float64Array, from: number, to: number, counts?: Float64Array): number {
  kahan.clear();
  for (let i = from; i < to; i++)
    kahan.add(counts ? (values[i] as number) * (counts[i] as number) : (values[i] as number));
  return kahan.total;
}

export function meanOf(values: Float64Array, from: number, to: number, counts?: Float64Array): number {
  running.clear();
  for (let i = from; i < to; i++) running.add(values[i] as number, counts ? (counts[i] as number) : 1);
  return running.mean;
}

export function countOf(_values: Float64Array, from: number, to: number, counts?: Float64Array): number {
  if (!counts) return to - from;
  let count = 0;
  for (let i = from; i < to; i++) count += counts[i] as number;
  return count;
}

/** Variance around the mean, by moments that are moved from value to value. */
export function varianceOf(values: Float64Array, from: number, to: number): number {
  const mean = new KahanSum();
  const moment = new KahanSum();
  let count = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    count++;
    const off = value - mean.total;
    mean.add(off / count);
    moment.add(off * (value - mean.total));
  }
  return moment.total / count;
}

/** The largest (or smallest) of each range, in one pass over all of them: those that can still become it wait in a queue. NaN only if there is nothing else. */
export function extreme(better: (a: number, b: number) => boolean): RangeFunction {
  return ({ values, length }, { lo, hi, steps }, out) => {
    const queue = new Int32Array(length);
    let head = 0;
    let tail = 0;
    let next = 0;
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      for (; next < to; next++) {
        const value = values[next] as number;
        if (Number.isNaN(value)) continue;
        while (tail > head && !better(values[queue[tail - 1] as number] as number, value)) tail--;
        queue[tail++] = next;
      }
      while (head < tail && (queue[head] as number) < from) head++;
      out.has[i] = to > from ? 1 : 0;
      if (to > from) out.values[i] = head < tail ? (values[queue[head] as number] as number) : Number.NaN;
    }
  };
}

/** How often a sample and the one before it are as `differs` says: counted once, subtracted for each range. */
export function pairs(differs: (before: number, now: number) => boolean): RangeFunction {
  return ({ values, length }, { lo, hi, steps }, out) => {
    const before = new Int32Array(length + 1);
    for (let i = 1; i < length; i++) {
      const hit = differs(values[i - 1] as number, values[i] as number) ? 1 : 0;
      before[i + 1] = (before[i] as number) + hit;
    }
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to > from ? 1 : 0;
      if (to > from) out.values[i] = (before[to] as number) - (before[from + 1] as number);
    }
  };
}

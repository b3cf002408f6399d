/** Quantiles of plain values: between the two nearest ranks, in proportion. */
import type { Points } from '../source.ts';
import type { Row } from '../eval/rows.ts';
import type { Windows } from './window.ts';

let sorted = new Float64Array(64);

/** Of the first `length` numbers that `fill` wrote. */
export function quantileOf(q: number, length: number, fill: (into: Float64Array) => void): number {
  if (length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  if (sorted.length < length) sorted = new Float64Array(2 * length);
  fill(sorted);
  const values = sorted.subarray(0, length);
  values.sort();
  // Sorting puts NaN last; among samples it counts as the smallest.
  let nans = 0;
  while (nans < length && Number.isNaN(values[length - 1 - nans] as number)) nans++;
  const rank = q * (length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  const at = (i: number): number => (i < nans ? Number.NaN : (values[i - nans] as number));
  return at(lower) * (1 - weight) + at(upper) * weight;
}

export function quantileOverTime(q: Float64Array) {
  return ({ values }: Points, { lo, hi, steps }: Windows, out: Row): void => {
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to > from ? 1 : 0;
      if (to <= from) continue;
      out.values[i] = quantileOf(q[i] as number, to - from, (into) => into.set(values.subarray(from, to)));
    }
  };
}

/** Quantiles of plain values: between the two nearest ranks, in proportion. NaN counts as the smallest. */
import type { Row } from '../eval/rows.ts';
import type { Points } from '../source.ts';
import type { Windows } from './window.ts';

let buffer = new Float64Array(64);

/** Of the first `length` numbers that `fill` wrote. */
export function quantileOf(q: number, length: number, fill: (into: Float64Array) => void): number {
  if (buffer.length < length) buffer = new Float64Array(2 * length);
  fill(buffer);
  const values = buffer.subarray(0, length);
  values.sort();
  // Sorting puts NaN last.
  let numbers = length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1] as number)) numbers--;
  return ofSorted(q, values, numbers, length - numbers);
}

/** `numbers` values ascending, and so many NaN, which come before them. */
function ofSorted(q: number, values: Float64Array, numbers: number, nans: number): number {
  const length = numbers + nans;
  if (length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const rank = q * (length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  const at = (i: number): number => (i < nans ? Number.NaN : (values[i - nans] as number));
  return at(lower) * (1 - weight) + at(upper) * weight;
}

/** The values of a range in order, which takes in what comes and lets go of what leaves, in place of sorting for each step. */
class Ordered {
  values: Float64Array;
  numbers = 0;
  nans = 0;

  constructor(length: number) {
    this.values = new Float64Array(length);
  }

  take(value: number): void {
    if (Number.isNaN(value)) {
      this.nans++;
      return;
    }
    const at = this.#place(value);
    this.values.copyWithin(at + 1, at, this.numbers++);
    this.values[at] = value;
  }

  leave(value: number): void {
    if (Number.isNaN(value)) {
      this.nans--;
      return;
    }
    const at = this.#place(value);
    this.values.copyWithin(at, at + 1, this.numbers--);
  }

  /** The first place whose value is not less. */
  #place(value: number): number {
    let low = 0;
    let high = this.numbers;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function quantileOverTime(q: Float64Array) {
  return ({ values, length }: Points, { lo, hi, steps, spend }: Windows, out: Row): void => {
    const ordered = new Ordered(length + 1);
    let first = 0;
    let next = 0;
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to > from ? 1 : 0;
      if (to <= from) continue;
      // Nothing in common with the range before.
      if (from >= next) {
        ordered.numbers = 0;
        ordered.nans = 0;
        first = from;
        next = from;
      }
      if (to - next > 32 && next === first) {
        replaced(ordered, values.subarray(from, to));
        first = from;
        next = to;
      }
      for (; first < from; first++) ordered.leave(values[first] as number);
      for (; next < to; next++) ordered.take(values[next] as number);
      spend(to - from);
      out.values[i] = ofSorted(q[i] as number, ordered.values, ordered.numbers, ordered.nans);
    }
  };
}

function replaced(ordered: Ordered, values: Float64Array): void {
  ordered.values.set(values);
  const all = ordered.values.subarray(0, values.length);
  all.sort();
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(all[numbers - 1] as number)) numbers--;
  ordered.numbers = numbers;
  ordered.nans = values.length - numbers;
}

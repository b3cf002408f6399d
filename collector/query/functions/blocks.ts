/**
 * Sums over long ranges: the samples are added up in blocks once, and each range takes whole blocks and the odd samples at its ends, so that a range of a day
 * costs some hundred additions. The compensation goes with the sums.
 */
import { KahanSum } from './kahan.ts';
import type { RangeFunction } from './overtime.ts';
import { meanOf, sumOf } from './overtime.ts';

const SIZE = 64;
/** Below this, adding up one by one is as fast. */
const LONG = 4 * SIZE;

const total = new KahanSum();
let sums = new Float64Array(0);
let rests = new Float64Array(0);

function addBlocks(values: Float64Array, length: number): void {
  const blocks = Math.floor(length / SIZE);
  if (sums.length < blocks) {
    sums = new Float64Array(2 * blocks);
    rests = new Float64Array(2 * blocks);
  }
  for (let block = 0; block < blocks; block++) {
    total.clear();
    for (let i = block * SIZE; i < (block + 1) * SIZE; i++) total.add(values[i] as number);
    sums[block] = total.sum;
    rests[block] = total.rest;
  }
}

function sumBetween(values: Float64Array, from: number, to: number): number {
  const first = Math.ceil(from / SIZE);
  const last = Math.floor(to / SIZE);
  if (first >= last) return sumOf(values, from, to);
  total.clear();
  for (let i = from; i < first * SIZE; i++) total.add(values[i] as number);
  for (let block = first; block < last; block++) {
    total.add(sums[block] as number);
    total.rest += rests[block] as number;
  }
  for (let i = last * SIZE; i < to; i++) total.add(values[i] as number);
  return total.total;
}

/** sum_over_time, and avg_over_time with `mean`. */
export function summing(mean: boolean): RangeFunction {
  const plain = mean ? meanOf : sumOf;
  return ({ values, counts, length }, { lo, hi, steps, spend }, out) => {
    const long = counts === undefined && steps > 1 && (hi[steps >> 1] as number) - (lo[steps >> 1] as number) > LONG;
    if (long) addBlocks(values, length);
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to > from ? 1 : 0;
      if (to <= from) continue;
      spend(long ? SIZE + (to - from) / SIZE : to - from);
      const sum = long ? sumBetween(values, from, to) : Number.NaN;
      // What is not finite (or has overflowed) is looked at value by value.
      if (!Number.isFinite(sum)) out.values[i] = plain(values, from, to, counts);
      else out.values[i] = mean ? sum / (to - from) : sum;
    }
  };
}

/** Functions of range vectors, by name. */
import { summing } from './blocks.ts';
import type { RangeFunction } from './overtime.ts';
import { countOf, extreme, pairs, reducing, varianceOf } from './overtime.ts';
import { extrapolated, lastTwo } from './rates.ts';
import { deriv } from './regression.ts';

export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ['rate', extrapolated({ counter: true, perSecond: true })],
  ['increase', extrapolated({ counter: true, perSecond: false })],
  ['delta', extrapolated({ counter: false, perSecond: false })],
  ['irate', lastTwo({ counter: true, perSecond: true })],
  ['idelta', lastTwo({ counter: false, perSecond: false })],
  ['deriv', deriv],
  ['changes', pairs((before, now) => before !== now && !(Number.isNaN(before) && Number.isNaN(now)))],
  ['resets', pairs((before, now) => now < before)],
  ['sum_over_time', summing(false)],
  ['avg_over_time', summing(true)],
  ['count_over_time', reducing(countOf)],
  ['present_over_time', reducing(() => 1)],
  ['last_over_time', reducing((values, _from, to) => values[to - 1] as number)],
  ['first_over_time', reducing((values, from) => values[from] as number)],
  ['max_over_time', extreme((a, b) => a > b)],
  ['min_over_time', extreme((a, b) => a < b)],
  ['stdvar_over_time', reducing(varianceOf)],
  ['stddev_over_time', reducing((values, from, to) => Math.sqrt(varianceOf(values, from, to)))],
]);

/** These say which of the samples it was, and keep the name. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time']);

/** Functions of one number, by name: applied to each value of a vector. */
import { timeParts } from './calendar.ts';

const RADIANS = Math.PI / 180;

export const INSTANT_FUNCTIONS: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (value) => value / RADIANS],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (value) => value * RADIANS],
  ['sgn', Math.sign],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ...timeParts,
]);

/** To the nearest multiple, halves up; by the inverse, which is exact for 0.1 and its kin. */
export function round(value: number, nearest: number): number {
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

/** An infinite bound holds for NaN as well, as in Go. */
export function clamp(value: number, min: number, max: number): number {
  const below = max === Number.NEGATIVE_INFINITY ? max : Math.min(max, value);
  return min === Number.POSITIVE_INFINITY ? min : Math.max(min, below);
}

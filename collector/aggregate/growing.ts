/** Typed arrays that grow by doubling: a larger copy, with the new part filled. The one place that decides how fast state grows. */

export const FIRST_CAPACITY = 64;

/** The capacity that holds `needed` slots: doubled until it fits. */
export function capacityFor(needed: number, capacity: number): number {
  let next = Math.max(capacity, FIRST_CAPACITY);
  while (next < needed) next *= 2;
  return next;
}

/** A copy of `old` with room for `capacity` doubles; the rest is `fill`. */
export function grownDoubles(old: Float64Array, capacity: number, fill: number): Float64Array {
  const grown = new Float64Array(capacity);
  grown.set(old);
  if (fill !== 0) grown.fill(fill, old.length);
  return grown;
}

/** A copy of `old` with room for `capacity` integers; the rest is `fill`. */
export function grownIntegers(old: Int32Array, capacity: number, fill: number): Int32Array {
  const grown = new Int32Array(capacity);
  grown.set(old);
  if (fill !== 0) grown.fill(fill, old.length);
  return grown;
}

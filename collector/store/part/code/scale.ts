/** What numbers are multiplied by to become integers: counts, decimals down to nanoseconds, pages of memory. Exact or not at all. */

export const SCALES: readonly number[] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1 / 1024, 1 / 4096];
/** The last of those that are tried from the coarsest on. */
const FINEST = 9;
const PAGES = 11;
const KIBIBYTES = 10;
/** Above it the difference of two is no longer exact in every encoding. */
export const MOST = 2 ** 50;
/** A zero that has a sign, infinities and what is too large go as they are. */
export const NONE = -1;

/** Whether the number comes back to the bit when it is made an integer by `factor`. */
export function scales(value: number, factor: number): boolean {
  const integer = Math.round(value * factor);
  return integer / factor === value && integer <= MOST && integer >= -MOST && (integer !== 0 || Object.is(value, 0));
}

/**
 * The coarsest scale at which all of `values[0..n)` are integers, or all but a few. NONE if those that are not would be more than `few`.
 */
export function scaleFor(values: Float64Array, n: number, few: number): number {
  let scale = 0;
  let misfits = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    let needed = scale;
    while (needed <= FINEST && !scales(value, SCALES[needed] as number)) needed++;
    if (needed <= FINEST) scale = needed;
    else if (++misfits > few) return NONE;
  }
  if (scale !== 0) return scale;
  if (all(values, n, PAGES)) return PAGES;
  return all(values, n, KIBIBYTES) ? KIBIBYTES : 0;
}

function all(values: Float64Array, n: number, scale: number): boolean {
  for (let i = 0; i < n; i++) if (!scales(values[i] as number, SCALES[scale] as number)) return false;
  return true;
}

/** One classic histogram at one moment: what lies below its quantiles, and how much of it lies between two values. */

export interface Bucket {
  readonly upper: number;
  /** Observations up to `upper`. */
  count: number;
}

/** Relative differences below this are rounding, and are put right without a word. */
const TOLERANCE = 1e-12;

/** `buckets` ascending. NaN if there is no bucket up to infinity, fewer than two, or nothing in them. */
export function quantile(q: number, buckets: Bucket[]): { value: number; fixed: boolean } {
  const none = (value: number) => ({ value, fixed: false });
  if (Number.isNaN(q)) return none(Number.NaN);
  if (q < 0) return none(Number.NEGATIVE_INFINITY);
  if (q > 1) return none(Number.POSITIVE_INFINITY);
  const whole = coalesced(buckets);
  if (whole.at(-1)?.upper !== Number.POSITIVE_INFINITY) return none(Number.NaN);
  const fixed = madeMonotonic(whole);
  if (whole.length < 2) return { value: Number.NaN, fixed };
  return { value: within(q, whole), fixed };
}

function within(q: number, buckets: readonly Bucket[]): number {
  const observations = (buckets.at(-1) as Bucket).count;
  if (observations === 0 || Number.isNaN(observations)) return Number.NaN;
  const rank = q * observations;
  const last = buckets.length - 1;
  const found = buckets.findIndex(({ count }, i) => i < last && count >= rank);
  const b = found < 0 ? last : found;
  if (b === last) return (buckets[last - 1] as Bucket).upper;
  const { upper, count } = buckets[b] as Bucket;
  if (b === 0) return upper <= 0 ? upper : upper * (rank / count);
  const below = buckets[b - 1] as Bucket;
  return below.upper + (upper - below.upper) * ((rank - below.count) / (count - below.count));
}

/** The share of observations between two values. */
export function fraction(lower: number, upper: number, buckets: Bucket[]): number {
  const whole = coalesced(buckets);
  const all = whole.at(-1);
  if (all?.upper !== Number.POSITIVE_INFINITY) return Number.NaN;
  madeMonotonic(whole);
  if (all.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, whole) - rankOf(lower, whole)) / all.count;
}

/** How many observations lie below a value. */
function rankOf(value: number, buckets: readonly Bucket[]): number {
  if (value === Number.NEGATIVE_INFINITY) return 0;
  let belowUpper = Number.NEGATIVE_INFINITY;
  let belowCount = 0;
  const first = buckets[0] as Bucket;
  if (first.upper > 0) belowUpper = 0;
  for (const { upper, count } of buckets) {
    if (value < upper || (value === upper && value === Number.POSITIVE_INFINITY)) {
      if (value === Number.POSITIVE_INFINITY) return count;
      // Nothing says where they lie in a bucket without an end.
      if (upper === Number.POSITIVE_INFINITY) return belowCount;
      if (value <= belowUpper || belowUpper === Number.NEGATIVE_INFINITY) return belowCount;
      return belowCount + (count - belowCount) * ((value - belowUpper) / (upper - belowUpper));
    }
    belowUpper = upper;
    belowCount = count;
  }
  return belowCount;
}

function coalesced(buckets: readonly Bucket[]): Bucket[] {
  const whole: Bucket[] = [];
  for (const { upper, count } of buckets) {
    const last = whole.at(-1);
    if (last && last.upper === upper) last.count += count;
    else whole.push({ upper, count });
  }
  return whole;
}

/** Counts that fall from one bucket to the next are raised; true if one fell by more than rounding. */
function madeMonotonic(buckets: Bucket[]): boolean {
  let fixed = false;
  let before = (buckets[0] as Bucket).count;
  for (const bucket of buckets.slice(1)) {
    const { count } = bucket;
    if (count === before) continue;
    if (Math.abs(count - before) <= TOLERANCE * Math.max(Math.abs(count), Math.abs(before))) {
      bucket.count = before;
      continue;
    }
    if (count < before) {
      bucket.count = before;
      fixed = true;
    } else before = count;
  }
  return fixed;
}

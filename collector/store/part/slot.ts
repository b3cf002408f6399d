/**
 * What a column has in one slot: sum, count, least and most. Sums of decimals are decimals: they are added up as integers as long as all are such. Mostly a number
 * is the one before it, or one of the same scale; what is else is added up one by one.
 */
import type { Folds } from '../types.ts';
import { MOST, NONE, SCALES, scales } from './code/scale.ts';

export type Folded = { readonly [K in keyof Folds]: Float64Array };

/** Of the scales that go from coarse to fine. */
const FINEST = 9;

/** A stretch of a column's numbers. */
export interface Stretch {
  readonly values: Float64Array;
  readonly folds: Folds | undefined;
  readonly nans: ReadonlySet<number> | undefined;
  readonly from: number;
  readonly to: number;
}

export class SlotFold {
  /** The finest that was needed so far. */
  #lastScale = 0;
  #count = 0;
  /** Measured NaN, which are in no sum. */
  #nans = 0;
  #min = 0;
  #max = 0;
  #sum = 0;
  #integers = 0;
  /** NONE: not all are decimals. */
  #scale = 0;

  /** Writes what the stretch is together into place `k`; answers whether that is a NaN that was measured. */
  fold(of: Stretch, into: Folded, k: number): boolean {
    const { values, folds, nans, from, to } = of;
    if (nans === undefined && folds === undefined && this.#plainly(values, { from, to }, into, k)) return false;
    this.#begin();
    for (let i = from; i < to; i++) {
      const count = folds === undefined ? 1 : (folds.count[i] as number);
      if (nans?.has(i)) this.#nans += count;
      else if (folds === undefined) {
        const value = values[i] as number;
        if (!Number.isNaN(value)) this.#add(value, value, value);
      } else if (!Number.isNaN(count)) {
        this.#add(folds.sum[i] as number, folds.min[i] as number, folds.max[i] as number);
        this.#count += count - 1;
      }
    }
    const isNumber = this.#count > 0;
    const sum = this.#scale === NONE ? this.#sum : this.#integers / (SCALES[this.#scale] as number);
    into.sum[k] = isNumber ? sum : Number.NaN;
    into.count[k] = isNumber ? this.#count : this.#nans > 0 ? this.#nans : Number.NaN;
    into.min[k] = isNumber ? this.#min : Number.NaN;
    into.max[k] = isNumber ? this.#max : Number.NaN;
    // Infinities of both signs have no sum, and that is a number that was measured.
    return isNumber ? Number.isNaN(sum) : this.#nans > 0;
  }

  /** Numbers that are integers at the scale there is; false if there are others, and then nothing is written that stays. */
  #plainly(values: Float64Array, { from, to }: { from: number; to: number }, into: Folded, k: number): boolean {
    const factor = SCALES[this.#lastScale] as number;
    let integers = 0;
    let count = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let before = Number.NaN;
    let integer = 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      if (value !== before) {
        if (Number.isNaN(value)) continue;
        integer = Math.round(value * factor);
        if (integer / factor !== value || integer > MOST || integer < -MOST) return false;
        before = value;
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
      // A zero may have a sign.
      if (value === 0 && Object.is(value, -0)) return false;
      count++;
      integers += integer;
      if (integers > Number.MAX_SAFE_INTEGER || integers < Number.MIN_SAFE_INTEGER) return false;
    }
    into.sum[k] = count > 0 ? integers / factor : Number.NaN;
    into.count[k] = count > 0 ? count : Number.NaN;
    into.min[k] = count > 0 ? min : Number.NaN;
    into.max[k] = count > 0 ? max : Number.NaN;
    return true;
  }

  #begin(): void {
    this.#count = 0;
    this.#nans = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    this.#integers = 0;
    this.#scale = this.#lastScale;
  }

  #add(sum: number, min: number, max: number): void {
    this.#count++;
    this.#sum += sum;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
    if (this.#scale === NONE) return;
    let scale = this.#scale;
    while (scale <= FINEST && !scales(sum, SCALES[scale] as number)) scale++;
    const factor = SCALES[scale] as number;
    const grown =
      scale > FINEST
        ? Number.NaN
        : this.#integers * (factor / (SCALES[this.#scale] as number)) + Math.round(sum * factor);
    if (Number.isSafeInteger(grown)) {
      this.#integers = grown;
      this.#scale = scale;
      this.#lastScale = scale;
    } else this.#scale = NONE;
  }
}

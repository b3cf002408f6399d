/**
 * A row of gauges with a point per slot: sum, count, least and most of the samples in it, at the time of the last. A row that leaves within a slot ends
 * where it left. Sums of decimals are decimals: they are added up as integers as long as all are such.
 */
import type { Folds, RowChunk } from '../types.ts';
import { NONE, SCALES, scales } from './code/scale.ts';
import { slotOf } from './thin.ts';

/** What a column has in the slot that is being filled. */
class Slot {
  count = 0;
  /** Measured NaN, which are in no sum. */
  nans = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #integers = 0;
  /** NONE: not all are decimals. */
  #scale = 0;
  #lastScale = 0;

  add({ sum, count, min, max }: { sum: number; count: number; min: number; max: number }): void {
    this.count += count;
    this.#sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
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

  get sum(): number {
    return this.#scale === NONE ? this.#sum : this.#integers / (SCALES[this.#scale] as number);
  }

  clear(): void {
    this.count = 0;
    this.nans = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    this.#integers = 0;
    this.#scale = this.#lastScale;
  }
}

/** Of the scales that go from coarse to fine. */
const FINEST = 9;

export function foldGauges(row: RowChunk, resolutionMs: number): RowChunk {
  const out = new FoldedRow(row.cells.length);
  const slots = row.cells.map(() => new Slot());
  let slot = Number.NaN;
  let lastMs = Number.NaN;
  for (let i = 0; i < row.timesMs.length; i++) {
    const time = row.timesMs[i] as number;
    const next = slotOf(time, resolutionMs);
    if (next !== slot && !Number.isNaN(lastMs)) {
      out.push(lastMs, slots);
      lastMs = Number.NaN;
    }
    slot = next;
    if (addAt(row, i, slots)) {
      lastMs = time;
      continue;
    }
    if (!Number.isNaN(lastMs)) out.push(lastMs, slots);
    lastMs = Number.NaN;
    out.push(time, slots);
  }
  if (!Number.isNaN(lastMs)) out.push(lastMs, slots);
  return out.row(row);
}

/** Whether any column has something at the time. */
function addAt({ cells, nans, folds }: RowChunk, at: number, slots: readonly Slot[]): boolean {
  let any = false;
  for (let c = 0; c < slots.length; c++) {
    const slot = slots[c] as Slot;
    const value = (cells[c] as Float64Array)[at] as number;
    const fold = folds?.[c];
    if (nans?.[c]?.has(at)) {
      slot.nans += fold === undefined ? 1 : (fold.count[at] as number);
      any = true;
    } else if (fold !== undefined && !Number.isNaN(fold.count[at])) {
      const [sum, count] = [fold.sum[at] as number, fold.count[at] as number];
      slot.add({ sum, count, min: fold.min[at] as number, max: fold.max[at] as number });
      any = true;
    } else if (!Number.isNaN(value)) {
      slot.add({ sum: value, count: 1, min: value, max: value });
      any = true;
    }
  }
  return any;
}

class FoldedRow {
  readonly #times: number[] = [];
  readonly #columns: { sum: number[]; count: number[]; min: number[]; max: number[]; nans: Set<number> }[];

  constructor(columns: number) {
    this.#columns = Array.from({ length: columns }, () => ({ sum: [], count: [], min: [], max: [], nans: new Set() }));
  }

  /** What the slots have, or that they have nothing; they are empty then. */
  push(timeMs: number, slots: readonly Slot[]): void {
    const at = this.#times.push(timeMs) - 1;
    for (const [c, column] of this.#columns.entries()) {
      const slot = slots[c] as Slot;
      const isNumber = slot.count > 0;
      column.sum.push(isNumber ? slot.sum : Number.NaN);
      column.count.push(isNumber ? slot.count : slot.nans > 0 ? slot.nans : Number.NaN);
      column.min.push(isNumber ? slot.min : Number.NaN);
      column.max.push(isNumber ? slot.max : Number.NaN);
      // Infinities of both signs have no sum, and that is a number that was measured.
      if ((!isNumber && slot.nans > 0) || (isNumber && Number.isNaN(slot.sum))) column.nans.add(at);
      slot.clear();
    }
  }

  row({ labels }: RowChunk): RowChunk {
    const folds = this.#columns.map(
      ({ sum, count, min, max }): Folds => ({
        sum: Float64Array.from(sum),
        count: Float64Array.from(count),
        min: Float64Array.from(min),
        max: Float64Array.from(max),
      }),
    );
    const hasNans = this.#columns.some(({ nans }) => nans.size > 0);
    return {
      labels,
      timesMs: Float64Array.from(this.#times),
      cells: folds.map(({ sum, count }) => sum.map((total, i) => total / (count[i] as number))),
      folds,
      ...(hasNans ? { nans: this.#columns.map(({ nans }) => (nans.size > 0 ? nans : undefined)) } : {}),
    };
  }
}

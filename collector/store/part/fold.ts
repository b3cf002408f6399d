/**
 * Rows of gauges with a point per slot: sum, count, least and most of the samples in it, at the time of the last. A row that leaves within a slot ends
 * where it left. What comes out is valid until the next row.
 */
import type { RowChunk } from '../types.ts';
import { isAlwaysThere } from './clean.ts';
import { absentThroughout, RowMemory } from './memory.ts';
import { type Folded, SlotFold } from './slot.ts';
import { slotOf } from './thin.ts';

const FOLDED = 4;

export class GaugeFolder {
  readonly #resolutionMs: number;
  readonly #memory: RowMemory;
  readonly #slots: SlotFold[];
  /** Points are of the times up to before these. */
  #ends = new Int32Array(256);
  #present = new Uint8Array(1024);

  constructor(columns: number, resolutionMs: number) {
    this.#resolutionMs = resolutionMs;
    this.#memory = new RowMemory(columns * (FOLDED + 1));
    this.#slots = Array.from({ length: columns }, () => new SlotFold());
  }

  fold(row: RowChunk): RowChunk {
    const points = this.#cut(row);
    const { timesMs, arrays } = this.#memory.for(points);
    for (let k = 0; k < points; k++) timesMs[k] = row.timesMs[(this.#ends[k] as number) - 1] as number;
    const cells: Float64Array[] = [];
    const folds: Folded[] = [];
    let nans: (Set<number> | undefined)[] | undefined;
    for (let c = 0; c < row.cells.length; c++) {
      const [average, sum, count, min, max] = arrays.slice(c * (FOLDED + 1), (c + 1) * (FOLDED + 1)) as FiveArrays;
      const into = { sum, count, min, max };
      const own = this.#column(row, c, { into, points });
      if (own !== undefined) {
        nans ??= row.cells.map(() => undefined);
        nans[c] = own;
      }
      for (let k = 0; k < points; k++) average[k] = (sum[k] as number) / (count[k] as number);
      cells.push(average);
      folds.push(into);
    }
    return { labels: row.labels, timesMs, cells, folds, ...(nans === undefined ? {} : { nans }) };
  }

  /** Answers at which points the column has a NaN that was measured. */
  #column(row: RowChunk, c: number, to: { into: Folded; points: number }): Set<number> | undefined {
    const { into, points } = to;
    const values = row.cells[c] as Float64Array;
    const [nans, folds] = [row.nans?.[c], row.folds?.[c]];
    if (nans === undefined && values === absentThroughout(values.length)) {
      for (const of of [into.sum, into.count, into.min, into.max]) of.fill(Number.NaN);
      return undefined;
    }
    const slot = this.#slots[c] as SlotFold;
    let found: Set<number> | undefined;
    for (let k = 0, from = 0; k < points; k++) {
      const end = this.#ends[k] as number;
      if (slot.fold({ values, folds, nans, from, to: end }, into, k)) {
        found ??= new Set();
        found.add(k);
      }
      from = end;
    }
    return found;
  }

  /** Where points end: with slots, and each time at which no column has anything is one for itself. Answers how many there are. */
  #cut(row: RowChunk): number {
    const { timesMs } = row;
    const n = timesMs.length;
    if (this.#ends.length < n) this.#ends = new Int32Array(2 * n);
    const ends = this.#ends;
    const present = isAlwaysThere(row) ? undefined : this.#presence(row);
    let points = 0;
    let before = Number.NaN;
    let wasThere = false;
    for (let i = 0; i < n; i++) {
      const slot = slotOf(timesMs[i] as number, this.#resolutionMs);
      const there = present === undefined || present[i] === 1;
      if (i > 0 && !(there && wasThere && slot === before)) ends[points++] = i;
      before = slot;
      wasThere = there;
    }
    if (n > 0) ends[points++] = n;
    return points;
  }

  #presence({ timesMs, cells, nans }: RowChunk): Uint8Array {
    const n = timesMs.length;
    if (this.#present.length < n) this.#present = new Uint8Array(2 * n);
    const present = this.#present.fill(0, 0, n);
    for (let c = 0; c < cells.length; c++) {
      const values = cells[c] as Float64Array;
      for (let i = 0; i < n; i++) if (!Number.isNaN(values[i])) present[i] = 1;
      for (const i of nans?.[c] ?? []) present[i] = 1;
    }
    return present;
  }
}

type FiveArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

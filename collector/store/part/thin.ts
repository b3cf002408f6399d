/**
 * A row of counters with fewer times: of each slot the last, and those at which something happens: a counter begins, falls or ends, with the time before. The
 * numbers stay what was read, so every increase between two that stay is what it was, and parts that were thinned out each for itself fit together.
 * What comes out is valid until the next row.
 */
import type { RowChunk } from '../types.ts';
import { pickTimes } from './clean.ts';
import { absentThroughout, RowMemory } from './memory.ts';

/** The slot that ends at or after a time: slots are open at their beginning, as windows in PromQL are. */
export function slotOf(timeMs: number, resolutionMs: number): number {
  return Math.ceil(timeMs / resolutionMs);
}

export class CounterThinner {
  readonly #resolutionMs: number;
  readonly #memory: RowMemory;
  #keeps = new Uint8Array(1024);
  #kept = new Int32Array(1024);

  constructor(columns: number, resolutionMs: number) {
    this.#resolutionMs = resolutionMs;
    this.#memory = new RowMemory(columns);
  }

  thin(row: RowChunk): RowChunk {
    const n = row.timesMs.length;
    if (this.#keeps.length < n) {
      this.#keeps = new Uint8Array(2 * n);
      this.#kept = new Int32Array(2 * n);
    }
    const keeps = this.#keeps;
    this.#keepLasts(row.timesMs);
    for (let column = 0; column < row.cells.length; column++) keepTurns(row, column, keeps);
    let length = 0;
    for (let i = 0; i < n; i++) if (keeps[i] === 1) this.#kept[length++] = i;
    if (length === n) return row;
    const kept = this.#kept.subarray(0, length);
    return row.nans === undefined ? this.#picked(row, kept) : pickTimes(row, [...kept]);
  }

  /** Of each slot the last. */
  #keepLasts(timesMs: Float64Array): void {
    const n = timesMs.length;
    let slot = n > 0 ? slotOf(timesMs[0] as number, this.#resolutionMs) : 0;
    for (let i = 0; i < n; i++) {
      const next = i + 1 < n ? slotOf(timesMs[i + 1] as number, this.#resolutionMs) : Number.NaN;
      this.#keeps[i] = next === slot ? 0 : 1;
      slot = next;
    }
  }

  #picked(row: RowChunk, kept: Int32Array): RowChunk {
    const { timesMs, arrays } = this.#memory.for(kept.length);
    pick(row.timesMs, kept, timesMs);
    const nothing = absentThroughout(row.timesMs.length);
    const cells = row.cells.map((values, c) => {
      if (values === nothing) return absentThroughout(kept.length);
      pick(values, kept, arrays[c] as Float64Array);
      return arrays[c] as Float64Array;
    });
    return { labels: row.labels, timesMs, cells };
  }
}

function pick(values: Float64Array, kept: Int32Array, into: Float64Array): void {
  for (let k = 0; k < kept.length; k++) into[k] = values[kept[k] as number] as number;
}

function keepTurns({ cells, nans }: RowChunk, column: number, keeps: Uint8Array): void {
  const values = cells[column] as Float64Array;
  const measured = nans?.[column];
  if (measured === undefined && values === absentThroughout(values.length)) return;
  let wasThere = false;
  /** Where the last number is; a NaN that was measured is none, and no fall. */
  let last = -1;
  let lastValue = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const isNumber = !Number.isNaN(value);
    const isThere = isNumber || measured?.has(i) === true;
    if (isThere !== wasThere) {
      keeps[i] = 1;
      if (wasThere) keeps[i - 1] = 1;
    }
    if (value < lastValue) {
      keeps[i] = 1;
      keeps[last] = 1;
    }
    if (isNumber) {
      last = i;
      lastValue = value;
    }
    wasThere = isThere;
  }
}

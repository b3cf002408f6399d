/**
 * A row of counters with fewer times: of each slot the last, and those at which something happens: a counter begins, falls or ends, with the time before. The
 * numbers stay what was read, so every increase between two that stay is what it was, and parts that were thinned out each for itself fit together.
 */
import type { RowChunk } from '../types.ts';
import { pickTimes } from './clean.ts';

/** The slot that ends at or after a time: slots are open at their beginning, as windows in PromQL are. */
export function slotOf(timeMs: number, resolutionMs: number): number {
  return Math.ceil(timeMs / resolutionMs);
}

export function thinCounters(row: RowChunk, resolutionMs: number): RowChunk {
  const { timesMs } = row;
  const n = timesMs.length;
  const keeps = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const slot = slotOf(timesMs[i] as number, resolutionMs);
    if (i === n - 1 || slotOf(timesMs[i + 1] as number, resolutionMs) !== slot) keeps[i] = 1;
  }
  for (let column = 0; column < row.cells.length; column++) keepTurns(row, column, keeps);
  const kept: number[] = [];
  for (let i = 0; i < n; i++) if (keeps[i] === 1) kept.push(i);
  return kept.length === n ? row : pickTimes(row, kept);
}

function keepTurns({ cells, nans }: RowChunk, column: number, keeps: Uint8Array): void {
  const values = cells[column] as Float64Array;
  let wasThere = false;
  /** Where the last number is; a NaN that was measured is none, and no fall. */
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const isThere = !Number.isNaN(value) || nans?.[column]?.has(i) === true;
    if (isThere !== wasThere) {
      keeps[i] = 1;
      if (wasThere) keeps[i - 1] = 1;
    }
    if (last >= 0 && value < (values[last] as number)) {
      keeps[i] = 1;
      keeps[last] = 1;
    }
    if (!Number.isNaN(value)) last = i;
    wasThere = isThere;
  }
}

/** What a table was in the last frame that had it, in the order of the rows as they are now. The same for the side that writes and that which reads. */
import { FIRST_SCALE } from './cells.ts';
import { NO_ROWS, type RowList } from './rows.ts';

export interface Past {
  list: RowList;
  timesMs: Float64Array;
  values: Float64Array;
  endMs: number;
  /** Of the times, as of a table with one column. */
  readonly timeScale: Uint8Array;
}

export function emptyPast(): Past {
  return {
    list: NO_ROWS,
    timesMs: new Float64Array(0),
    values: new Float64Array(0),
    endMs: 0,
    timeScale: Uint8Array.of(FIRST_SCALE),
  };
}

/** The rows of now: how many, and where each was; no places if all are as before. */
export interface Now {
  readonly rows: number;
  readonly places: Int32Array | undefined;
}

/** The values as they were, NaN for new rows. The past's own array if all rows are as before. */
export function moved(
  { list, values }: Past,
  { rows, places, columns }: Now & { readonly columns: number },
): Float64Array {
  if (places === undefined) return values;
  const held = list.rows.length;
  const result = new Float64Array(rows * columns);
  for (let c = 0, at = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++, at++) {
      const place = places[r] as number;
      result[at] = place < 0 ? Number.NaN : (values[c * held + place] as number);
    }
  }
  return result;
}

/**
 * What each row's time would be if it were read as long before its window's end as last time; the end for new rows. `reuses`: in the past's own array if all
 * rows are as before.
 */
export function timesBefore(
  { timesMs, endMs }: Past,
  now: Now & { readonly endMs: number },
  reuses = false,
): Float64Array {
  const result = reuses && now.places === undefined ? timesMs : new Float64Array(now.rows);
  for (let r = 0; r < now.rows; r++) {
    const place = now.places === undefined ? r : (now.places[r] as number);
    result[r] = place < 0 ? now.endMs : (timesMs[place] as number) + (now.endMs - endMs);
  }
  return result;
}

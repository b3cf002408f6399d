/**
 * The last few windows of a table as they came, until they are packed. They are copied: whoever hands a window out may use its memory for the next, and
 * so does this.
 */
import type { LevelTable } from '../../../src/model/batch.ts';
import { wordsFor } from './changes.ts';
import type { Places } from './rows.ts';

export interface Window {
  /** By row, as many as there were: the time, from the window's end on; NaN where it is missing. */
  offsets: Float64Array;
  rows: number;
  /** Column after column, `width` numbers each. */
  values: Float64Array;
  width: number;
  /** By row: its place in a column; -1, or not there at all, where it is missing. */
  places: Int32Array;
  /** A bit for each of `values`, whether it may be another than in the window before; says nothing unless `knowsChanges`. */
  changed: Uint32Array;
  knowsChanges: boolean;
}

const NOWHERE = new Int32Array(0);

export class Windows {
  readonly #all: Window[] = [];
  length = 0;

  at(k: number): Window {
    return this.#all[k] as Window;
  }

  get last(): Window | undefined {
    return this.length === 0 ? undefined : this.#all[this.length - 1];
  }

  /** The next window, of a table with so many rows; nothing is there yet. */
  add(rows: number): Window {
    const window = this.#all[this.length] ?? {
      offsets: new Float64Array(0),
      rows: 0,
      values: new Float64Array(0),
      width: 0,
      places: NOWHERE,
      changed: new Uint32Array(0),
      knowsChanges: false,
    };
    this.#all[this.length++] = window;
    if (window.offsets.length < rows) window.offsets = new Float64Array(roomFor(rows));
    window.offsets.fill(Number.NaN, 0, rows);
    window.rows = rows;
    window.width = 0;
    window.places = NOWHERE;
    window.knowsChanges = false;
    return window;
  }

  /** They have been packed. */
  clear(): void {
    this.length = 0;
  }
}

/** Takes over a table's numbers, and where its rows are; and what the table says of changes, where those are changes to what the window before has. */
export function fill(window: Window, { values, rows, changed }: LevelTable, { places }: Places): void {
  if (window.values.length < values.length) window.values = new Float64Array(roomFor(values.length));
  window.values.set(values);
  window.width = rows.length;
  window.places = places;
  if (changed === undefined) return;
  const words = wordsFor(values.length);
  if (window.changed.length < words) window.changed = new Uint32Array(roomFor(words));
  window.changed.set(changed.subarray(0, words));
  window.knowsChanges = true;
}

/** A few more will come. */
function roomFor(length: number): number {
  return length + (length >> 4);
}

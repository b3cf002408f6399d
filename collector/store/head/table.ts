/**
 * A table of closed windows in memory: its rows with all their numbers since the last seal, the last few windows as they came and the ones before
 * packed. A row that is missing in a window ends there; a reading that was there before is the same reading.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { LevelTable } from '../../../src/model/batch.ts';
import type { RowChunk } from '../types.ts';
import { GrowingFloats, Scratch } from './growing.ts';
import { HeadRows } from './rows.ts';
import { type Gathered, packColumn, type StripeColumn, unpackRow } from './stripe.ts';

/** Windows that are packed together. */
const STRIPE = 6;
/** In place of a time: the row is there with the reading that it had before. */
const HELD = 2 ** 40;

interface Stripe {
  readonly frames: number;
  /** Times first, then the cells. */
  readonly columns: readonly (StripeColumn | undefined)[];
}

/** A window as it came. */
interface Open {
  readonly table: LevelTable | undefined;
  /** By place in the table: the time, from the window's end on. */
  readonly offsets: Float64Array;
  /** By row: its place in the table. */
  readonly places: Int32Array;
}

export interface HeadTableOptions {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
  /** Ends of the windows since the last seal; grows. */
  readonly ends: readonly number[];
  /** Given a reading that is older than what its row has. */
  readonly onLate: (labels: Labels, table: LevelTable, place: number) => void;
  /** A row's labels as they are shown. */
  readonly shown: (labels: Labels) => Labels;
}

const NOWHERE = new Int32Array(0);
const NOTHING = new Float64Array(0);

export class HeadTable {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
  readonly #options: HeadTableOptions;
  /** The window at which it begins. */
  readonly #first: number;
  readonly #rows: HeadRows;
  /** Those that were there when the head began. */
  #born = 0;
  readonly #lastMs = new GrowingFloats(Number.NEGATIVE_INFINITY);
  /** Times and cells at the end of the last stripe. */
  readonly #last: GrowingFloats[];
  readonly #stripes: Stripe[] = [];
  #open: Open[] = [];
  constructor(options: HeadTableOptions) {
    this.#options = options;
    this.level = options.level;
    this.measurement = options.measurement;
    this.columns = options.columns;
    this.#first = options.ends.length;
    this.#rows = new HeadRows(options.shown);
    this.#last = Array.from({ length: options.columns.length + 1 }, () => new GrowingFloats(Number.NaN, 0));
  }

  /** Rows that were there at the end of the head before: what they have is older, and where they are missing now, they end. */
  inherit(rows: Iterable<readonly [labels: Labels, lastMs: number]>): void {
    for (const [labels, lastMs] of rows) {
      const row = this.#rows.rowFor(labels);
      this.#lastMs.reserve(row + 1);
      this.#lastMs.values[row] = lastMs;
    }
    this.#born = this.rows;
  }

  /** Rows that the last window has, with the time of what they have. */
  *present(): Generator<readonly [labels: Labels, lastMs: number]> {
    const open = this.#open.at(-1);
    const gone = open === undefined ? this.#absentRows() : undefined;
    for (const [row, labels] of this.labels.entries()) {
      const there = open === undefined ? !gone?.has(row) : (open.places[row] ?? -1) >= 0;
      if (there) yield [labels, this.#lastMs.values[row] as number];
    }
  }

  /** Of a row as it comes: by what it is known, and when it was read last; undefined if it is none of its rows. */
  lastOf(labels: Labels): { readonly key: string; readonly lastMs: number } | undefined {
    const row = this.#rows.find(labels);
    if (row === undefined) return undefined;
    return { key: (this.labels[row] as Labels).key, lastMs: this.#lastMs.values[row] as number };
  }

  /** By row. */
  get labels(): readonly Labels[] {
    return this.#rows.labels;
  }

  get rows(): number {
    return this.labels.length;
  }

  /** The next window; without a table all rows are missing in it. */
  push(table: LevelTable | undefined, endMs: number): void {
    if (table === undefined) this.#open.push({ table, offsets: NOTHING, places: NOWHERE });
    else this.#open.push(this.#placed(table, endMs));
    if (this.#open.length === STRIPE) this.#pack();
  }

  #placed(table: LevelTable, endMs: number): Open {
    const { rowOf, places } = this.#rows.placesOf(table.rows);
    this.#lastMs.reserve(this.rows);
    const offsets = new Float64Array(table.rows.length).fill(Number.NaN);
    const lastMs = this.#lastMs.values;
    for (let place = 0; place < rowOf.length; place++) {
      const row = rowOf[place] as number;
      if (row < 0) continue;
      const timeMs = table.timesMs[place] as number;
      if (timeMs > (lastMs[row] as number)) {
        offsets[place] = timeMs - endMs;
        lastMs[row] = timeMs;
      } else {
        offsets[place] = HELD;
        if (timeMs < (lastMs[row] as number)) this.#options.onLate(this.labels[row] as Labels, table, place);
      }
    }
    return { table, offsets, places };
  }

  #pack(): void {
    const open = this.#open;
    const places = open.map((one) => one.places);
    const frames = open.length;
    const common = { frames, rows: this.rows, places };
    for (const last of this.#last) last.reserve(this.rows);
    const times = packColumn(this.#timesOf(open), (this.#last[0] as GrowingFloats).values);
    const cells = this.columns.map((_, c) => {
      const from = Int32Array.from(open, ({ table }) => c * (table?.rows.length ?? 0));
      const values = open.map(({ table }) => table?.values ?? NOTHING);
      return packColumn({ ...common, values, from }, (this.#last[c + 1] as GrowingFloats).values);
    });
    this.#stripes.push({ frames, columns: [times, ...cells] });
    this.#open = [];
  }

  /** Of times, a row that is missing has none: it is not as it was. */
  #timesOf(open: readonly Open[]): Gathered {
    const values = open.map(({ offsets }) => {
      const longer = new Float64Array(offsets.length + 1).fill(Number.NaN);
      longer.set(offsets);
      return longer;
    });
    const places = open.map((one) => {
      const missing = one.offsets.length;
      const all = new Int32Array(this.rows).fill(missing);
      for (let row = 0; row < one.places.length; row++) {
        const place = one.places[row] as number;
        if (place >= 0) all[row] = place;
      }
      return all;
    });
    return { frames: open.length, rows: this.rows, values, from: new Int32Array(open.length), places };
  }

  /** Windows since the table began. */
  get #frames(): number {
    return this.#stripes.length * STRIPE + this.#open.length;
  }

  #absentRows(): Set<number> {
    const absent = new Set<number>();
    const frames = this.#frames;
    if (frames === 0) return absent;
    for (let row = 0; row < this.rows; row++) {
      if (Number.isNaN(this.#raw(row, 0)[frames - 1] as number)) absent.add(row);
    }
    return absent;
  }

  /** What column `c` (0: times) of a row was in each window; NaN for times where it was missing. Valid until the next call with the same buffer. */
  #raw(row: number, c: number, buffer = scratch): Float64Array {
    const frames = this.#frames;
    const into = buffer.room(frames);
    let at = 0;
    let old = Number.NaN;
    for (const stripe of this.#stripes) {
      old = unpackRow(stripe.columns[c], row, old, { into, at, frames: stripe.frames });
      at += stripe.frames;
    }
    for (const one of this.#open) {
      const { table, offsets, places } = one;
      const place = row < places.length ? (places[row] as number) : -1;
      if (place < 0 || table === undefined) into[at++] = c === 0 ? Number.NaN : old;
      else {
        const value = c === 0 ? offsets[place] : table.values[(c - 1) * table.rows.length + place];
        old = (value as number) - (value as number) === 0 ? (value as number) : Number.NaN;
        into[at++] = old;
      }
    }
    return into;
  }

  /** Times at which the row has something: in which windows, -1 where it ends, and when. */
  #moments(row: number): Moments {
    const offsets = this.#raw(row, 0, timeScratch);
    const frames = this.#frames;
    const windows = moments.windows.room(frames);
    const timesMs = moments.timesMs.room(frames);
    let length = 0;
    let there = row < this.#born;
    let lastMs = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < frames; k++) {
      const offset = offsets[k] as number;
      const endMs = this.#options.ends[this.#first + k] as number;
      if (offset === HELD) {
        there = true;
        continue;
      }
      if (Number.isNaN(offset)) {
        if (there) {
          lastMs = Math.max(endMs - 1, lastMs + 1);
          windows[length] = -1;
          timesMs[length++] = lastMs;
        }
        there = false;
        continue;
      }
      // A clock that was set back may have it begin again before it ended.
      if (length > 0 && endMs + offset <= lastMs) length--;
      lastMs = endMs + offset;
      windows[length] = k;
      timesMs[length++] = lastMs;
      there = true;
    }
    return { length, windows, timesMs };
  }

  /** Hands out the numbers of a column of a row, oldest first; NaN where it ends. */
  each(row: number, c: number, take: (timeMs: number, value: number) => void): void {
    const { length, windows, timesMs } = this.#moments(row);
    const values = this.#raw(row, c + 1);
    for (let i = 0; i < length; i++) {
      const k = windows[i] as number;
      take(timesMs[i] as number, k < 0 ? Number.NaN : (values[k] as number));
    }
  }

  /** Whether a column of a row has a number at all. */
  has(row: number, c: number): boolean {
    const last = this.#last[c + 1]?.values[row] ?? Number.NaN;
    if (!Number.isNaN(last)) return true;
    const values = this.#raw(row, c + 1);
    for (let k = 0; k < this.#frames; k++) if (!Number.isNaN(values[k])) return true;
    return false;
  }

  /** All of a row, to be sealed; undefined if there is nothing. */
  chunk(row: number): RowChunk | undefined {
    const { length, windows, timesMs } = this.#moments(row);
    if (length === 0) return undefined;
    // One piece of memory for all columns: an array of its own for each costs more than what is in it.
    const all = new Float64Array(length * this.columns.length);
    const cells = this.columns.map((_, c) => {
      const values = this.#raw(row, c + 1);
      const own = all.subarray(c * length, (c + 1) * length);
      for (let i = 0; i < length; i++) {
        const k = windows[i] as number;
        own[i] = k < 0 ? Number.NaN : (values[k] as number);
      }
      return own;
    });
    return { labels: this.labels[row] as Labels, timesMs: timesMs.slice(0, length), cells };
  }
}

interface Moments {
  readonly length: number;
  readonly windows: Float64Array;
  readonly timesMs: Float64Array;
}

const scratch = new Scratch();
const timeScratch = new Scratch();
const moments = { windows: new Scratch(), timesMs: new Scratch() };

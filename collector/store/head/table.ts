/**
 * A table of closed windows in memory: its rows with all their numbers since the last seal, the last few windows as they came and the ones before
 * packed. A row that is missing in a window ends there; a reading that was there before is the same reading.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { LevelTable } from '../../../src/model/batch.ts';
import type { RowChunk } from '../types.ts';
import { absentThroughout } from '../part/memory.ts';
import { GrowingFloats, Scratch } from './growing.ts';
import { Packed, STRIPE } from './packed.ts';
import { HeadRows } from './rows.ts';
import { fill, type Window, Windows } from './windows.ts';

/** In place of a time: the row is there with the reading that it had before. */
const HELD = 2 ** 40;

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
  readonly #open = new Windows();
  readonly #packed: Packed;
  /** Of the last window's table: the next of the same says what has changed since. */
  #shape: object | undefined;

  constructor(options: HeadTableOptions) {
    this.#options = options;
    this.level = options.level;
    this.measurement = options.measurement;
    this.columns = options.columns;
    this.#first = options.ends.length;
    this.#rows = new HeadRows(options.shown);
    this.#packed = new Packed(options.columns.length, this.#open);
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
    const isThere = this.#there();
    for (const [row, labels] of this.labels.entries()) {
      if (isThere(row)) yield [labels, this.#lastMs.values[row] as number];
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

  /** The next window; without a table all rows are missing in it. `tells`: whether what is missing in it has gone. */
  push(table: LevelTable | undefined, endMs: number, tells = true): void {
    const wasThere = this.#there();
    if (table === undefined) this.#open.add(this.rows);
    else this.#place(table, endMs);
    if (!tells) this.#hold(wasThere);
    if (this.#open.length === STRIPE) this.#packed.pack(this.rows);
  }

  #place(table: LevelTable, endMs: number): void {
    const places = this.#rows.placesOf(table.rows);
    const { rowOf } = places;
    this.#lastMs.reserve(this.rows);
    const window = this.#open.add(this.rows);
    const follows = table.shape === this.#shape;
    fill(window, follows ? table : { ...table, changed: undefined }, places);
    this.#shape = table.shape;
    const { offsets } = window;
    const lastMs = this.#lastMs.values;
    for (let place = 0; place < rowOf.length; place++) {
      const row = rowOf[place] as number;
      if (row < 0) continue;
      const timeMs = table.timesMs[place] as number;
      if (timeMs > (lastMs[row] as number)) {
        offsets[row] = timeMs - endMs;
        lastMs[row] = timeMs;
      } else {
        offsets[row] = HELD;
        if (timeMs < (lastMs[row] as number)) this.#options.onLate(this.labels[row] as Labels, table, place);
      }
    }
  }

  /** What was there before the last window, and is missing in it, is there still. */
  #hold(wasThere: (row: number) => boolean): void {
    const { offsets, rows } = this.#open.last as Window;
    for (let row = 0; row < rows; row++) if (Number.isNaN(offsets[row]) && wasThere(row)) offsets[row] = HELD;
  }

  /** Which rows the last window has, with a reading of its own or the one that they had before; before the first, those that were there when the head began. */
  #there(): (row: number) => boolean {
    const last = this.#open.last;
    if (last !== undefined) return (row) => row < last.rows && !Number.isNaN(last.offsets[row]);
    if (this.#frames === 0) return (row) => row < this.#born;
    return (row) => !Number.isNaN(this.#packed.lastOf(row, 0));
  }

  /** Windows since the table began. */
  get #frames(): number {
    return this.#packed.frames;
  }

  /** What column `c` (0: times) of a row was in each window; NaN for times where it was missing. Valid until the next call with the same buffer. */
  #raw(row: number, c: number, buffer = scratch): Float64Array {
    const frames = this.#frames;
    const into = buffer.room(frames);
    this.#packed.unpack(row, c, into);
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
    const last = this.#packed.lastOf(row, c + 1);
    if (!Number.isNaN(last)) return true;
    const values = this.#raw(row, c + 1);
    for (let k = 0; k < this.#frames; k++) if (!Number.isNaN(values[k])) return true;
    return false;
  }

  /** All of these rows, to be sealed; those that have nothing are left out. Each is valid until the next of any table. */
  *chunks(rows: readonly number[]): Generator<RowChunk> {
    const frames = this.#frames;
    const each = frames * this.columns.length;
    const isEmpty = this.columns.map((_, c) => this.#packed.isEmpty(c + 1));
    const together = Math.min(MOST_TOGETHER, Math.max(1, Math.floor(NUMBERS_TOGETHER / Math.max(1, each))));
    for (let from = 0; from < rows.length; from += together) {
      const own = rows.slice(from, from + together);
      // Questions are answered between two rows, and have their own.
      const numbers = sealing.room(own.length * each);
      for (const [c, empty] of isEmpty.entries()) {
        if (!empty) this.#packed.unpackTogether(c + 1, { rows: own, each }, numbers);
      }
      for (const [i, row] of own.entries()) {
        const chunk = this.#chunk(row, { numbers: numbers.subarray(i * each, (i + 1) * each), isEmpty });
        if (chunk !== undefined) yield chunk;
      }
    }
  }

  #chunk(
    row: number,
    { numbers, isEmpty }: { numbers: Float64Array; isEmpty: readonly boolean[] },
  ): RowChunk | undefined {
    const { length, windows, timesMs } = this.#moments(row);
    if (length === 0) return undefined;
    const frames = this.#frames;
    const isPlain = length === frames && hasNoGaps(windows, length);
    const cells = this.columns.map((_, c) => {
      if (isEmpty[c]) return absentThroughout(length);
      const own = numbers.subarray(c * frames, c * frames + length);
      // A window has one moment at most: none is asked for that has been written over.
      for (let i = 0; !isPlain && i < length; i++) {
        const k = windows[i] as number;
        own[i] = k < 0 ? Number.NaN : (numbers[c * frames + k] as number);
      }
      return own;
    });
    return { labels: this.labels[row] as Labels, timesMs: timesMs.slice(0, length), cells };
  }
}

/** Whether every window has a moment of its own. */
function hasNoGaps(windows: Float64Array, length: number): boolean {
  for (let k = 0; k < length; k++) if (windows[k] !== k) return false;
  return true;
}

interface Moments {
  readonly length: number;
  readonly windows: Float64Array;
  readonly timesMs: Float64Array;
}

/** Rows that are unpacked together to be sealed, as many as stay in the processor's memory. */
const MOST_TOGETHER = 16;
const NUMBERS_TOGETHER = 500_000;
const sealing = new Scratch();
const scratch = new Scratch();
const timeScratch = new Scratch();
const moments = { windows: new Scratch(), timesMs: new Scratch() };

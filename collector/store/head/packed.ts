/**
 * A head table's windows, a few at a time packed column by column, and the last few as they came. Column 0 are the times, the table's own come behind it. A number is
 * what it was before where a window has nothing new of its row.
 */
import { anyOf, hasAny } from './changes.ts';
import { GrowingFloats } from './growing.ts';
import { identity } from './rows.ts';
import type { Unpacking } from './rowcode.ts';
import { beginStripe, endStripe, type Gathered, moves, packColumn, type Stripe, unpackRow } from './stripe.ts';
import type { Window, Windows } from './windows.ts';

/** Windows that are packed together. */
export const STRIPE = 6;

/** Rows that are unpacked behind each other, and how many numbers of all columns each of them has. */
export interface Together {
  readonly rows: readonly number[];
  readonly each: number;
}

export class Packed {
  readonly #columns: number;
  readonly #open: Windows;
  readonly #stripes: Stripe[] = [];
  /** At the end of the last stripe. */
  readonly #last: GrowingFloats[];
  /** Columns of which no row has had anything. */
  readonly #isEmpty: boolean[];

  constructor(columns: number, open: Windows) {
    this.#columns = columns;
    this.#open = open;
    this.#last = Array.from({ length: columns + 1 }, () => new GrowingFloats(Number.NaN, 0));
    this.#isEmpty = this.#last.map(() => true);
  }

  get frames(): number {
    return this.#stripes.length * STRIPE + this.#open.length;
  }

  /** At the end of the last stripe; NaN where there was none. */
  lastOf(row: number, c: number): number {
    return this.#last[c]?.values[row] ?? Number.NaN;
  }

  /** The open windows become a stripe. */
  pack(rows: number): void {
    const open = Array.from({ length: STRIPE }, (_, k) => this.#open.at(k));
    for (const last of this.#last) last.reserve(rows);
    const from = new Int32Array(STRIPE);
    // Of times, a row that is missing has none: it is not as it was.
    const all = identity(rows);
    const times = { values: open.map(({ offsets }) => offsets), places: open.map((one) => all.subarray(0, one.rows)) };
    beginStripe(this.#columns + 1);
    this.#pack(0, { frames: STRIPE, rows, from, ...times });
    const cells = { values: open.map(({ values }) => values), places: open.map(({ places }) => places) };
    const changed = changesOf(open, this.#columns);
    for (let c = 1; c <= this.#columns; c++) {
      for (let k = 0; k < STRIPE; k++) from[k] = (c - 1) * (open[k]?.width as number);
      const { width } = open[0] as Window;
      const stands = changed !== undefined && !hasAny(changed, (c - 1) * width, c * width);
      if (!stands) this.#pack(c, { frames: STRIPE, rows, from, changed, ...cells });
    }
    this.#stripes.push(endStripe(rows));
    this.#open.clear();
  }

  #pack(c: number, gathered: Gathered): void {
    if (c > 0 && this.#isEmpty[c] && this.#areEmpty(c)) return;
    this.#isEmpty[c] = false;
    packColumn(c, gathered, (this.#last[c] as GrowingFloats).values);
  }

  /** Whether the open windows have nothing in the column. */
  #areEmpty(c: number): boolean {
    for (let k = 0; k < this.#open.length; k++) {
      const { values, width } = this.#open.at(k);
      for (let at = (c - 1) * width; at < c * width; at++) if (!Number.isNaN(values[at])) return false;
    }
    return true;
  }

  /** What a column of a row was in each window, into `into`; NaN for times where it was missing. */
  unpack(row: number, c: number, into: Float64Array): void {
    let at = 0;
    let old = Number.NaN;
    unpacking.frames = STRIPE;
    unpacking.into = into;
    for (const stripe of this.#stripes) {
      const place = stripe.places[c] as number;
      if (place >= 0 && moves(stripe, place, row)) {
        unpacking.before = old;
        unpacking.at = at;
        old = unpackRow(stripe, place, row, unpacking);
      } else for (let k = at; k < at + STRIPE; k++) into[k] = old;
      at += STRIPE;
    }
    this.#addOpen({ row, c, old }, into, at);
  }

  /** Whether no row has anything in the column. */
  isEmpty(c: number): boolean {
    return this.#isEmpty[c] === true && this.#areEmpty(c);
  }

  /**
   * A column of several rows, each at its own place: what is packed of a column lies together, and is looked at once for all of them; most stripes have nothing of
   * most rows.
   */
  unpackTogether(c: number, { rows, each }: Together, into: Float64Array): void {
    const start = (c - 1) * this.frames;
    const packed = this.#stripes.length * STRIPE;
    const olds = new Float64Array(rows.length).fill(Number.NaN);
    const upTo = new Int32Array(rows.length);
    unpacking.frames = STRIPE;
    unpacking.into = into;
    for (let s = 0, at = 0; s < this.#stripes.length; s++, at += STRIPE) {
      const stripe = this.#stripes[s] as Stripe;
      const place = stripe.places[c] as number;
      if (place < 0) continue;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] as number;
        if (!moves(stripe, place, row)) continue;
        const own = start + i * each;
        const old = olds[i] as number;
        for (let k = own + (upTo[i] as number); k < own + at; k++) into[k] = old;
        unpacking.before = old;
        unpacking.at = own + at;
        olds[i] = unpackRow(stripe, place, row, unpacking);
        upTo[i] = at + STRIPE;
      }
    }
    for (let i = 0; i < rows.length; i++) {
      const own = start + i * each;
      into.fill(olds[i] as number, own + (upTo[i] as number), own + packed);
      this.#addOpen({ row: rows[i] as number, c, old: olds[i] as number }, into, own + packed);
    }
  }

  #addOpen(
    of: { readonly row: number; readonly c: number; readonly old: number },
    into: Float64Array,
    start: number,
  ): void {
    const { row, c } = of;
    let { old } = of;
    let at = start;
    for (let k = 0; k < this.#open.length; k++) {
      const { rows, offsets, width, values, places } = this.#open.at(k);
      if (c === 0) {
        into[at++] = row < rows ? (offsets[row] as number) : Number.NaN;
        continue;
      }
      const place = row < places.length ? (places[row] as number) : -1;
      if (place >= 0) {
        const value = values[(c - 1) * width + place] as number;
        old = value - value === 0 ? value : Number.NaN;
      }
      into[at++] = old;
    }
  }
}

/** Which numbers may have changed in any of the windows; undefined if one of them does not know, or has its rows at other places. */
function changesOf(open: readonly Window[], columns: number): Uint32Array | undefined {
  const { places, width } = open[0] as Window;
  if (!open.every((one) => one.knowsChanges && one.places === places)) return undefined;
  return anyOf(
    open.map(({ changed }) => changed),
    columns * width,
  );
}

/** One for all: it is asked for with every few numbers. */
const unpacking: { -readonly [K in keyof Unpacking]: Unpacking[K] } = {
  before: Number.NaN,
  into: new Float64Array(0),
  at: 0,
  frames: 0,
};

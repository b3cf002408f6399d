/**
 * A few frames' numbers of a table, packed column by column: of each row that changed in them, how it went on from what it was before. Rows that did not change
 * cost a bit, columns in which none did a number. All columns lie in the same few arrays: of a table of few rows an array for each would be most of it.
 */
import { has } from './changes.ts';
import { beginColumn, beginRows, packRow, rowsBytes, rowsEnd, same, type Unpacking, unpackAt } from './rowcode.ts';

/** Rows between two places from which one can be found. */
const GROUP = 8;

export interface Stripe {
  /** By column: which of those in which something changes it is; -1 for the others. */
  readonly places: Int32Array;
  /** By place, so many `words`: a bit for each row, whether it changes. */
  readonly changed: Uint32Array;
  readonly words: number;
  /** By place, so many `groups`: where the bytes of each few rows begin. */
  readonly offsets: Uint32Array;
  readonly groups: number;
  /** By row that changes, as `rowcode.ts` says. */
  readonly bytes: Uint8Array;
}

/** What a column was in some frames: `values[k][places[k][row]]`; a place below 0 or beyond the end stands for "as it was". */
export interface Gathered {
  readonly frames: number;
  readonly rows: number;
  readonly values: readonly Float64Array[];
  /** Where the column begins in each frame's values. */
  readonly from: Int32Array;
  readonly places: readonly Int32Array[];
  /** A bit for each place of the values, set in any of the frames: all rows are at the same places, and what has none is as it was. */
  readonly changed?: Uint32Array | undefined;
}

/** The stripe that is being packed: one after the other. */
let bits: Uint32Array = new Uint32Array(1 << 8);
let starts: Uint32Array = new Uint32Array(1 << 10);
let own = new Float64Array(0);
let marks = new Uint8Array(1 << 10);
let places = new Int32Array(0);
let held = 0;

/** Of a table with so many columns; what is packed next is of this stripe. */
export function beginStripe(columns: number): void {
  places = new Int32Array(columns).fill(-1);
  held = 0;
  beginRows();
}

/** Packs column `c`; `last` is what each row was before, and becomes what it is after. All columns of a stripe have the same number of rows. */
export function packColumn(c: number, gathered: Gathered, last: Float64Array): void {
  const { frames, rows } = gathered;
  const words = Math.ceil(rows / 32);
  const groups = Math.ceil(rows / GROUP);
  bits = withRoom(bits, (held + 1) * words);
  starts = withRoom(starts, (held + 1) * groups);
  const changed = bits.fill(0, held * words, (held + 1) * words);
  const offsets = starts;
  if (own.length !== frames) own = new Float64Array(frames);
  const now = own;
  const moved = areAlike(gathered.places) ? movedRows(gathered, last) : undefined;
  let any = false;
  beginColumn();
  for (let row = 0; row < rows; row++) {
    if (row % GROUP === 0) offsets[held * groups + row / GROUP] = rowsEnd();
    if (moved !== undefined && moved[row] === 0) continue;
    const before = last[row] as number;
    if (!gather(gathered, { row, before, now })) continue;
    any = true;
    const word = held * words + (row >>> 5);
    changed[word] = (changed[word] as number) | (1 << (row & 31));
    packRow(now, before);
    last[row] = now[frames - 1] as number;
  }
  if (any) places[c] = held++;
}

/** What has been packed since it was begun. */
export function endStripe(rows: number): Stripe {
  const words = Math.ceil(rows / 32);
  const groups = Math.ceil(rows / GROUP);
  return {
    places,
    changed: bits.slice(0, held * words),
    words,
    offsets: starts.slice(0, held * groups),
    groups,
    bytes: rowsBytes(),
  };
}

function withRoom(array: Uint32Array, length: number): Uint32Array {
  if (array.length >= length) return array;
  const larger = new Uint32Array(2 * length);
  larger.set(array);
  return larger;
}

/** Whether the rows are at the same places in all frames. */
function areAlike(places: readonly Int32Array[]): boolean {
  for (let k = 1; k < places.length; k++) if (places[k] !== places[0]) return false;
  return true;
}

/** Which rows have another number than before in any frame, or may have: frame by frame, because those lie apart in memory and a column's numbers together. */
function movedRows({ frames, rows, values, from, places, changed }: Gathered, last: Float64Array): Uint8Array {
  if (marks.length < rows) marks = new Uint8Array(2 * rows);
  const found = marks.fill(0, 0, rows);
  const where = places[0] as Int32Array;
  const known = Math.min(rows, where.length);
  if (changed !== undefined) return markChanged(found, { changed, where, known, from: from[0] as number });
  for (let k = 0; k < frames; k++) {
    const now = values[k] as Float64Array;
    const start = from[k] as number;
    const before = k === 0 ? last : (values[k - 1] as Float64Array);
    const beforeStart = k === 0 ? 0 : (from[k - 1] as number);
    for (let row = 0; row < known; row++) {
      const place = where[row] as number;
      if (place < 0) continue;
      const value = now[start + place] as number;
      const old = before[k === 0 ? row : beforeStart + place] as number;
      if (value === old) {
        if (value === 0 && !Object.is(value, old)) found[row] = 1;
      } else if (!Number.isNaN(value) || !Number.isNaN(old)) found[row] = 1;
    }
  }
  return found;
}

interface Marking {
  readonly changed: Uint32Array;
  readonly where: Int32Array;
  readonly known: number;
  readonly from: number;
}

function markChanged(found: Uint8Array, { changed, where, known, from }: Marking): Uint8Array {
  for (let row = 0; row < known; row++) {
    const place = where[row] as number;
    if (place >= 0 && has(changed, from + place)) found[row] = 1;
  }
  return found;
}

/** Whether the row changes at all; only then `now` is filled. */
function gather(
  { frames, values, from, places }: Gathered,
  { row, before, now }: { readonly row: number; readonly before: number; readonly now: Float64Array },
): boolean {
  let old = before;
  let changes = false;
  for (let k = 0; k < frames; k++) {
    const where = places[k] as Int32Array;
    const place = row < where.length ? (where[row] as number) : -1;
    if (place >= 0) {
      const value = (values[k] as Float64Array)[(from[k] as number) + place] as number;
      if (!same(value, old)) {
        if (!changes) now.fill(before, 0, k);
        changes = true;
        old = value - value === 0 ? value : Number.NaN;
      }
    }
    if (changes) now[k] = old;
  }
  return changes;
}

/** Whether a row changes in the column at `place`. */
export function moves(stripe: Stripe, place: number, row: number): boolean {
  const word = row >>> 5;
  return word < stripe.words && has(stripe.changed, place * stripe.words * 32 + row);
}

/** Fills in what a row that changes was in each frame; answers the last. */
export function unpackRow(
  { changed, words, offsets, groups, bytes }: Stripe,
  place: number,
  row: number,
  to: Unpacking,
): number {
  let at = offsets[place * groups + ((row / GROUP) | 0)] as number;
  const bits = changed[place * words + (row >>> 5)] as number;
  for (let i = row & 31 & -GROUP; i < (row & 31); i++) {
    // Behind the length.
    if ((bits & (1 << i)) !== 0) at += (bytes[at] as number) + 1;
  }
  return unpackAt(bytes, at + 1, to);
}

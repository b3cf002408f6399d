/**
 * A few frames' numbers of one column, packed: of each row that changed in them, how it went on from what it was before. Rows that did not change cost
 * a bit. Exact to the bit: a number that is no small decimal goes as the double it is.
 */
import { has } from './changes.ts';

/** What numbers are multiplied by to become integers. The last stands for "as doubles". */
const SCALES = [1, 1e3, 1e6, 1e9, 1 / 4096] as const;
const DOUBLES = SCALES.length;
/** Above it a step is no longer exact as a token. */
const MOST = 2 ** 50;

const SAME = 0;
const ABSENT = 1;
const DOUBLE = 2;
const STEP = 3;

/** Rows between two places from which one can be found. */
const GROUP = 8;

export interface StripeColumn {
  /** A bit for each row: whether it changes. */
  readonly changed: Uint32Array;
  /** Where the bytes of each few rows begin. */
  readonly offsets: Uint32Array;
  /** By row that changes: length, scale, tokens. */
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

/** What is being packed; written to directly, because this is done for every number there is. */
let out = new Uint8Array(1 << 16);
let end = 0;
let bits = new Uint32Array(1 << 8);
let starts = new Uint32Array(1 << 10);
let own = new Float64Array(0);
let moves = new Uint8Array(1 << 10);
const eight = new DataView(new ArrayBuffer(8));

/** Packs a column; `last` is what each row was before, and becomes what it is after. Undefined if nothing changes. */
export function packColumn(gathered: Gathered, last: Float64Array): StripeColumn | undefined {
  const { frames, rows } = gathered;
  const words = Math.ceil(rows / 32);
  const groups = Math.ceil(rows / GROUP);
  if (bits.length < words) bits = new Uint32Array(2 * words);
  if (starts.length < groups) starts = new Uint32Array(2 * groups);
  const changed = bits.fill(0, 0, words);
  const offsets = starts;
  if (own.length !== frames) own = new Float64Array(frames);
  const now = own;
  const most = 2 + 9 * frames;
  const moved = areAlike(gathered.places) ? movedRows(gathered, last) : undefined;
  let any = false;
  end = 0;
  lastScale = 0;
  for (let row = 0; row < rows; row++) {
    if (row % GROUP === 0) offsets[row / GROUP] = end;
    if (moved !== undefined && moved[row] === 0) continue;
    const before = last[row] as number;
    if (!gather(gathered, { row, before, now })) continue;
    any = true;
    changed[row >>> 5] = ((changed[row >>> 5] as number) | (1 << (row & 31))) >>> 0;
    if (end + most > out.length) makeRoom();
    packRow(now, before);
    last[row] = now[frames - 1] as number;
  }
  return any
    ? { changed: changed.slice(0, words), offsets: offsets.slice(0, groups), bytes: out.slice(0, end) }
    : undefined;
}

/** Whether the rows are at the same places in all frames. */
function areAlike(places: readonly Int32Array[]): boolean {
  for (let k = 1; k < places.length; k++) if (places[k] !== places[0]) return false;
  return true;
}

/** Which rows have another number than before in any frame, or may have: frame by frame, because those lie apart in memory and a column's numbers together. */
function movedRows({ frames, rows, values, from, places, changed }: Gathered, last: Float64Array): Uint8Array {
  if (moves.length < rows) moves = new Uint8Array(2 * rows);
  const found = moves.fill(0, 0, rows);
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

function makeRoom(): void {
  const larger = new Uint8Array(2 * out.length);
  larger.set(out);
  out = larger;
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

/** The same bits, or absent both. What is infinite was not measured. */
export function same(value: number, old: number): boolean {
  if (value === old) return value !== 0 || Object.is(value, old);
  return value - value !== 0 && Number.isNaN(old);
}

function packRow(now: Float64Array, before: number): void {
  const start = end++;
  const scale = scaleOf(now);
  out[end++] = scale;
  let old = before;
  for (let k = 0; k < now.length; k++) {
    const value = now[k] as number;
    packValue(value, old, scale);
    old = value;
  }
  out[start] = end - start - 1;
}

function packValue(value: number, old: number, scale: number): void {
  if (same(value, old)) {
    out[end++] = SAME;
    return;
  }
  if (Number.isNaN(value)) {
    out[end++] = ABSENT;
    return;
  }
  const factor = SCALES[scale] ?? 0;
  const step = Math.round(value * factor) - integerOf(old, factor);
  if (scale === DOUBLES || Math.abs(step) >= MOST / 4 || Object.is(value, -0)) packDouble(value);
  else packVarint(STEP + (step < 0 ? -2 * step - 1 : 2 * step));
}

function packDouble(value: number): void {
  out[end++] = DOUBLE;
  eight.setFloat64(0, value, true);
  for (let i = 0; i < 8; i++) out[end++] = eight.getUint8(i);
}

function packVarint(value: number): void {
  let rest = value;
  while (rest >= 2 ** 31) {
    out[end++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    out[end++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[end++] = rest;
}

/** What a step is taken from. Both sides make it of the same double. */
function integerOf(old: number, factor: number): number {
  const integer = Math.round(old * factor);
  return Math.abs(integer) < MOST ? integer : 0;
}

/** What the row before was packed with: mostly one of the same column. */
let lastScale = 0;

/** One under which all are integers: the last one's, or else the first. */
function scaleOf(now: Float64Array): number {
  if (lastScale < DOUBLES && fits(now, SCALES[lastScale] as number)) return lastScale;
  for (let s = 0; s < SCALES.length; s++) {
    if (s === lastScale || !fits(now, SCALES[s] as number)) continue;
    lastScale = s;
    return s;
  }
  lastScale = DOUBLES;
  return DOUBLES;
}

function fits(now: Float64Array, factor: number): boolean {
  for (let k = 0; k < now.length; k++) {
    const value = now[k] as number;
    const integer = Math.round(value * factor);
    // NaN is absent, and has no scale.
    if (!(integer / factor === value && integer < MOST && integer > -MOST) && !Number.isNaN(value)) return false;
  }
  return true;
}

/** Where a row's numbers go, and what it was before. */
export interface Unpacking {
  readonly into: Float64Array;
  readonly at: number;
  readonly frames: number;
}

/** Fills `into` with what the row was in each frame, going on from `before`; answers the last. */
export function unpackRow(column: StripeColumn | undefined, row: number, before: number, to: Unpacking): number {
  const { into, at, frames } = to;
  if (column === undefined || ((column.changed[row >>> 5] ?? 0) & (1 << (row & 31))) === 0) {
    // A loop, because a handful of numbers is not worth the call.
    for (let k = at; k < at + frames; k++) into[k] = before;
    return before;
  }
  const { bytes } = column;
  let from = placeOf(column, row);
  const factor = SCALES[bytes[from++] as number] ?? 0;
  let old = before;
  let integer = integerOf(before, factor);
  for (let k = at; k < at + frames; k++) {
    let token = bytes[from++] as number;
    if (token > 127) {
      token &= 127;
      let byte = 128;
      for (let unit = 128; byte > 127; unit *= 128) {
        byte = bytes[from++] as number;
        token += (byte & 127) * unit;
      }
    }
    if (token >= STEP) {
      const folded = token - STEP;
      integer += folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      old = integer / factor;
    } else if (token === ABSENT) {
      old = Number.NaN;
      integer = 0;
    } else if (token === DOUBLE) {
      for (let i = 0; i < 8; i++) eight.setUint8(i, bytes[from++] as number);
      old = eight.getFloat64(0, true);
      integer = integerOf(old, factor);
    }
    into[k] = old;
  }
  return old;
}

/** Where a row's bytes begin, behind their length. */
function placeOf({ changed, offsets, bytes }: StripeColumn, row: number): number {
  let at = offsets[(row / GROUP) | 0] as number;
  const bits = changed[row >>> 5] as number;
  for (let i = row & 31 & -GROUP; i < (row & 31); i++) {
    if ((bits & (1 << i)) !== 0) at += (bytes[at] as number) + 1;
  }
  return at + 1;
}

/**
 * A few frames' numbers of one column, packed: of each row that changed in them, how it went on from what it was before. Rows that did not change cost
 * a bit. Exact to the bit: a number that is no small decimal goes as the double it is.
 */
import { Writer } from '../../../src/wire/writer.ts';

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
const GROUP = 32;

export interface StripeColumn {
  /** A bit for each row: whether it changes. */
  readonly changed: Uint32Array;
  /** Where the bytes of each group of rows begin. */
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
}

const out = new Writer(1 << 16);
const own = new Writer(256);

/** Packs a column; `last` is what each row was before, and becomes what it is after. Undefined if nothing changes. */
export function packColumn(gathered: Gathered, last: Float64Array): StripeColumn | undefined {
  const { frames, rows } = gathered;
  const groups = Math.ceil(rows / GROUP);
  const changed = new Uint32Array(groups);
  const offsets = new Uint32Array(groups);
  const now = new Float64Array(frames);
  let any = false;
  out.clear();
  for (let row = 0; row < rows; row++) {
    if (row % GROUP === 0) offsets[row / GROUP] = out.length;
    const before = last[row] as number;
    if (!gather(gathered, { row, before, now })) continue;
    any = true;
    changed[row >>> 5] = ((changed[row >>> 5] as number) | (1 << (row & 31))) >>> 0;
    packRow(now, before);
    last[row] = now[frames - 1] as number;
  }
  return any ? { changed, offsets, bytes: out.copy() } : undefined;
}

/** Whether the row changes at all. */
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
        changes = true;
        old = value - value === 0 ? value : Number.NaN;
      }
    }
    now[k] = old;
  }
  return changes;
}

/** The same bits, or absent both. What is infinite was not measured. */
export function same(value: number, old: number): boolean {
  if (value === old) return value !== 0 || Object.is(value, old);
  return value - value !== 0 && Number.isNaN(old);
}

function packRow(now: Float64Array, before: number): void {
  own.clear();
  const scale = scaleOf(now);
  own.byte(scale);
  let old = before;
  for (const value of now) {
    packValue(value, old, scale);
    old = value;
  }
  out.varint(own.length);
  out.append(own);
}

function packValue(value: number, old: number, scale: number): void {
  if (same(value, old)) own.varint(SAME);
  else if (Number.isNaN(value)) own.varint(ABSENT);
  else {
    const factor = SCALES[scale] ?? 0;
    const step = Math.round(value * factor) - integerOf(old, factor);
    if (scale === DOUBLES || Math.abs(step) >= MOST / 4 || Object.is(value, -0)) {
      own.varint(DOUBLE);
      own.float64(value);
    } else own.varint(STEP + (step < 0 ? -2 * step - 1 : 2 * step));
  }
}

/** What a step is taken from. Both sides make it of the same double. */
function integerOf(old: number, factor: number): number {
  const integer = Math.round(old * factor);
  return Math.abs(integer) < MOST ? integer : 0;
}

/** The first under which all are integers. */
function scaleOf(now: Float64Array): number {
  for (let s = 0; s < SCALES.length; s++) {
    const factor = SCALES[s] as number;
    let fits = true;
    for (let k = 0; fits && k < now.length; k++) {
      const value = now[k] as number;
      if (Number.isNaN(value)) continue;
      const integer = Math.round(value * factor);
      fits = integer / factor === value && Math.abs(integer) < MOST;
    }
    if (fits) return s;
  }
  return DOUBLES;
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
    into.fill(before, at, at + frames);
    return before;
  }
  tokens.open(column, row);
  const factor = SCALES[tokens.byte()] ?? 0;
  let old = before;
  for (let k = 0; k < frames; k++) {
    const token = tokens.varint();
    if (token === ABSENT) old = Number.NaN;
    else if (token === DOUBLE) old = tokens.double();
    else if (token !== SAME) {
      const folded = token - STEP;
      const step = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      old = (integerOf(old, factor) + step) / factor;
    }
    into[at + k] = old;
  }
  return old;
}

/** Reads what `packRow` wrote: our own bytes, in memory, so unchecked. */
class Tokens {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  readonly #eight = new DataView(new ArrayBuffer(8));

  open({ changed, offsets, bytes }: StripeColumn, row: number): void {
    this.#bytes = bytes;
    this.#at = offsets[row >>> 5] as number;
    const bits = changed[row >>> 5] as number;
    for (let i = 0; i < (row & 31); i++) {
      if ((bits & (1 << i)) === 0) continue;
      // In this order: reading the length moves on.
      const length = this.varint();
      this.#at += length;
    }
    this.varint();
  }

  byte(): number {
    return this.#bytes[this.#at++] as number;
  }

  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++] as number;
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let unit = 128; ; unit *= 128) {
      byte = bytes[this.#at++] as number;
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }

  double(): number {
    for (let i = 0; i < 8; i++) this.#eight.setUint8(i, this.byte());
    return this.#eight.getFloat64(0, true);
  }
}

const tokens = new Tokens();

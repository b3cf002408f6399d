/**
 * A sequence of integers (up to 2^50) in the shortest of six ways: one number, a straight line, the few changes there are, differences as varints,
 * differences packed, or the numbers themselves packed. The kind is kept by the caller; reading divides by what the numbers were multiplied by.
 */
import { type ByteReader, type ByteWriter, varintSize } from './bytes.ts';
import { bitsOf, pack, packedSize, unpack } from './pack.ts';

export const CONST = 0;
export const LINEAR = 1;
export const SPARSE = 2;
export const VARINT = 3;
export const PACKED = 4;
export const FLAT = 5;
export type IntegerKind = 0 | 1 | 2 | 3 | 4 | 5;

/** Where fewer than one in so many change, nothing beats saying which. */
const FEW = 16;

let steps = new Float64Array(1024);

interface Measure {
  readonly changes: number;
  /** Bytes of the changes as varints. */
  readonly changeBytes: number;
  readonly least: number;
  readonly most: number;
}

/** Writes `values[0..n)`, n > 0, and answers how; the first byte is left to the caller. */
export function writeIntegers(out: ByteWriter, values: Float64Array, n: number): IntegerKind {
  if (steps.length < n) steps = new Float64Array(2 * n);
  const measure = stepsOf(values, n);
  const kind = kindFor(values, n, measure);
  if (kind !== FLAT) out.signed(values[0] as number);
  if (kind === LINEAR) out.signed(measure.least);
  else if (kind === SPARSE) writeSparse(out, n - 1, measure.changes);
  else if (kind === VARINT) for (let i = 0; i < n - 1; i++) out.signed(steps[i] as number);
  else if (kind === PACKED) {
    out.signed(measure.least);
    pack(out, steps, n - 1, measure.least);
  } else if (kind === FLAT) {
    const base = leastOf(values, n);
    out.signed(base);
    pack(out, values, n, base);
  }
  return kind;
}

function stepsOf(values: Float64Array, n: number): Measure {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let changes = 0;
  let changeBytes = 0;
  let before = values[0] as number;
  for (let i = 1; i < n; i++) {
    const value = values[i] as number;
    const step = value - before;
    before = value;
    steps[i - 1] = step;
    if (step < least) least = step;
    if (step > most) most = step;
    if (step === 0) continue;
    changes++;
    changeBytes += step < 64 && step >= -64 ? 1 : varintSize(step < 0 ? -2 * step - 1 : 2 * step);
  }
  return { changes, changeBytes, least, most };
}

function kindFor(values: Float64Array, n: number, { changes, changeBytes, least, most }: Measure): IntegerKind {
  if (changes === 0) return CONST;
  if (least === most) return LINEAR;
  // Gaps of a byte each: right unless there are few changes in very many numbers.
  const sparse = 1 + changes + changeBytes;
  if (changes * FEW < n) return SPARSE;
  const varint = changeBytes + n - 1 - changes;
  // Of packed numbers at least half take the bits of a typical step: what cannot win is not measured.
  const packed = varintSize(Math.abs(least) * 2) + packedSize(steps, n - 1, least);
  const flat = flatSize(values, n, most - least, packed);
  const smallest = Math.min(sparse, varint, packed, flat);
  return smallest === packed ? PACKED : smallest === flat ? FLAT : smallest === sparse ? SPARSE : VARINT;
}

/** What the numbers themselves would take; not looked at where they range further than their steps do. */
function flatSize(values: Float64Array, n: number, stepRange: number, packed: number): number {
  const first = values[0] as number;
  const base = leastOf(values, n);
  if (base < first - 2 * stepRange || (values[n - 1] as number) > first + 2 * stepRange) return packed + 1;
  let most = first;
  for (let i = 1; i < n; i++) if ((values[i] as number) > most) most = values[i] as number;
  if (bitsOf(most - base) > bitsOf(stepRange)) return packed + 1;
  return varintSize(Math.abs(base) * 2) + packedSize(values, n, base);
}

function leastOf(values: Float64Array, n: number): number {
  let least = values[0] as number;
  for (let i = 1; i < n; i++) if ((values[i] as number) < least) least = values[i] as number;
  return least;
}

/** How many, then how far apart, then by how much. */
function writeSparse(out: ByteWriter, m: number, changes: number): void {
  out.varint(changes);
  out.reserve(changes);
  let gap = 0;
  for (let i = 0; i < m; i++) {
    if (steps[i] === 0) {
      gap++;
      continue;
    }
    if (gap < 128) out.bytes[out.length++] = gap;
    else {
      out.varint(gap);
      out.reserve(changes);
    }
    gap = 0;
  }
  for (let i = 0; i < m; i++) if (steps[i] !== 0) out.signed(steps[i] as number);
}

/** Where integers go, as what they are over `divisor`. */
export interface IntegerSink {
  readonly into: Float64Array;
  readonly at: number;
  readonly n: number;
  readonly divisor: number;
}

export function readIntegers(reader: ByteReader, kind: number, sink: IntegerSink): void {
  const { into, at, n, divisor } = sink;
  if (kind === FLAT) {
    const base = reader.signed();
    unpack(reader, n, into, at);
    for (let i = at; i < at + n; i++) into[i] = ((into[i] as number) + base) / divisor;
    return;
  }
  const first = reader.signed();
  if (kind === CONST) into.fill(first / divisor, at, at + n);
  else if (kind === LINEAR) readLine(reader.signed(), first, sink);
  else if (kind === SPARSE) readSparse(reader, first, sink);
  else if (kind === VARINT) readVarints(reader, first, sink);
  else if (kind === PACKED) {
    const least = reader.signed();
    into[at] = first / divisor;
    unpack(reader, n - 1, into, at + 1);
    let value = first;
    for (let i = at + 1; i < at + n; i++) {
      value += (into[i] as number) + least;
      into[i] = value / divisor;
    }
  } else throw new Error(`integers of kind ${kind}`);
}

function readLine(step: number, first: number, { into, at, n, divisor }: IntegerSink): void {
  for (let i = 0; i < n; i++) into[at + i] = (first + i * step) / divisor;
}

function readSparse(reader: ByteReader, first: number, { into, at, n, divisor }: IntegerSink): void {
  const changes = reader.count();
  const gaps = new ByteReaderAt(reader);
  for (let c = 0; c < changes; c++) reader.varint();
  let value = first;
  let next = at;
  let shown = value / divisor;
  for (let c = 0; c < changes; c++) {
    const stop = next + 1 + gaps.varint();
    if (stop >= at + n) throw new Error('a change behind the end');
    into.fill(shown, next, stop);
    value += reader.signed();
    shown = value / divisor;
    next = stop;
  }
  into.fill(shown, next, at + n);
}

/** A second place in the same bytes, behind which the reader has been already. */
class ByteReaderAt {
  readonly #bytes: Buffer;
  #at: number;

  constructor(reader: ByteReader) {
    this.#bytes = reader.bytes;
    this.#at = reader.at;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++] as number;
      if (byte < 128) return value + byte * factor;
      value += (byte & 127) * factor;
      factor *= 128;
    }
  }
}

function readVarints(reader: ByteReader, first: number, { into, at, n, divisor }: IntegerSink): void {
  const { bytes, end } = reader;
  let value = first;
  into[at] = value / divisor;
  for (let i = at + 1; i < at + n; i++) {
    const byte = reader.at < end ? (bytes[reader.at] as number) : 128;
    if (byte < 128) {
      reader.at++;
      value += (byte >>> 1) ^ -(byte & 1);
    } else value += reader.signed();
    into[i] = value / divisor;
  }
}

/**
 * A column's numbers of one row over a stretch of time, to bytes and back, each bit as it was. Comes in with NaN for what is absent, and which NaN are
 * measured numbers; goes out with a mark for each position that is not simply a number. FORMAT.md has the bytes.
 */
import { type ByteReader, ByteWriter } from './bytes.ts';
import { CONST, FLAT, readIntegers, writeIntegers } from './integers.ts';
import { MOST, NONE, SCALES, scaleFor } from './scale.ts';
import { readDoubles, writeDoubles } from './doubles.ts';

/** Kinds beside those of integers, and the bit that says that marks are before the numbers. */
const DOUBLES = 6;
const ONE_DOUBLE = 7;
const MARKED = 8;

/** What a position is. */
export const NUMBER = 0;
export const ABSENT = 1;
export const MEASURED_NAN = 2;
/** A number that is no integer at the scale of the others: as a double, behind the marks. */
const ESCAPED = 3;

/** A scale that has done for the chunks before is not questioned for so many. */
const TRUSTED = 16;

let packed = new Float64Array(1024);
let marks = new Uint8Array(1024);
const escaped: number[] = [];
const payload = new ByteWriter(4096);

/** Which scale a column's numbers had last. */
export interface ScaleHint {
  scale: number;
  uses: number;
}

/** Nothing is known yet. */
export function newHint(): ScaleHint {
  return { scale: NONE, uses: 0 };
}

export interface Cells {
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly nans: ReadonlySet<number> | undefined;
}

/** Writes a chunk and answers how many numbers are in it (measured NaN among them); nothing at all where all of it is absent. */
export function writeNumbers(out: ByteWriter, cells: Cells, hint: ScaleHint): number {
  const { values, from, to } = cells;
  const first = values[from] as number;
  let same = from + 1;
  if (!Number.isNaN(first) && !Object.is(first, -0)) {
    while (same < to && values[same] === first) same++;
    if (same === to && (first !== 0 || noSignedZero(values, from, to))) {
      writeOne(out, first);
      return to - from;
    }
  } else if (Number.isNaN(first)) {
    while (same < to && Number.isNaN(values[same])) same++;
    if (same === to && cells.nans === undefined) return 0;
  }
  return writeMany(out, cells, hint);
}

function noSignedZero(values: Float64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (Object.is(values[i], -0)) return false;
  return true;
}

function writeOne(out: ByteWriter, value: number): void {
  if (Number.isInteger(value) && value <= MOST && value >= -MOST) {
    out.byte(CONST);
    out.signed(value);
  } else {
    out.byte(ONE_DOUBLE);
    out.double(value);
  }
}

/** Sets marks and gathers the numbers; answers how many there are, and how many measured NaN. */
function gather({ values, from, to, nans }: Cells): { count: number; measured: number } {
  if (marks.length < to - from) {
    packed = new Float64Array(2 * (to - from));
    marks = new Uint8Array(2 * (to - from));
  }
  let count = 0;
  let measured = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) {
      marks[i - from] = NUMBER;
      packed[count++] = value;
    } else if (nans?.has(i)) {
      marks[i - from] = MEASURED_NAN;
      measured++;
    } else marks[i - from] = ABSENT;
  }
  return { count, measured };
}

function writeMany(out: ByteWriter, cells: Cells, hint: ScaleHint): number {
  const n = cells.to - cells.from;
  if (hint.scale !== NONE && hint.uses++ < TRUSTED && writeExpected(out, cells, hint.scale)) return n;
  const { count, measured } = gather(cells);
  const marked = count < n;
  if (count === 0 && measured === 0) return 0;
  const scale = count === 0 ? 0 : newScale(count, hint);
  escaped.length = 0;
  payload.clear();
  let kind: number = CONST;
  if (scale === NONE) {
    kind = DOUBLES;
    writeDoubles(payload, packed, count);
  } else {
    const integers = toIntegers(n, count, SCALES[scale] as number);
    if (integers > 0) kind = writeIntegers(payload, packed, integers);
  }
  const hasMarks = marked || escaped.length > 0;
  out.byte(kind | (hasMarks ? MARKED : 0) | ((scale === NONE ? 0 : scale) << 4));
  if (hasMarks) writeMarks(out, n);
  out.append(payload.bytes, 0, payload.length);
  return count + measured;
}

/** What is most frequent, in one go: numbers alone, all integers at the column's scale. Answers whether it was so; else nothing is written. */
function writeExpected(out: ByteWriter, { values, from, to }: Cells, scale: number): boolean {
  const factor = SCALES[scale] as number;
  if (packed.length < to - from) packed = new Float64Array(2 * (to - from));
  const into = packed;
  let before = Number.NaN;
  let integer = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (value === before && value !== 0) {
      into[i - from] = integer;
      continue;
    }
    before = value;
    integer = Math.round(value * factor);
    // NaN is unequal to everything; a zero may have a sign.
    if (integer / factor !== value || integer > MOST || integer < -MOST) return false;
    if (integer === 0 && Object.is(value, -0)) return false;
    into[i - from] = integer;
  }
  const at = out.length;
  out.byte(0);
  const kind = writeIntegers(out, into, to - from);
  out.bytes[at] = kind | (scale << 4);
  return true;
}

/** A coarser scale than the last may do, or a finer one may be needed: it is looked at anew now and then, and where the last does not fit. */
function newScale(count: number, hint: ScaleHint): number {
  hint.uses = 0;
  hint.scale = scaleFor(packed, count, count >> 3);
  return hint.scale;
}

/** Makes the gathered numbers integers, in place; those that do not fit are set aside and marked. */
function toIntegers(n: number, count: number, factor: number): number {
  let kept = 0;
  for (let at = 0, i = 0; i < count; at++) {
    if (at >= n) throw new Error('more numbers than positions');
    if (marks[at] !== NUMBER) continue;
    const value = packed[i++] as number;
    const integer = Math.round(value * factor);
    const exact = integer / factor === value && integer <= MOST && integer >= -MOST;
    if (exact && (integer !== 0 || !Object.is(value, -0))) packed[kept++] = integer;
    else {
      marks[at] = ESCAPED;
      escaped.push(value);
    }
  }
  return kept;
}

/** Runs of the same mark, each its length times four and the mark; then the numbers that do not scale. */
function writeMarks(out: ByteWriter, n: number): void {
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && marks[to] === marks[from]) to++;
    out.varint((to - from) * 4 + (marks[from] as number));
    from = to;
  }
  for (const value of escaped) out.double(value);
}

/** Where a chunk's numbers go: `n` of them, from `at` on. */
export interface Target {
  readonly into: Float64Array;
  readonly at: number;
  readonly n: number;
  /** Long enough for `n`; set only if `readNumbers` says that there are marks. */
  readonly marks: Uint8Array;
}

/** Whether a chunk that begins with this byte has anything but numbers. */
export function isMarked(tag: number): boolean {
  return (tag & MARKED) !== 0;
}

/** How many numbers a chunk of `n` positions has, as `writeNumbers` counted them. */
export function countNumbers(reader: ByteReader, n: number): number {
  if (!isMarked(reader.byte())) return n;
  let count = 0;
  for (let at = 0; at < n; ) {
    const token = reader.varint();
    const length = Math.floor(token / 4);
    if (length === 0) throw new Error('marks for another number of positions');
    if (token % 4 !== ABSENT) count += length;
    at += length;
  }
  return count;
}

/** Reads a chunk of `n` positions. Answers whether something else than numbers is there, then as `marks`; absent is NaN. */
export function readNumbers(reader: ByteReader, target: Target): boolean {
  const { into, at, n } = target;
  const tag = reader.byte();
  const kind = tag & 7;
  const divisor = SCALES[tag >> 4];
  if (divisor === undefined) throw new Error(`a scale ${tag >> 4}`);
  if ((tag & MARKED) === 0) {
    readPlain(reader, kind, { into, at, n, divisor });
    return false;
  }
  readMarks(reader, target);
  const others: number[] = [];
  let count = 0;
  for (let i = 0; i < n; i++) {
    if (target.marks[i] === NUMBER) count++;
    else if (target.marks[i] === ESCAPED) others.push(reader.double());
  }
  if (packed.length < count) packed = new Float64Array(2 * count);
  if (count > 0) readPlain(reader, kind, { into: packed, at: 0, n: count, divisor });
  spread(target, others);
  return true;
}

function readPlain(
  reader: ByteReader,
  kind: number,
  sink: { into: Float64Array; at: number; n: number; divisor: number },
): void {
  if (kind <= FLAT) readIntegers(reader, kind, sink);
  else if (kind === DOUBLES) readDoubles(reader, sink.into, sink.at, sink.n);
  else sink.into.fill(reader.double(), sink.at, sink.at + sink.n);
}

function readMarks(reader: ByteReader, { n, marks: into }: Target): void {
  for (let from = 0; from < n; ) {
    const token = reader.varint();
    const to = from + Math.floor(token / 4);
    if (to > n || to === from) throw new Error('marks for another number of positions');
    into.fill(token % 4, from, to);
    from = to;
  }
}

function spread({ into, at, n, marks: of }: Target, others: readonly number[]): void {
  let next = 0;
  let other = 0;
  for (let i = 0; i < n; i++) {
    if (of[i] === NUMBER) into[at + i] = packed[next++] as number;
    else if (of[i] === ESCAPED) {
      into[at + i] = others[other++] as number;
      of[i] = NUMBER;
    } else into[at + i] = Number.NaN;
  }
}

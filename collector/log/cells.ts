/**
 * A table's numbers as differences to the frame before: doubles column after column and what each was before go in, bytes come out, and the
 * other way round. Exact to the bit: a number that is no small decimal goes as the double it is. FORMAT.md says the bytes.
 */
import type { Reader } from '../../src/wire/reader.ts';
import type { Writer } from '../../src/wire/writer.ts';

/** What numbers are multiplied by to become integers: pages of memory, counts, milli-, micro- and nanoseconds. */
export const SCALES = [1 / 4096, 1, 1e3, 1e6, 1e9] as const;
/** The scale of every column that has not been given another. */
export const FIRST_SCALE = 1;

const ABSENT = 2;
const DOUBLE = 6;
/** And four times the number of a scale. */
const SCALE = 10;
/** Above it a step is no longer exact as a token. */
const MOST = 2 ** 50;
/** As many changed numbers decide about a scale. */
const SAMPLE = 16;

/** The numbers of a table, column after column, with what they were in the frame before (NaN for what was not there). */
export interface Cells {
  readonly values: Float64Array;
  readonly before: Float64Array;
  readonly rows: number;
  /** Per column, the scale of its numbers; changed here as the numbers ask for it. */
  readonly scales: Uint8Array;
}

/** Writes all cells. */
export function writeCells(out: Writer, cells: Cells): void {
  const { values, before, rows, scales } = cells;
  let run = 0;
  for (let c = 0, at = 0; c < scales.length; c++) {
    let factor = 0;
    for (let r = 0; r < rows; r++, at++) {
      const value = values[at] as number;
      const old = before[at] as number;
      if (same(value, old)) {
        run++;
        continue;
      }
      if (run > 0) out.varint((run - 1) * 4);
      run = 0;
      if (factor === 0) {
        // Whether the scale still fits is looked at once per column and frame, at the first numbers that have changed.
        const scale = chooseScale(cells, c, at);
        if (scale !== scales[c]) out.varint(SCALE + 4 * scale);
        scales[c] = scale;
        factor = SCALES[scale] as number;
      }
      if (value - value === 0) writeNumber(out, value, old, factor);
      else out.varint(ABSENT);
    }
  }
  if (run > 0) out.varint((run - 1) * 4);
}

export interface ReadCells extends Omit<Cells, 'before'> {
  /** A bit for each cell, set where something is said of it. */
  readonly changed?: Uint32Array | undefined;
}

/** Reads all cells into `values`, which holds what they were before. */
export function readCells(reader: Reader, { values, rows, scales, changed }: ReadCells): void {
  const { bytes, end: last, at: first } = reader.place;
  const cells = values.length;
  let next = first;
  let column = 0;
  let end = rows;
  let factor = SCALES[scales[0] as number] as number;
  for (let at = 0; at < cells; ) {
    // Tokens of up to four bytes are integers of the machine, and nearly all are: remainders and halves of others take a call each.
    const begin = next;
    let token = 0;
    let byte = 128;
    for (let shift = 0; byte > 127 && shift < 28 && next < last; shift += 7) {
      byte = bytes[next++] as number;
      token |= (byte & 127) << shift;
    }
    let wide = 0;
    if (byte > 127) {
      reader.goTo(begin);
      wide = reader.varint('token');
      next = reader.place.at;
      token = wide % 2 === 1 ? 1 : wide % 4 === 0 ? 0 : 2;
    }
    const run = wide === 0 ? token >> 2 : wide / 4;
    if ((token & 3) === 0 && at + run < cells) {
      at += run + 1;
      continue;
    }
    if (at >= end) {
      for (; at >= end; end += rows) column++;
      factor = SCALES[scales[column] as number] as number;
    }
    if (changed !== undefined) changed[at >>> 5] = (changed[at >>> 5] as number) | (1 << (at & 31));
    if ((token & 1) === 1) {
      const step = wide === 0 ? (token >> 2) ^ -((token >> 1) & 1) : unfolded((wide - 1) / 2);
      values[at] = (integerOf(values[at] as number, factor) + step) / factor;
      at++;
    } else if (token === ABSENT && wide === 0) values[at++] = Number.NaN;
    else if (token === DOUBLE) {
      reader.goTo(next);
      values[at++] = reader.float64('number');
      next += 8;
    } else if ((token & 3) === 2 && wide === 0 && token < SCALE + 4 * SCALES.length) {
      scales[column] = (token - SCALE) >> 2;
      factor = SCALES[scales[column] as number] as number;
    } else throw new Error(`the token ${wide === 0 ? token : wide} at cell ${at} of ${cells}`);
  }
  reader.goTo(next);
}

function unfolded(folded: number): number {
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}

/** Goes past the tokens of `cells` cells. */
export function skipCells(reader: Reader, cells: number): void {
  for (let at = 0; at < cells; ) {
    const token = reader.varint('token');
    if (token % 2 === 1 || token === ABSENT) at++;
    else if (token === DOUBLE) {
      reader.float64('number');
      at++;
    } else if (token % 4 === 0 && at + token / 4 < cells) at += token / 4 + 1;
    else if (token % 4 === 0 || token >= SCALE + 4 * SCALES.length)
      throw new Error(`the token ${token} at cell ${at} of ${cells}`);
  }
}

/** Whether nothing is to be said: the same bits, or absent both. Infinite is absent. */
function same(value: number, old: number): boolean {
  if (value === old) return value !== 0 || Object.is(value, old);
  return value - value !== 0 && Number.isNaN(old);
}

/** As a step from what was before if that gives the number back to the bit; else as it is. */
function writeNumber(out: Writer, value: number, old: number, factor: number): void {
  const integer = Math.round(value * factor);
  const step = integer - integerOf(old, factor);
  if (integer / factor === value && Math.abs(integer) < MOST && Math.abs(step) < MOST && !Object.is(value, -0)) {
    out.varint(step < 0 ? -4 * step - 1 : 4 * step + 1);
    return;
  }
  out.varint(DOUBLE);
  out.float64(value);
}

/** What a step is taken from. Both sides make it of the same double. */
function integerOf(old: number, factor: number): number {
  const integer = Math.round(old * factor);
  return Math.abs(integer) < MOST ? integer : 0;
}

/** The scale under which most of the first changed numbers of column `c`, from cell `from`, are integers; the column's own if that is as good. */
function chooseScale({ values, before, rows, scales }: Cells, c: number, from: number): number {
  const own = scales[c] as number;
  const fits = SCALES.map(() => 0);
  const end = (c + 1) * rows;
  let seen = 0;
  for (let at = from; at < end && seen < SAMPLE; at++) {
    const value = values[at] as number;
    if (same(value, before[at] as number) || value - value !== 0) continue;
    seen++;
    for (let s = 0; s < SCALES.length; s++) {
      const factor = SCALES[s] as number;
      const integer = Math.round(value * factor);
      if (integer / factor === value && Math.abs(integer) < MOST) fits[s] = (fits[s] as number) + 1;
    }
  }
  const best = Math.max(...fits);
  return fits[own] === best && own !== FIRST_SCALE ? own : fits.indexOf(best);
}

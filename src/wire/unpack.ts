/** One column of numbers from bytes, the other way round of pack.ts: absent rows become NaN. */
import { WireError } from '../errors.ts';
import { ENCODING, POWERS, TAG_RESERVED, TAG_SPARSE } from './format.ts';
import type { Reader } from './reader.ts';

/** Reads a column of `rows` values into `out` at `from`; answers how many are present. */
export function unpack(reader: Reader, out: Float64Array, { from, rows }: Target, what: string): number {
  const tag = reader.byte(`${what} tag`);
  const exponent = tag >> 4;
  const encoding = tag & 3;
  const integral = encoding === ENCODING.unsigned || encoding === ENCODING.signed;
  if ((tag & TAG_RESERVED) !== 0 || exponent >= POWERS.length || (exponent > 0 && !integral)) {
    throw new WireError('bad_encoding', `${what} has the tag ${tag}; legal: see the format's table of tags`);
  }
  const bits = tag & TAG_SPARSE ? reader.bytes((rows + 7) >> 3, `${what} presence`) : undefined;
  const count = bits ? countBits(bits, rows, what) : rows;
  if (integral) reader.integers(out, { from, count, exponent, signed: encoding === ENCODING.signed }, what);
  else if (encoding === ENCODING.raw) reader.floats(out, { from, count }, what);
  else out.fill(reader.float64(what), from, from + count);
  if (bits) spread(out, { from, rows }, bits, count);
  return count;
}

/** Where a column goes. */
export interface Target {
  readonly from: number;
  readonly rows: number;
}

function countBits(bits: Uint8Array, rows: number, what: string): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) {
    let rest = bits[i] as number;
    if (i === bits.length - 1 && (rows & 7) !== 0 && rest >> (rows & 7) !== 0) {
      throw new WireError('bad_encoding', `${what} presence has bits behind its ${rows} rows; legal: zeros`);
    }
    for (; rest !== 0; rest &= rest - 1) count++;
  }
  return count;
}

/** Moves the values, packed at the front, to their rows; from the end, so that none is overwritten before it has moved. */
function spread(out: Float64Array, { from, rows }: Target, bits: Uint8Array, count: number): void {
  let next = from + count;
  for (let row = rows - 1; row >= 0; row--) {
    const present = ((bits[row >> 3] as number) >> (row & 7)) & 1;
    out[from + row] = present ? (out[--next] as number) : Number.NaN;
  }
}

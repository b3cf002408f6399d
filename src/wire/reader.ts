/**
 * Reads the wire's primitive values from bytes that nobody vouches for. Every reading is checked against the end, nothing is
 * allocated by a length before that length is known to be there, and every failure is a WireError that names the field.
 */
import { isUtf8 } from 'node:buffer';
import { WireError } from '../errors.ts';
import { POWERS } from './format.ts';
import { atMost } from './limits.ts';

const TWO_28 = 2 ** 28;

export class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = from;
    this.#end = to;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Where it is, for who reads the bytes himself and says with `goTo` how far he came: many small values in one loop. */
  get place(): { readonly bytes: Buffer; readonly at: number; readonly end: number } {
    return { bytes: this.#bytes, at: this.#at, end: this.#end };
  }

  goTo(at: number): void {
    this.#at = at;
  }

  byte(what: string): number {
    this.#need(1, what);
    return this.#bytes[this.#at++] as number;
  }

  /** An unsigned 32-bit integer, little-endian. */
  u32(what: string): number {
    this.#need(4, what);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** A varint: 0 to 2^53 - 1. */
  varint(what: string): number {
    let value = 0;
    let at = this.#at;
    for (let shift = 0; shift < 28 && at < this.#end; shift += 7) {
      const byte = this.#bytes[at++] as number;
      value |= (byte & 127) << shift;
      if (byte > 127) continue;
      this.#at = at;
      return value;
    }
    const one = new Float64Array(1);
    this.integers(one, { from: 0, count: 1, exponent: 0, signed: false }, what);
    return one[0] as number;
  }

  /** A zigzag varint: -2^52 to 2^52 - 1. */
  signed(what: string): number {
    const folded = this.varint(what);
    return (folded & 1) === 0 ? folded / 2 : -(folded + 1) / 2;
  }

  /** A count of things of which each takes at least one byte, so that it cannot promise more than there is. */
  count(what: string, limit: number): number {
    const n = this.varint(what);
    atMost(what, n, limit);
    if (n > this.left) throw truncated(what);
    return n;
  }

  /** UTF-8 with its length before it. */
  text(what: string, limit: number): string {
    const length = this.varint(`${what} length`);
    atMost(`${what} length`, length, limit);
    const bytes = this.bytes(length, what);
    if (!isUtf8(bytes)) throw new WireError('bad_text', `${what} is not UTF-8`);
    return bytes.toString('utf8');
  }

  /** The next bytes, as a view. */
  bytes(length: number, what: string): Buffer {
    this.#need(length, what);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A reader of the next bytes alone; this one goes on behind them. */
  part(length: number, what: string): Reader {
    this.#need(length, what);
    this.#at += length;
    return new Reader(this.#bytes, this.#at - length, this.#at);
  }

  /** Throws unless everything has been read. */
  finish(what: string): void {
    if (this.left > 0) throw new WireError('bad_section', `${what} has ${this.left} bytes too many`);
  }

  float64(what: string): number {
    this.#need(8, what);
    this.#at += 8;
    const value = this.#view.getFloat64(this.#at - 8, true);
    if (!Number.isFinite(value)) throw notFinite(what);
    return value;
  }

  /** `count` doubles, into `out` at `from`. */
  floats(out: Float64Array, { from, count }: Span, what: string): void {
    this.#need(count * 8, what);
    const view = this.#view;
    let at = this.#at;
    let broken = 0;
    for (let i = 0; i < count; i++, at += 8) {
      const value = view.getFloat64(at, true);
      // Zero for every finite number, NaN for the others.
      broken += value - value;
      out[from + i] = value;
    }
    if (broken !== 0) throw notFinite(what);
    this.#at = at;
  }

  /** `count` varints, zigzag if `signed`, over ten to the `exponent`, into `out` at `from`. */
  integers(out: Float64Array, { from, count, exponent, signed }: IntegerSpan, what: string): void {
    this.#need(count, what);
    const bytes = this.#bytes;
    const end = this.#end;
    const divisor = POWERS[exponent] as number;
    let at = this.#at;
    for (let i = from; i < from + count; i++) {
      let byte = at < end ? (bytes[at++] as number) : 256;
      let low = byte & 127;
      let high = 0;
      for (let shift = 7; byte >= 128; shift += 7) {
        if (at >= end) throw truncated(what);
        byte = bytes[at++] as number;
        if (shift < 28) low |= (byte & 127) << shift;
        else if (shift < 56) high |= (byte & 127) << (shift - 28);
        else throw tooLarge(what);
      }
      let value = low + high * TWO_28;
      if (value > Number.MAX_SAFE_INTEGER) throw tooLarge(what);
      if (signed) value = (low & 1) === 0 ? value / 2 : -(value + 1) / 2;
      out[i] = exponent === 0 ? value : value / divisor;
    }
    this.#at = at;
  }

  #need(length: number, what: string): void {
    if (length > this.#end - this.#at) throw truncated(what);
  }
}

/** Where values go: `count` of them, at `from`. */
export interface Span {
  readonly from: number;
  readonly count: number;
}

export interface IntegerSpan extends Span {
  readonly exponent: number;
  readonly signed: boolean;
}

function truncated(what: string): WireError {
  return new WireError('truncated', `the body ends within ${what}`);
}

function notFinite(what: string): WireError {
  return new WireError(
    'bad_number',
    `${what} holds a number that is not finite; legal: finite, absent ones are left out`,
  );
}

function tooLarge(what: string): WireError {
  return new WireError('bad_number', `${what} holds an integer above ${Number.MAX_SAFE_INTEGER}`);
}

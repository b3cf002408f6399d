/**
 * Protobuf's wire format, read field by field without a copy: which field, of which kind, and where its bytes are. Throws a WireError for what
 * is none.
 */
import { isUtf8 } from 'node:buffer';
import { WireError } from '../../../src/errors.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/** A message within a body: call `next` before each field. */
export class Fields {
  readonly #bytes: Buffer;
  #end: number;
  #at: number;
  /** Of the field: its number and kind; its value if it is a varint; else where its bytes begin and end. */
  number = 0;
  kind = 0;
  value = 0;
  /** Where the field begins, its tag included. */
  from = 0;
  start = 0;
  end = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    this.from = this.#at;
    const tag = this.#varint();
    this.kind = tag % 8;
    this.number = Math.floor(tag / 8);
    if (this.number < 1 || this.number > 0x1fffffff) throw bad(`a field has the number ${this.number}`);
    if (this.kind === VARINT) this.value = this.#varint();
    else if (this.kind === BYTES) this.#span(this.#varint());
    else if (this.kind === FIXED64) this.#span(8);
    else if (this.kind === FIXED32) this.#span(4);
    else throw bad(`field ${this.number} is of kind ${this.kind}`);
    return true;
  }

  is(number: number, kind: number): boolean {
    return this.number === number && this.kind === kind;
  }

  /** The field as a message. */
  message(): Fields {
    return new Fields(this.#bytes, this.start, this.end);
  }

  /** Puts another reader to the field as a message: what comes by the million is read without one of its own. */
  enter(inner: Fields): void {
    inner.#at = this.start;
    inner.#end = this.end;
  }

  /** The field as text; throws for what is not UTF-8. */
  text(): string {
    return textAt(this.#bytes, this.start, this.end);
  }

  /** The eight bytes as a double. */
  double(): number {
    return this.#bytes.readDoubleLE(this.start);
  }

  /** Whether they are the marker that the series has ended: told by its bits, which a number does not have to keep. */
  isStale(): boolean {
    return this.#bytes.readUInt32LE(this.start) === 2 && this.#bytes.readUInt32LE(this.start + 4) === 0x7ff00000;
  }

  /** The bytes as whole numbers one after another: a packed field. */
  *packed(): Generator<number> {
    const inner = new Fields(this.#bytes, this.start, this.end);
    while (inner.#at < inner.#end) yield inner.#varint();
  }

  #span(length: number): void {
    if (length < 0 || this.#at + length > this.#end) throw bad(`field ${this.number} is longer than what holds it`);
    this.start = this.#at;
    this.#at += length;
    this.end = this.#at;
  }

  /** A number of 64 bits with a sign; beyond 2^53 as near as a number can be. */
  #varint(): number {
    const first = this.#bytes[this.#at] as number;
    if (this.#at < this.#end && first < 0x80) {
      this.#at++;
      return first;
    }
    const from = this.#at;
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#end) throw bad('it ends within a number');
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
      if (this.#at - from >= 10) throw bad('a number has more than ten bytes');
    }
    return this.#at - from <= 7 ? value : this.#long(from, this.#at);
  }

  #long(from: number, to: number): number {
    let value = 0n;
    for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt((this.#bytes[at] as number) & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }
}

/** Text of somebody's, which must be UTF-8: only what looks as if it were not is looked at twice. */
export function textAt(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) throw bad('a text is not UTF-8');
  return text;
}

export function bad(why: string): WireError {
  return new WireError('bad_protobuf', `the body is not the message that it should be: ${why}`);
}

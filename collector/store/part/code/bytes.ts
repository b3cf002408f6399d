/**
 * Bytes going out and coming in: varints (seven bits a byte, the lowest first; integers up to 2^53), zigzag for signed ones, little-endian doubles, and
 * texts in UTF-8 behind their length. What ends early throws; nothing is read beyond the end.
 */

/** Grows as it is written to, and is used again after `clear`. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(size = 256) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, needed));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  varint(value: number): void {
    this.reserve(8);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.reserve(8);
    this.bytes.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  append(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.reserve(to - from);
    this.bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.length);
    this.length += to - from;
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.reserve(size);
    this.bytes.write(value, this.length);
    this.length += size;
  }

  /** What was written, until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** Bytes that a varint of this takes. */
export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16384) return 2;
  if (value < 2097152) return 3;
  let size = 4;
  for (let rest = Math.floor(value / 268435456); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

export class ByteReader {
  bytes: Buffer;
  at: number;
  end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The same reader for other bytes. */
  begin(bytes: Buffer, at: number, end: number): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    if (this.at >= this.end) throw tooShort();
    return this.bytes[this.at++] as number;
  }

  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    let value = 0;
    let factor = 1;
    for (;;) {
      if (at >= end || factor > 2 ** 49) throw tooShort();
      const byte = bytes[at++] as number;
      if (byte < 128) {
        this.at = at;
        return value + byte * factor;
      }
      value += (byte & 127) * factor;
      factor *= 128;
    }
  }

  signed(): number {
    const folded = this.varint();
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }

  double(): number {
    this.#need(8);
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  take(length: number): Buffer {
    this.#need(length);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.take(this.varint()).toString('utf8');
  }

  /** A number of things of which each takes at least a byte; so damage cannot ask for more memory than the bytes are. */
  count(): number {
    const count = this.varint();
    if (count > this.left) throw tooShort();
    return count;
  }

  #need(length: number): void {
    if (length > this.end - this.at) throw tooShort();
  }
}

function tooShort(): Error {
  return new Error('ends early');
}

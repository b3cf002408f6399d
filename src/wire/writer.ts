/**
 * Writes the wire's primitive values into a buffer that grows and is used again for the next body: an agent writes
 * bodies of nearly the same size for ever.
 */
const TWO_28 = 2 ** 28;

/** A varint's most bytes. */
const VARINT_BYTES = 8;

export class Writer {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, size);
  }

  /** How many bytes so far. */
  get length(): number {
    return this.#at;
  }

  /** Empty again. */
  clear(): void {
    this.#at = 0;
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#at));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#at);
    this.#at += values.length;
  }

  /** All that another writer holds. */
  append(other: Writer): void {
    this.bytes(other.#bytes.subarray(0, other.#at));
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Overwrites four bytes written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#reserve(VARINT_BYTES);
    this.#at = put(this.#bytes, this.#at, value);
  }

  /** An integer from -2^52 to 2^52 - 1. */
  signed(value: number): void {
    this.varint(fold(value));
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#bytes.write(value, this.#at, 'utf8');
    this.#at += length;
  }

  /** The first `count` of `values`, as doubles. */
  floats(values: Float64Array, count: number): void {
    this.#reserve(count * 8);
    const view = this.#view;
    let at = this.#at;
    for (let i = 0; i < count; i++, at += 8) view.setFloat64(at, values[i] as number, true);
    this.#at = at;
  }

  /** The first `count` of `values`, integers all, as varints, zigzag if `signed`. */
  integers(values: Float64Array, count: number, signed: boolean): void {
    this.#reserve(count * VARINT_BYTES);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      at = put(bytes, at, signed ? fold(value) : value);
    }
    this.#at = at;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }
}

function fold(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Seven bits a byte, the lowest first. Split at 28 bits, because JavaScript's bit operations hold 32. */
function put(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  if (value < TWO_28) {
    let rest = value;
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    return at;
  }
  let rest = Math.floor(value / TWO_28);
  const low = value - rest * TWO_28;
  bytes[at++] = (low & 127) | 128;
  bytes[at++] = ((low >>> 7) & 127) | 128;
  bytes[at++] = ((low >>> 14) & 127) | 128;
  bytes[at++] = (low >>> 21) | 128;
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

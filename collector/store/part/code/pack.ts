/** Integers in as few bits each as the largest of 32 needs: a byte that says how many, then the bits, the lowest first. */
import type { ByteReader, ByteWriter } from './bytes.ts';

/** As many share a width, so that one that is large widens no others. */
const TOGETHER = 32;
/** Up to here bits fit beside a byte in the 32 of an integer operation. */
const NARROW = 24;

/** Bits that a non-negative integer takes. */
export function bitsOf(value: number): number {
  return value < 4294967296 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 4294967296));
}

/** Bytes that `pack` takes for the same. */
export function packedSize(values: Float64Array, n: number, base: number): number {
  let size = 0;
  for (let from = 0; from < n; from += TOGETHER) {
    const to = Math.min(n, from + TOGETHER);
    size += 1 + ((widthOf(values, from, to, base) * (to - from) + 7) >> 3);
  }
  return size;
}

/** Writes `values[0..n)`, none of which is below `base`, as what they are above it. */
export function pack(out: ByteWriter, values: Float64Array, n: number, base: number): void {
  for (let from = 0; from < n; from += TOGETHER) {
    const to = Math.min(n, from + TOGETHER);
    const width = widthOf(values, from, to, base);
    out.byte(width);
    if (width === 0) continue;
    if (width > NARROW) {
      packWide(out, values.subarray(from, to), base, width);
      continue;
    }
    out.reserve(NARROW * 4 + 8);
    const { bytes } = out;
    let at = out.length;
    let bits = 0;
    let have = 0;
    for (let i = from; i < to; i++) {
      bits |= ((values[i] as number) - base) << have;
      have += width;
      while (have >= 8) {
        bytes[at++] = bits & 255;
        bits >>>= 8;
        have -= 8;
      }
    }
    if (have > 0) bytes[at++] = bits & 255;
    out.length = at;
  }
}

/** Reads `n` integers into `into[at..]`, as they are above the base. */
export function unpack(reader: ByteReader, n: number, into: Float64Array, at: number): void {
  for (let from = at; from < at + n; from += TOGETHER) {
    const to = Math.min(at + n, from + TOGETHER);
    const width = reader.byte();
    if (width > 53) throw new Error(`a width of ${width} bits`);
    const size = (width * (to - from) + 7) >> 3;
    if (size > reader.left) throw new Error('ends early');
    if (width === 0) into.fill(0, from, to);
    else if (width > NARROW) unpackWide(reader, width, into.subarray(from, to));
    else {
      const { bytes } = reader;
      const mask = (1 << width) - 1;
      let next = reader.at;
      let bits = 0;
      let have = 0;
      for (let i = from; i < to; i++) {
        while (have < width) {
          bits |= (bytes[next++] as number) << have;
          have += 8;
        }
        into[i] = bits & mask;
        bits >>>= width;
        have -= width;
      }
    }
    reader.at += size;
  }
}

function widthOf(values: Float64Array, from: number, to: number, base: number): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const above = (values[i] as number) - base;
    if (above > most) most = above;
  }
  return bitsOf(most);
}

/** Where the bits do not fit: as two or three pieces, each of its own. */
function packWide(out: ByteWriter, values: Float64Array, base: number, width: number): void {
  const low = new BitWriter(out);
  for (let i = 0; i < values.length; i++) {
    const above = (values[i] as number) - base;
    low.put(above % 16777216, NARROW);
    const high = Math.floor(above / 16777216);
    if (width <= 2 * NARROW) low.put(high, width - NARROW);
    else {
      low.put(high % 16777216, NARROW);
      low.put(Math.floor(high / 16777216), width - 2 * NARROW);
    }
  }
  low.end();
}

class BitWriter {
  readonly #out: ByteWriter;
  #bits = 0;
  #have = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  put(value: number, width: number): void {
    this.#bits |= value << this.#have;
    this.#have += width;
    while (this.#have >= 8) {
      this.#out.byte(this.#bits & 255);
      this.#bits >>>= 8;
      this.#have -= 8;
    }
  }

  end(): void {
    if (this.#have > 0) this.#out.byte(this.#bits & 255);
  }
}

function unpackWide(reader: ByteReader, width: number, into: Float64Array): void {
  const { bytes } = reader;
  let from = reader.at;
  let bits = 0;
  let have = 0;
  const take = (wanted: number): number => {
    while (have < wanted) {
      bits |= (bytes[from++] as number) << have;
      have += 8;
    }
    const value = bits & ((1 << wanted) - 1);
    bits >>>= wanted;
    have -= wanted;
    return value;
  };
  for (let i = 0; i < into.length; i++) {
    const low = take(NARROW);
    const middle = take(Math.min(NARROW, width - NARROW));
    const high = width > 2 * NARROW ? take(width - 2 * NARROW) : 0;
    into[i] = low + middle * 16777216 + high * 281474976710656;
  }
}

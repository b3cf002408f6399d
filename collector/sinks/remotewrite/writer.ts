/** Protobuf's wire format, as far as three small messages need it: varints, doubles, bytes, into a buffer that grows. */

/** The bits of the number that says "this series has ended"; every other NaN is a NaN. JavaScript does not promise to keep them. */
const STALE = Buffer.from([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

export class Writer {
  #buffer: Buffer;
  #at = 0;

  /** `size`: bytes to begin with. */
  constructor(size = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** A whole number that is not negative, up to 2^53. */
  varint(value: number): void {
    this.#room(8);
    let left = value;
    while (left >= 0x80) {
      this.#buffer[this.#at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#buffer[this.#at++] = left;
  }

  /** Eight bytes; NaN as the marker. */
  double(value: number): void {
    this.#room(8);
    if (Number.isNaN(value)) STALE.copy(this.#buffer, this.#at);
    else this.#buffer.writeDoubleLE(value, this.#at);
    this.#at += 8;
  }

  bytes(source: Buffer, start = 0, end = source.length): void {
    const length = end - start;
    if (length <= 0) return;
    this.#room(length);
    // The shorter way of the two, where nothing has to be cut out.
    if (length === source.length) this.#buffer.set(source, this.#at);
    else source.copy(this.#buffer, this.#at, start, end);
    this.#at += length;
  }

  /** A text with its tag and length; nothing for an empty one. */
  text(tag: number, text: string): void {
    if (text === '') return;
    const bytes = Buffer.from(text);
    this.varint(tag);
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  /** What has been written, as bytes of its own; then it begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
    return taken;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + more));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) size++;
  return size;
}

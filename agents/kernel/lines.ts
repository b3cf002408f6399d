/**
 * Reads a kernel text file line by line and word by word straight from its bytes: only the words that are asked for become
 * strings. Whatever the bytes are, nothing here throws; what is not a number reads as NaN.
 */

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const ZERO = 48;
const NINE = 57;

/** Digits that a double holds exactly; longer numbers are handed to Number(), which rounds correctly. */
const EXACT_DIGITS = 15;

export class Lines {
  readonly #bytes: Buffer;
  #at = 0;
  #end = 0;
  #next = 0;

  /** `bytes` is not copied: use it up before the next file is read. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Goes to the next line; false after the last one. */
  next(): boolean {
    if (this.#next >= this.#bytes.length) return false;
    this.#at = this.#next;
    const newline = this.#bytes.indexOf(NEWLINE, this.#at);
    this.#end = newline < 0 ? this.#bytes.length : newline;
    this.#next = this.#end + 1;
    return true;
  }

  /** The next word of the line, or '' at its end. */
  word(): string {
    const from = this.#skipBlanks();
    this.#at = this.#wordEnd(from);
    return this.#bytes.toString('utf8', from, this.#at);
  }

  /** The rest of the line without blanks around it. */
  rest(): string {
    const from = this.#at;
    this.#at = this.#end;
    return this.#bytes.toString('utf8', from, this.#end).trim();
  }

  skip(words: number): this {
    for (let i = 0; i < words; i++) this.#at = this.#wordEnd(this.#skipBlanks());
    return this;
  }

  /** The next word as a decimal number without a sign; NaN when it is something else or there is none. */
  number(): number {
    const from = this.#skipBlanks();
    this.#at = this.#wordEnd(from);
    return decimal(this.#bytes, from, this.#at);
  }

  #skipBlanks(): number {
    let at = this.#at;
    while (at < this.#end && isBlank(this.#bytes[at] as number)) at++;
    return at;
  }

  #wordEnd(from: number): number {
    let at = from;
    while (at < this.#end && !isBlank(this.#bytes[at] as number)) at++;
    return at;
  }
}

/** The bytes `[from, to)` as a decimal number without a sign, or NaN. */
export function decimal(bytes: Buffer, from: number, to: number): number {
  if (to <= from) return Number.NaN;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] as number;
    if (digit < ZERO || digit > NINE) return Number.NaN;
    value = value * 10 + (digit - ZERO);
  }
  return to - from <= EXACT_DIGITS ? value : Number(bytes.toString('latin1', from, to));
}

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

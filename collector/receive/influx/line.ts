/**
 * InfluxDB's line protocol, line by line: measurement, tags, fields, time. Escapes and what may stand in quotation marks, line ends among it,
 * are as InfluxDB has them. Pure; what is no line is told with the reason, and reading goes on behind it.
 */

/** A field as it came: numbers and truth values as numbers; a text is none. */
export type FieldValue = number | string;

export interface Point {
  readonly measurement: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly fields: readonly (readonly [key: string, value: FieldValue])[];
  /** A whole number as it stands there, its unit is not in the line; undefined: none was given. */
  readonly time: string | undefined;
}

export type Line =
  | { readonly line: number; readonly point: Point }
  | { readonly line: number; readonly text: string; readonly why: string };

/** What a scan stops at. */
const COMMA = 44;
const SPACE = 32;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;

/** Tags and fields in one line: what is more is somebody's joke. */
const MAX_PARTS = 10_000;

export function* readLines(text: string): Generator<Line> {
  const reader = new Reader(text);
  for (let line = 1; !reader.done; line += reader.passed()) {
    if (reader.skipEmpty()) continue;
    const from = reader.at;
    try {
      yield { line, point: reader.point() };
    } catch (error) {
      if (!(error instanceof BadLineError)) throw error;
      yield { line, text: reader.toLineEnd(from), why: error.message };
    }
  }
}

class BadLineError extends Error {}

class Reader {
  readonly #text: string;
  at = 0;
  /** Line ends up to here have been counted. */
  #counted = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  /** How many line ends lie between the last call and here. */
  passed(): number {
    let count = 0;
    for (let next = this.#text.indexOf('\n', this.#counted); next >= 0 && next < this.at; ) {
      count++;
      this.#counted = next + 1;
      next = this.#text.indexOf('\n', this.#counted);
    }
    this.#counted = Math.max(this.#counted, this.at);
    return count;
  }

  /** Passes over an empty line or a comment; false if there is a line to read. */
  skipEmpty(): boolean {
    while (this.#code() === SPACE || this.#code() === 9) this.at++;
    const code = this.#code();
    if (code === 35) this.toLineEnd(this.at);
    else if (code === RETURN && this.#code(1) === NEWLINE) this.at += 2;
    else if (code === NEWLINE) this.at++;
    else return this.done;
    return true;
  }

  /** What is left of the line from a place on; goes behind it. */
  toLineEnd(from: number): string {
    const end = this.#text.indexOf('\n', this.at);
    const to = end < 0 ? this.#text.length : end;
    this.at = end < 0 ? to : end + 1;
    return this.#text.slice(from, to).replace(/\r$/, '');
  }

  point(): Point {
    const measurement = this.#word(isMeasurementEnd, ', ');
    if (measurement === '') throw new BadLineError('missing measurement');
    const tags: [string, string][] = [];
    while (this.#code() === COMMA) {
      this.at++;
      tags.push(this.#tag());
      if (tags.length > MAX_PARTS) throw new BadLineError(`more than ${MAX_PARTS} tags`);
    }
    if (this.#code() !== SPACE) throw new BadLineError('missing fields');
    this.#spaces();
    const fields = this.#fields();
    const spaced = this.#spaces();
    const time = this.#time();
    if (time !== undefined && !spaced) throw new BadLineError('invalid field format');
    return { measurement, tags, fields, time };
  }

  #tag(): [string, string] {
    const key = this.#word(isKeyEnd, ',= ');
    if (this.#code() !== EQUALS) throw new BadLineError(key === '' ? 'missing tag key' : 'missing tag value');
    this.at++;
    const value = this.#word(isKeyEnd, ',= ');
    if (this.#code() === EQUALS) throw new BadLineError('invalid tag format');
    if (key === '') throw new BadLineError('missing tag key');
    if (value === '') throw new BadLineError('missing tag value');
    return [key, value];
  }

  #fields(): [string, FieldValue][] {
    const fields: [string, FieldValue][] = [];
    for (;;) {
      const key = this.#word(isKeyEnd, ',= ');
      if (this.#code() !== EQUALS) throw new BadLineError(key === '' ? 'missing fields' : 'missing field value');
      if (key === '') throw new BadLineError('missing field key');
      this.at++;
      fields.push([key, this.#code() === QUOTE ? this.#quoted() : this.#number()]);
      if (fields.length > MAX_PARTS) throw new BadLineError(`more than ${MAX_PARTS} fields`);
      if (this.#code() !== COMMA) return fields;
      this.at++;
    }
  }

  /** Up to what ends it, without the backslashes before what it may not hold otherwise; every other backslash stands for itself. */
  #word(isEnd: (code: number) => boolean, escapable: string): string {
    const from = this.at;
    let escaped = false;
    for (; this.at < this.#text.length; this.at++) {
      const code = this.#text.charCodeAt(this.at);
      if (code === NEWLINE) break;
      if (code === BACKSLASH && escapable.includes(this.#text[this.at + 1] ?? '\n')) {
        escaped = true;
        this.at++;
      } else if (isEnd(code)) break;
    }
    const word = this.#text.slice(from, this.at);
    return escaped ? word.replace(/\\([, =])/g, (all, c: string) => (escapable.includes(c) ? c : all)) : word;
  }

  #quoted(): string {
    const from = ++this.at;
    for (; this.at < this.#text.length; this.at++) {
      const code = this.#text.charCodeAt(this.at);
      if (code === QUOTE) return this.#text.slice(from, this.at++).replace(/\\(["\\])/g, '$1');
      if (code === BACKSLASH) this.at++;
    }
    // The next line may be a good one.
    this.at = from;
    throw new BadLineError('unbalanced quotes');
  }

  #number(): number {
    const from = this.at;
    for (let code = this.#code(); !isNumberEnd(code); code = this.#code()) this.at++;
    const text = this.#text.slice(from, this.at);
    const value = numberOf(text);
    if (value === undefined) throw new BadLineError(text === '' ? 'missing field value' : 'invalid number');
    return value;
  }

  #time(): string | undefined {
    const from = this.at;
    let to = this.#text.indexOf('\n', from);
    if (to < 0) to = this.#text.length;
    // A time is short: what is longer need not be looked at.
    const text = this.#text.slice(from, Math.min(to, from + 64)).trim();
    if (text !== '' && !/^-?\d{1,19}$/.test(text)) {
      throw new BadLineError(/^-?\d/.test(text) ? 'bad timestamp' : 'invalid field format');
    }
    this.at = to < this.#text.length ? to + 1 : to;
    return text === '' ? undefined : text;
  }

  #spaces(): boolean {
    const from = this.at;
    while (this.#code() === SPACE) this.at++;
    return this.at > from;
  }

  /** NaN behind the end. */
  #code(ahead = 0): number {
    return this.#text.charCodeAt(this.at + ahead);
  }
}

function isMeasurementEnd(code: number): boolean {
  return code === COMMA || code === SPACE;
}

function isKeyEnd(code: number): boolean {
  return code === COMMA || code === SPACE || code === EQUALS;
}

function isNumberEnd(code: number): boolean {
  return Number.isNaN(code) || code === COMMA || code === SPACE || code === NEWLINE || code === RETURN;
}

const FLOAT = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+[iu]$/;

/** Integers beyond 2^53 as near as a number can be; undefined for what is none. */
function numberOf(text: string): number | undefined {
  if (FLOAT.test(text)) return finite(Number(text));
  if (INTEGER.test(text)) return text.endsWith('u') && text.startsWith('-') ? undefined : Number(text.slice(0, -1));
  if (/^(t|T|true|True|TRUE)$/.test(text)) return 1;
  if (/^(f|F|false|False|FALSE)$/.test(text)) return 0;
  return undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

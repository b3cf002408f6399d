/**
 * One line of Prometheus text or OpenMetrics that is a sample: name, labels, value, time; an exemplar behind it is passed over. Names in
 * quotation marks, which may hold anything, are read in both forms. Pure.
 */
import type { LabelPair } from '../../../src/model/labels.ts';

export interface SampleLine {
  /** `__name__` among them. */
  readonly pairs: readonly LabelPair[];
  readonly value: number;
  /** As it stands there. */
  readonly time: string | undefined;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const BLANK = /[ \t]*/y;
const WORD = /[^ \t]+/y;

/** More labels in a line are somebody's joke. */
const MAX_LABELS = 10_000;

/** In words what is wrong with it, if something is. */
export function readSampleLine(text: string): SampleLine | string {
  const cursor = new Cursor(text);
  const pairs: LabelPair[] = [];
  const name = cursor.take(NAME);
  if (name !== '') pairs.push(['__name__', name]);
  cursor.take(BLANK);
  if (cursor.skip('{')) {
    const wrong = labelsIn(cursor, pairs);
    if (wrong !== undefined) return wrong;
  }
  if (pairs.length === 0) return 'it begins with no name';
  cursor.take(BLANK);
  const value = numberOf(cursor.take(WORD));
  if (value === undefined) return 'it has no value that is a number';
  cursor.take(BLANK);
  const rest = cursor.take(WORD);
  const time = rest === '' || rest.startsWith('#') ? undefined : rest;
  cursor.take(BLANK);
  if (time !== undefined && !cursor.done && !cursor.skip('#')) return 'there is something behind the time';
  return { pairs, value, time };
}

/** Up to the closing brace. A text alone, without a value, is the metric's name. */
function labelsIn(cursor: Cursor, pairs: LabelPair[]): string | undefined {
  for (let count = 0; count < MAX_LABELS; count++) {
    cursor.take(BLANK);
    if (cursor.skip('}')) return undefined;
    const quoted = cursor.quoted();
    const name = quoted ?? cursor.take(LABEL);
    cursor.take(BLANK);
    if (cursor.skip('=')) {
      if (name === '') return 'a label has no name';
      cursor.take(BLANK);
      const value = cursor.quoted();
      if (value === undefined) return `the label ${name.slice(0, 80)} has no value in quotation marks`;
      pairs.push([name, value]);
    } else if (quoted !== undefined) pairs.push(['__name__', quoted]);
    else return name === '' ? 'its labels are not closed' : `the label ${name.slice(0, 80)} has no value`;
    cursor.take(BLANK);
    if (!cursor.skip(',') && !cursor.at('}')) return 'its labels are not closed';
  }
  return `it has more than ${MAX_LABELS} labels`;
}

class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  at(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  skip(character: string): boolean {
    if (!this.at(character)) return false;
    this.#at++;
    return true;
  }

  /** `pattern` is sticky. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** A text in quotation marks; undefined, and nothing is passed over, if there is none. */
  quoted(): string | undefined {
    if (!this.at('"')) return undefined;
    for (let end = this.#at + 1; end < this.#text.length; end++) {
      const character = this.#text[end];
      if (character === '\\') end++;
      else if (character === '"') {
        const inside = this.#text.slice(this.#at + 1, end);
        this.#at = end + 1;
        return inside.includes('\\') ? unescaped(inside) : inside;
      }
    }
    return undefined;
  }
}

/** A backslash before anything else stands for itself. */
export function unescaped(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;

function numberOf(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  const sign = INFINITE.exec(text)?.[1];
  if (sign === undefined) return undefined;
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Times of line protocol in Unix milliseconds: whole numbers of some unit, which the request names. Pure. */

export type Precision = 'ns' | 'us' | 'ms' | 's' | 'm' | 'h';

const NAMES: ReadonlyMap<string, Precision> = new Map([
  ['n', 'ns'],
  ['ns', 'ns'],
  ['nanosecond', 'ns'],
  ['u', 'us'],
  ['us', 'us'],
  ['µ', 'us'],
  ['microsecond', 'us'],
  ['ms', 'ms'],
  ['millisecond', 'ms'],
  ['s', 's'],
  ['second', 's'],
  ['m', 'm'],
  ['h', 'h'],
]);

const MS: Readonly<Record<Precision, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Nanoseconds where nothing is said; undefined for a word that is none. */
export function precisionOf(word: string | undefined): Precision | undefined {
  return word === undefined || word === '' ? 'ns' : NAMES.get(word);
}

/** `text` is a whole number; what is finer than a millisecond is cut off, downwards. */
export function timeMsOf(text: string, precision: Precision): number {
  const digits = precision === 'ns' ? 6 : precision === 'us' ? 3 : 0;
  if (digits === 0) return Number(text) * MS[precision] + 0;
  // Nanoseconds of today are beyond what a number holds exactly.
  if (text.startsWith('-')) return Number(-((-BigInt(text) + BigInt(10 ** digits - 1)) / BigInt(10 ** digits)));
  return text.length > digits ? Number(text.slice(0, -digits)) : 0;
}

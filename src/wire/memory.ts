/**
 * What definitions hold in memory, in bytes, and who is asked before they do. The estimate is of V8's 64-bit heap and rather too high: a
 * string is a header and one byte a character, two if one of them is beyond Latin-1; labels are held as names, as values and as a key
 * that repeats both, and once more in the row that is exposed; a row with dimensions repeats its entity's labels. The fixed parts are the
 * objects, map entries and undo of one definition, measured (test/src/wire/memory.test.ts).
 */
import type { Labels } from '../model/labels.ts';
import type { Entity } from '../model/table.ts';

/** Memory that one session's dictionary may use. */
export interface Allowance {
  /** Asks for so many bytes; throws a WireError if they may not be had, and then nothing has changed. */
  take(bytes: number): void;
  /** Gives bytes back; with a negative number has bytes back that were given before. */
  give(bytes: number): void;
  /** So many bytes that were given back were definitions that had been handed on: others may hold them for a while yet. */
  linger(bytes: number): void;
}

/** For who decodes without anybody to share with. */
export const UNBOUNDED: Allowance = { take() {}, give() {}, linger() {} };

const ENTITY = 450;
const ROW = 450;
const FAMILY = 600;
/** A set of labels: itself and its two arrays. */
const LABELS = 120;
/** A label in it: two strings' headers and padding, two places in arrays. */
const LABEL = 64;
/** The same strings in another set. */
const LABEL_AGAIN = 16;
const STRING = 24;
/** What a heap takes beside what is in it. */
const WASTE = 9 / 8;

export function familyBytes(name: string, fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + STRING + LABEL + textBytes(field), FAMILY + textBytes(name));
}

export function entityBytes({ key, labels }: Entity): number {
  return withWaste(ENTITY + textBytes(key) + setBytes(labels) + againBytes(textBytes(labels.key), labels.names.length));
}

/** What a row costs beside its entity. */
export function rowBytes({ labels }: Entity, dims: Labels): number {
  if (dims.names.length === 0) return ROW;
  const merged = textBytes(labels.key) + textBytes(dims.key);
  // Its own labels, those it is exposed with, and the key by which rows that say the same are found.
  const again = againBytes(merged, labels.names.length + dims.names.length);
  return withWaste(ROW + setBytes(dims) + 2 * again + textBytes(dims.key));
}

function withWaste(bytes: number): number {
  // Whole, so that what is taken and given back bit by bit comes to nothing in the end.
  return Math.ceil(bytes * WASTE);
}

/** A set with strings of its own. */
function setBytes({ names, key }: Labels): number {
  return LABELS + names.length * LABEL + 2 * textBytes(key);
}

/** A set of strings that are there already, but for the key. */
function againBytes(keyBytes: number, count: number): number {
  return LABELS + count * LABEL_AGAIN + STRING + keyBytes;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of Latin-1 is one byte a character.
const WIDE = /[^\u0000-\u00ff]/;

function textBytes(text: string): number {
  return WIDE.test(text) ? 2 * text.length : text.length;
}

/**
 * Bytes of kernel files to numbers, without making strings on the way: these run thousands of times a tick. Lines and keys that
 * are not expected are skipped; a number that is not there is NaN; `max` is Infinity, which no table keeps.
 */

const NEWLINE = 10;
const SPACE = 32;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const EQUALS = 61;

/** Up to here summing digits in a double is exact; longer numbers go through the language's own, correctly rounding reader. */
const EXACT_DIGITS = 15;

/**
 * The decimal number in `[from, to)`, to the nearest double; `max` is Infinity; anything else is NaN.
 */
export function numberAt(bytes: Uint8Array, from: number, to: number): number {
  const first = bytes[from];
  if (first === MINUS) return -digitsAt(bytes, from + 1, to);
  if (first === 109) return isMax(bytes, from, to) ? Number.POSITIVE_INFINITY : Number.NaN;
  return digitsAt(bytes, from, to);
}

function digitsAt(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return Number.NaN;
  let n = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < ZERO || byte > NINE) return Number.NaN;
    n = n * 10 + (byte - ZERO);
  }
  return to - from <= EXACT_DIGITS ? n : Number(asciiAt(bytes, from, to));
}

function isMax(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === 3 && bytes[from + 1] === 97 && bytes[from + 2] === 120;
}

/** The text in `[from, to)`; for the rare places that need one. */
export function asciiAt(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Where the line that begins at `from` ends: its newline's place, or the length. */
export function lineEnd(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(NEWLINE, from);
  return at < 0 ? bytes.length : at;
}

/** Where the word that begins at `from` ends: a space, or `to`. */
export function wordEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] !== SPACE) i++;
  return i;
}

/** Past the spaces at `from`. */
export function skipSpaces(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] === SPACE) i++;
  return i;
}

/** A file of one number or `max`: `memory.current`, `pids.max`. */
export function singleValue(bytes: Uint8Array): number {
  return numberAt(bytes, 0, wordEnd(bytes, 0, lineEnd(bytes, 0)));
}

/** The n-th word (from 0) of the first line, as a number: `cpu.max` is `quota period`. */
export function valueInLine(bytes: Uint8Array, n: number): number {
  const end = lineEnd(bytes, 0);
  let from = skipSpaces(bytes, 0, end);
  for (let i = 0; i < n; i++) from = skipSpaces(bytes, wordEnd(bytes, from, end), end);
  return numberAt(bytes, from, wordEnd(bytes, from, end));
}

/** Which line of a pressure file. */
export type Stall = 'some' | 'full';

/** Stalled time of a pressure file in microseconds: `total=` of the line `some` (anyone waits) or `full` (everyone does). */
export function stalledMicros(bytes: Uint8Array, stall: Stall): number {
  const first = stall === 'some' ? 115 : 102;
  for (let from = 0; from < bytes.length; ) {
    const end = lineEnd(bytes, from);
    if (bytes[from] === first && bytes[from + 4] === SPACE) return totalAt(bytes, from, end);
    from = end + 1;
  }
  return Number.NaN;
}

/** The value of `total=` as the last word of a line. */
function totalAt(bytes: Uint8Array, from: number, to: number): number {
  let at = to - 1;
  while (at > from && bytes[at] !== EQUALS) at--;
  const named = bytes[at - 5] === 116 && bytes[at - 4] === 111 && bytes[at - 2] === 97 && bytes[at - 1] === 108;
  return named ? numberAt(bytes, at + 1, to) : Number.NaN;
}

/** How many members a kernel list has: `0-3,7` is 5. An empty list is 0, garbage NaN. */
export function listSize(bytes: Uint8Array): number {
  const end = lineEnd(bytes, 0);
  if (end === 0) return 0;
  let size = 0;
  for (const part of asciiAt(bytes, 0, end).trim().split(',')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!range) return part === '' && size === 0 ? 0 : Number.NaN;
    size += range[2] === undefined ? 1 : Number(range[2]) - Number(range[1]) + 1;
  }
  return size;
}

/**
 * Which of the lines sent InfluxDB did not take, read from what it says. Every version says it differently: 1 and 2 quote lines that
 * they cannot parse and count those in conflict, 3 numbers them.
 */
import { jsonOf, messageOf } from './answer.ts';
import { escapeMeasurement, escapeTag } from './escape.ts';

export interface Refusal {
  /** The other lines were written, so that they need not be sent again. */
  readonly restWritten: boolean;
  /** Indexes of the lines refused, if it is known which; empty if not. */
  readonly lines: readonly number[];
  /** How many were refused where only the number is known. */
  readonly count: number | undefined;
  /** Indexes of the lines that those are among; empty for all. */
  readonly among: readonly number[];
  /** By index of a line: what is said of it alone. */
  readonly why: ReadonlyMap<number, string>;
}

/** InfluxDB 3 lists at most so many lines. */
const LISTED_AT_MOST = 100;

const UNKNOWN: Refusal = { restWritten: false, lines: [], count: undefined, among: [], why: new Map() };

/** Reads the body of an answer 400 or 422 to `lines`. */
export function refusalOf(body: string, lines: readonly string[]): Refusal {
  const text = messageOf(body);
  const partial = /partial write/i.test(text);
  const numbered = within(numberedLines(body, text), lines);
  if (numbered.size > 0) {
    const restWritten = Array.isArray(jsonOf(body)?.data) && numbered.size < LISTED_AT_MOST;
    return { ...UNKNOWN, restWritten, lines: [...numbered.keys()], why: numbered };
  }
  const quoted = quotedLines(text, lines);
  if (quoted.size > 0) {
    return { ...UNKNOWN, restWritten: partial, lines: [...quoted.keys()].sort((a, b) => a - b), why: quoted };
  }
  const dropped = /\bdropped=(\d+)/.exec(text);
  if (!partial || !dropped) return UNKNOWN;
  const count = Math.min(Number(dropped[1]), lines.length);
  const among = conflicting(text, lines);
  if (count === lines.length) return { ...UNKNOWN, restWritten: true, lines: lines.map((_, i) => i) };
  if (count === among.length) return { ...UNKNOWN, restWritten: true, lines: among };
  return { ...UNKNOWN, restWritten: true, count, among: among.length > count ? among : [] };
}

type Numbered = readonly [index: number, why: string];

function within(found: readonly Numbered[], lines: readonly string[]): Map<number, string> {
  return new Map(found.filter(([index]) => Number.isInteger(index) && index >= 0 && index < lines.length));
}

/** `{"data":[{"line_number":2,…}]}`, a single object in its place, or `line 2` in the text; counted from 1. */
function numberedLines(body: string, text: string): Numbered[] {
  const data = jsonOf(body)?.data;
  const entries = Array.isArray(data) ? data : data === undefined || data === null ? [] : [data];
  const listed = entries.map((entry: unknown): Numbered => {
    const { line_number: number, error_message: why } = (entry ?? {}) as ListedLine;
    return [Number(number) - 1, typeof why === 'string' ? why : ''];
  });
  if (listed.length > 0) return listed;
  const said = text.matchAll(/\bline (\d+)(?: \(1-based\))?:([^\n]*)/g);
  return Array.from(said, ([, number, why = '']): Numbered => [Number(number) - 1, why.trim()]);
}

interface ListedLine {
  readonly line_number?: unknown;
  readonly error_message?: unknown;
}

/** Ends of a quotation that are tried: a line that holds what ends one is rare, one that holds many is somebody's joke. */
const ENDS_TRIED = 8;

/** `unable to parse '<line>': why`, once for each line. Work is linear in the text. */
function quotedLines(text: string, lines: readonly string[]): Map<number, string> {
  const marker = "unable to parse '";
  const index = new Map(lines.map((line, i) => [line, i]));
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);
  const found = new Map<number, string>();
  let first = 0;
  for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + 1)) {
    const start = at + marker.length;
    // Not looked for anew as long as it lies ahead: a text of beginnings without an end would be read once for each of them.
    if (first < start) first = text.indexOf("': ", start);
    if (first < 0) break;
    // The line itself may hold what ends the quotation.
    let tried = 0;
    for (let end = first; end >= 0 && end - start <= longest; end = text.indexOf("': ", end + 1)) {
      if (++tried > ENDS_TRIED) break;
      const i = index.get(text.slice(start, end));
      if (i === undefined) continue;
      found.set(i, reasonAt(text, end + "': ".length));
      break;
    }
  }
  return found;
}

/** To the end of its line, without the count that follows the last one. */
function reasonAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/ dropped=\d+$/, '');
}

/** Lines of the measurement that have the field which a conflict of types is about. */
function conflicting(text: string, lines: readonly string[]): number[] {
  const match = /input field "([^"\\]+)" on measurement "([^"\\]+)"/.exec(text);
  if (!match) return [];
  const field = `${escapeTag(match[1] as string)}=`;
  const measurement = escapeMeasurement(match[2] as string);
  const found: number[] = [];
  for (const [i, line] of lines.entries()) {
    const after = line[measurement.length];
    if (!line.startsWith(measurement) || (after !== ',' && after !== ' ')) continue;
    if (line.includes(` ${field}`) || line.includes(`,${field}`)) found.push(i);
  }
  return found;
}

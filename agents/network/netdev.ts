/**
 * The text of /proc/<pid>/net/dev into the eight numbers per interface that the catalogue has. Works on the bytes: this is
 * read for each container at each tick.
 */
import { decimal, isBlank } from '../kernel/lines.ts';

const NEWLINE = 10;
const COLON = 58;

/** Numbers in a line: eight received, eight sent. */
const FIELDS = 16;
const HEADER_LINES = 2;

const values = new Float64Array(FIELDS);

/** `values` are the line's sixteen numbers: bytes packets errs drop fifo frame compressed multicast, then bytes packets errs drop … sent. */
export type NetDevVisitor = (nameFrom: number, nameTo: number, values: Float64Array) => void;

/**
 * Calls `visit` for each interface with its name's place in `bytes`; `values` is reused from line to line. Answers how many
 * lines could not be understood; such a line costs no other its numbers.
 */
export function parseNetDev(bytes: Buffer, visit: NetDevVisitor): number {
  let malformed = 0;
  let from = 0;
  for (let line = 0; from < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline < 0 ? bytes.length : newline;
    if (line >= HEADER_LINES && to > from && !parseLine({ bytes, from, to, visit })) malformed++;
    from = to + 1;
  }
  return malformed;
}

interface Line {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly visit: NetDevVisitor;
}

function parseLine({ bytes, from, to, visit }: Line): boolean {
  // The last colon: an alias has one in its name, and old kernels put no blank behind it.
  let colon = to - 1;
  while (colon >= from && bytes[colon] !== COLON) colon--;
  let nameFrom = from;
  while (nameFrom < colon && isBlank(bytes[nameFrom] as number)) nameFrom++;
  if (nameFrom >= colon) return false;
  let at = colon + 1;
  for (let field = 0; field < FIELDS; field++) {
    while (at < to && isBlank(bytes[at] as number)) at++;
    const start = at;
    while (at < to && !isBlank(bytes[at] as number)) at++;
    const value = decimal(bytes, start, at);
    if (Number.isNaN(value)) return false;
    values[field] = value;
  }
  visit(nameFrom, colon, values);
  return true;
}

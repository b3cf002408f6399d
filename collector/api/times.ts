/** Times and durations as Prometheus' API takes them, into milliseconds. What is none throws a QueryError with Prometheus' words. */
import { QueryError } from '../query/query.ts';

/** As far as a Date goes: all there is. */
export const FIRST_MS = -8.64e15;
export const LAST_MS = 8.64e15;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}:\d{2})([.,]\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** The ends of time as clients write them that mean "everything". */
const ENDS = new Map([
  ['-292273086-05-16T16:47:06Z', FIRST_MS],
  ['292277025-08-18T07:12:54.999999999Z', LAST_MS],
]);

/** Unix seconds with fractions, or RFC 3339; integer Unix milliseconds. */
export function timeOf(text: string): number {
  if (NUMBER.test(text)) return within(Math.round(Number(text) * 1000));
  const end = ENDS.get(text.replace(/^\+/, ''));
  if (end !== undefined) return end;
  const [, day = '', clock = '', fraction = '', zone = ''] = RFC3339.exec(text) ?? [];
  const ms = Date.parse(`${day}T${clock}${fraction.replace(',', '.').slice(0, 4)}${zone.toUpperCase()}`);
  // The 30th of February is another day to Date.
  if (Number.isNaN(ms) || !Date.parse(`${day}T00:00:00Z`) || new Date(`${day}T00:00:00Z`).toJSON().slice(0, 10) !== day)
    throw new QueryError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return ms;
}

function within(ms: number): number {
  return Math.min(LAST_MS, Math.max(FIRST_MS, ms));
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const DURATION = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/** Prometheus counts nanoseconds in 64 bits. */
const LONGEST_MS = 2 ** 63 / 1e6;

/** Seconds with fractions, or `1h30m` as in PromQL; milliseconds, not rounded. */
export function durationOf(text: string): number {
  if (NUMBER.test(text)) {
    const ms = Number(text) * 1000;
    if (Math.abs(ms) > LONGEST_MS)
      throw new QueryError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    return ms;
  }
  const parts = text === '' ? null : DURATION.exec(text);
  if (!parts) throw new QueryError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid duration`);
  const total = UNITS.reduce((sum, [, ms], i) => sum + Number(parts[i + 1] ?? 0) * ms, 0);
  if (total > LONGEST_MS) throw new QueryError('bad_data', 'duration out of range');
  return total;
}

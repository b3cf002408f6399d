/**
 * The times of one row, to bytes and back: as those of the row before, as ticks of a clock with what each is off it, or as they are. Integer Unix
 * milliseconds, ascending; nothing is rounded.
 */
import { type ByteReader, ByteWriter } from './bytes.ts';
import { readIntegers, writeIntegers } from './integers.ts';

const SAME = 0;
const TICKS = 1;
const PLAIN = 2;
/** What scrape intervals are multiples of. */
const ROUND = [60_000, 10_000, 5000, 1000, 500, 100, 10, 1];

const payload = new ByteWriter(1024);

let numbers = new Float64Array(1024);
let offsets = new Float64Array(1024);

/** What the rows of one block have in common so far. */
export interface TimesBefore {
  /** What the block's times are told from. */
  readonly baseMs: number;
  interval: number;
  /** The last row's, of which `length` count. */
  times: Float64Array;
  length: number;
}

export function noTimes(baseMs: number): TimesBefore {
  return { baseMs, interval: 0, times: new Float64Array(256), length: 0 };
}

/** Writes all of `times`, at least one. */
export function writeTimes(out: ByteWriter, times: Float64Array, state: TimesBefore): void {
  const n = times.length;
  const { baseMs } = state;
  if (isSame(times, state)) {
    out.byte(SAME);
    return;
  }
  remember(times, state);
  if (numbers.length < n) {
    numbers = new Float64Array(2 * n);
    offsets = new Float64Array(2 * n);
  }
  const { times: own } = state;
  const interval = intervalFor(own, n, state.interval);
  if (interval === 0) {
    for (let i = 0; i < n; i++) numbers[i] = (own[i] as number) - baseMs;
    writeKind(out, PLAIN, numbers, n);
    return;
  }
  state.interval = interval;
  const first = own[0] as number;
  for (let i = 0; i < n; i++) {
    const since = (own[i] as number) - first;
    const tick = Math.round(since / interval);
    numbers[i] = tick;
    offsets[i] = since - tick * interval;
  }
  payload.clear();
  const kind = writeIntegers(payload, numbers, n);
  out.byte(TICKS + 4 * kind);
  out.varint(interval);
  out.signed(first - baseMs);
  out.append(payload.bytes, 0, payload.length);
  writeKind(out, 0, offsets, n);
}

function writeKind(out: ByteWriter, low: number, values: Float64Array, n: number): void {
  payload.clear();
  const kind = writeIntegers(payload, values, n);
  out.byte(low + 4 * kind);
  out.append(payload.bytes, 0, payload.length);
}

function isSame(times: Float64Array, { times: before, length }: TimesBefore): boolean {
  if (times.length !== length) return false;
  for (let i = 0; i < length; i++) if (times[i] !== before[i]) return false;
  return true;
}

function remember(times: Float64Array, state: TimesBefore): void {
  if (state.times.length < times.length) state.times = new Float64Array(2 * times.length);
  state.times.set(times);
  state.length = times.length;
}

/** The clock that the times are ticks of: the one before if they are near its ticks, else the roundest near their median distance; 0 for none. */
function intervalFor(times: Float64Array, n: number, before: number): number {
  if (n < 3) return 0;
  if (before > 0 && isNear(times, n, before)) return before;
  const distances = Float64Array.from(
    { length: n - 1 },
    (_, i) => (times[i + 1] as number) - (times[i] as number),
  ).sort();
  const median = distances[n >> 1] ?? (distances[0] as number);
  for (const round of ROUND) {
    const interval = Math.round(median / round) * round;
    if (interval > 0 && Math.abs(interval - median) * 20 <= median && isNear(times, n, interval)) return interval;
  }
  return 0;
}

/** Whether every time is within a quarter of an interval of its tick. */
function isNear(times: Float64Array, n: number, interval: number): boolean {
  const first = times[0] as number;
  for (let i = 1; i < n; i++) {
    const ticks = ((times[i] as number) - first) / interval;
    if (Math.abs(ticks - Math.round(ticks)) > 0.25) return false;
  }
  return true;
}

/** Reads `n` times into `into`, which holds the last row's that were no repetition. */
export function readTimes(reader: ByteReader, into: Float64Array, n: number, baseMs: number): void {
  const tag = reader.byte();
  if (tag === SAME) return;
  const kind = tag >> 2;
  if ((tag & 3) === PLAIN) {
    readIntegers(reader, kind, { into, at: 0, n, divisor: 1 });
    for (let i = 0; i < n; i++) into[i] = (into[i] as number) + baseMs;
    return;
  }
  if ((tag & 3) !== TICKS) throw new Error(`times of kind ${tag & 3}`);
  const interval = reader.varint();
  const first = reader.signed() + baseMs;
  if (numbers.length < n) {
    numbers = new Float64Array(2 * n);
    offsets = new Float64Array(2 * n);
  }
  readIntegers(reader, kind, { into: numbers, at: 0, n, divisor: 1 });
  readIntegers(reader, reader.byte() >> 2, { into: offsets, at: 0, n, divisor: 1 });
  for (let i = 0; i < n; i++) into[i] = first + (numbers[i] as number) * interval + (offsets[i] as number);
}

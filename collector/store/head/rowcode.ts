/**
 * How one row's numbers of a column went on in a few frames, as bytes in memory: from what it was before, each number as a step in the integers that it is at
 * some scale. Exact to the bit: a number that is no small decimal goes as the double it is.
 *
 * A row is its length in bytes, then either a byte with the scale and the width of steps, a byte with a bit for each frame that has one, and the steps; or a byte
 * with the scale alone and a token for each frame.
 */
/** What numbers are multiplied by to become integers. The last stands for "as doubles". */
const SCALES = [1, 1e3, 1e6, 1e9, 1 / 4096] as const;
const DOUBLES = SCALES.length;
const SCALE_BITS = 3;
/** Above it a step is no longer exact as a token. */
const MOST = 2 ** 50;
/** Steps below it are of four bytes at most. */
const WIDE = 2 ** 30;
/** As many frames have a bit each in a byte. */
const MOST_MASKED = 8;

const SAME = 0;
const ABSENT = 1;
const DOUBLE = 2;
const STEP = 3;

/** What is being packed; written to directly, because this is done for every number there is. */
let out = new Uint8Array(1 << 16);
let end = 0;
/** What the row before was packed with: mostly one of the same column. */
let lastScale = 0;
const steps = new Int32Array(MOST_MASKED);
const eight = new DataView(new ArrayBuffer(8));

/** Rows come, of several columns. */
export function beginRows(): void {
  end = 0;
}

/** Those of another column. */
export function beginColumn(): void {
  lastScale = 0;
}

/** Where the next row will be. */
export function rowsEnd(): number {
  return end;
}

/** The rows so far. */
export function rowsBytes(): Uint8Array {
  return out.slice(0, end);
}

export function packRow(now: Float64Array, before: number): void {
  while (end + 2 + 9 * now.length > out.length) makeRoom();
  const start = end++;
  const scale = scaleOf(now);
  if (scale === DOUBLES || now.length > MOST_MASKED || !packSteps(now, before, scale)) packTokens(now, before, scale);
  out[start] = end - start - 1;
}

function makeRoom(): void {
  const larger = new Uint8Array(2 * out.length);
  larger.set(out);
  out = larger;
}

/** The same bits, or absent both. What is infinite was not measured. */
export function same(value: number, old: number): boolean {
  if (value === old) return value !== 0 || Object.is(value, old);
  return value - value !== 0 && Number.isNaN(old);
}

/** Steps of one width: what is mostly the case, and read without deciding much. Answers whether it is the case. */
function packSteps(now: Float64Array, before: number, scale: number): boolean {
  const factor = SCALES[scale] as number;
  let old = before;
  let integer = integerOf(before, factor);
  let mask = 0;
  let count = 0;
  let any = 0;
  for (let k = 0; k < now.length; k++) {
    const value = now[k] as number;
    if (same(value, old)) continue;
    const next = Math.round(value * factor);
    const step = next - integer;
    // Of what is absent the step is no number.
    if (!(step < WIDE && step > -WIDE) || Object.is(value, -0)) return false;
    const folded = (step << 1) ^ (step >> 31);
    steps[count++] = folded;
    any |= folded;
    mask |= 1 << k;
    integer = next;
    old = value;
  }
  const width = any >>> 8 === 0 ? 1 : any >>> 16 === 0 ? 2 : any >>> 24 === 0 ? 3 : 4;
  const bytes = out;
  let at = end;
  bytes[at++] = scale | (width << SCALE_BITS);
  bytes[at++] = mask;
  for (let i = 0; i < count; i++) {
    for (let rest = steps[i] as number, w = 0; w < width; w++, rest >>>= 8) bytes[at++] = rest & 255;
  }
  end = at;
  return true;
}

function packTokens(now: Float64Array, before: number, scale: number): void {
  out[end++] = scale;
  const factor = SCALES[scale] ?? 0;
  let old = before;
  let integer = integerOf(before, factor);
  for (let k = 0; k < now.length; k++) {
    const value = now[k] as number;
    if (same(value, old)) out[end++] = SAME;
    else integer = packValue(value, integer, factor);
    old = value;
  }
}

/** Answers what the next step is taken from. */
function packValue(value: number, before: number, factor: number): number {
  if (Number.isNaN(value)) {
    out[end++] = ABSENT;
    return 0;
  }
  const integer = Math.round(value * factor);
  const step = integer - before;
  if (factor === 0 || Math.abs(step) >= MOST / 4 || Object.is(value, -0)) {
    packDouble(value);
    return integerOf(value, factor);
  }
  packVarint(STEP + (step < 0 ? -2 * step - 1 : 2 * step));
  return integer;
}

function packDouble(value: number): void {
  out[end++] = DOUBLE;
  eight.setFloat64(0, value, true);
  for (let i = 0; i < 8; i++) out[end++] = eight.getUint8(i);
}

function packVarint(value: number): void {
  let rest = value;
  while (rest >= 2 ** 31) {
    out[end++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    out[end++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[end++] = rest;
}

/** What a step is taken from. Both sides make it of the same double. */
function integerOf(old: number, factor: number): number {
  const integer = Math.round(old * factor);
  return Math.abs(integer) < MOST ? integer : 0;
}

/** One under which all are integers: the last one's, or else the first. */
function scaleOf(now: Float64Array): number {
  if (lastScale < DOUBLES && fits(now, SCALES[lastScale] as number)) return lastScale;
  for (let s = 0; s < SCALES.length; s++) {
    if (s === lastScale || !fits(now, SCALES[s] as number)) continue;
    lastScale = s;
    return s;
  }
  lastScale = DOUBLES;
  return DOUBLES;
}

function fits(now: Float64Array, factor: number): boolean {
  for (let k = 0; k < now.length; k++) {
    const value = now[k] as number;
    const integer = Math.round(value * factor);
    // NaN is absent, and has no scale.
    if (!(integer / factor === value && integer < MOST && integer > -MOST) && !Number.isNaN(value)) return false;
  }
  return true;
}

/** Where a row's numbers go, and what it was before. */
export interface Unpacking {
  readonly before: number;
  readonly into: Float64Array;
  readonly at: number;
  readonly frames: number;
}

/** Fills `into` with what the row at `from`, behind its length, was in each frame; answers the last. */
export function unpackAt(bytes: Uint8Array, from: number, to: Unpacking): number {
  const isSteps = (bytes[from] as number) >> SCALE_BITS > 0;
  return isSteps ? unpackSteps(bytes, from, to) : unpackTokens(bytes, from, to);
}

function unpackSteps(bytes: Uint8Array, start: number, { before, into, at, frames }: Unpacking): number {
  const head = bytes[start] as number;
  const mask = bytes[start + 1] as number;
  const factor = SCALES[head & ((1 << SCALE_BITS) - 1)] as number;
  const width = head >> SCALE_BITS;
  let from = start + 2;
  let old = before;
  let integer = integerOf(before, factor);
  for (let k = 0; k < frames; k++) {
    if (((mask >> k) & 1) === 1) {
      let folded = bytes[from] as number;
      if (width > 1) folded |= (bytes[from + 1] as number) << 8;
      if (width > 2) folded |= (bytes[from + 2] as number) << 16;
      if (width > 3) folded |= (bytes[from + 3] as number) << 24;
      from += width;
      integer += (folded >>> 1) ^ -(folded & 1);
      old = integer / factor;
    }
    into[at + k] = old;
  }
  return old;
}

function unpackTokens(bytes: Uint8Array, start: number, { before, into, at, frames }: Unpacking): number {
  let from = start;
  const factor = SCALES[bytes[from++] as number] ?? 0;
  let old = before;
  let integer = integerOf(before, factor);
  for (let k = at; k < at + frames; k++) {
    let token = bytes[from++] as number;
    if (token > 127) {
      token &= 127;
      let byte = 128;
      for (let unit = 128; byte > 127; unit *= 128) {
        byte = bytes[from++] as number;
        token += (byte & 127) * unit;
      }
    }
    if (token >= STEP) {
      const folded = token - STEP;
      integer += folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
      old = integer / factor;
    } else if (token === ABSENT) {
      old = Number.NaN;
      integer = 0;
    } else if (token === DOUBLE) {
      for (let i = 0; i < 8; i++) eight.setUint8(i, bytes[from++] as number);
      old = eight.getFloat64(0, true);
      integer = integerOf(old, factor);
    }
    into[k] = old;
  }
  return old;
}

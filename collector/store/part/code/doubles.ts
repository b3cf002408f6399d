/**
 * Numbers that are no small decimals: each as what its bits differ in from the number before, the bytes of the same place together, so that the places
 * which do not change take nothing and deflate finds the rest.
 */
import type { ByteReader, ByteWriter } from './bytes.ts';

const PLACES = 8;

let words = new Uint8Array(1024 * PLACES);
const doubles = new Float64Array(2);
const bits = new Uint8Array(doubles.buffer);
/** Bits of a double in this machine's order are written as if it were little-endian. */
const FIRST_IS_LOWEST = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function writeDoubles(out: ByteWriter, values: Float64Array, n: number): void {
  if (words.length < n * PLACES) words = new Uint8Array(2 * n * PLACES);
  let used = 0;
  const before = new Uint8Array(PLACES);
  for (let i = 0; i < n; i++) {
    doubles[0] = values[i] as number;
    for (let place = 0; place < PLACES; place++) {
      const byte = bits[FIRST_IS_LOWEST ? place : PLACES - 1 - place] as number;
      const differs = byte ^ (before[place] as number);
      before[place] = byte;
      words[place * n + i] = differs;
      if (differs !== 0) used |= 1 << place;
    }
  }
  out.byte(used);
  for (let place = 0; place < PLACES; place++) {
    if (used & (1 << place)) out.append(words, place * n, (place + 1) * n);
  }
}

export function readDoubles(reader: ByteReader, into: Float64Array, at: number, n: number): void {
  const used = reader.byte();
  const planes: (Buffer | undefined)[] = [];
  for (let place = 0; place < PLACES; place++) planes.push(used & (1 << place) ? reader.take(n) : undefined);
  bits.fill(0, 0, PLACES);
  for (let i = 0; i < n; i++) {
    for (let place = 0; place < PLACES; place++) {
      const plane = planes[place];
      if (plane === undefined) continue;
      const slot = FIRST_IS_LOWEST ? place : PLACES - 1 - place;
      bits[slot] = (bits[slot] as number) ^ (plane[i] as number);
    }
    into[at + i] = doubles[0] as number;
  }
}

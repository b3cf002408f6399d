/** Bits that say which numbers of a table may have changed: those of several windows together, and what they say of a column. */

export function wordsFor(bits: number): number {
  return (bits + 31) >>> 5;
}

let together = new Uint32Array(0);

/** Which bits are set in any of them; valid until the next call. */
export function anyOf(all: readonly Uint32Array[], bits: number): Uint32Array {
  const words = wordsFor(bits);
  if (together.length < words) together = new Uint32Array(2 * words);
  const into = together;
  for (const [i, one] of all.entries()) {
    if (i === 0) into.set(one.subarray(0, words));
    else for (let w = 0; w < words; w++) into[w] = (into[w] as number) | (one[w] as number);
  }
  return into;
}

/** Whether one of the bits from `from` up to before `to` is set. */
export function hasAny(bits: Uint32Array, from: number, to: number): boolean {
  if (from >= to) return false;
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  const head = -1 << (from & 31);
  const tail = -1 >>> (31 - ((to - 1) & 31));
  if (first === last) return ((bits[first] as number) & head & tail) !== 0;
  if (((bits[first] as number) & head) !== 0 || ((bits[last] as number) & tail) !== 0) return true;
  for (let w = first + 1; w < last; w++) if (bits[w] !== 0) return true;
  return false;
}

export function has(bits: Uint32Array, at: number): boolean {
  return ((bits[at >>> 5] as number) & (1 << (at & 31))) !== 0;
}

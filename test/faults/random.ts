/** Random numbers that a seed makes the same again: a schedule that failed is found by its seed. */

export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number of both bounds and between. */
  whole(from: number, to: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return { next, whole, of: (choices) => choices[whole(0, choices.length - 1)] as (typeof choices)[0] };
}

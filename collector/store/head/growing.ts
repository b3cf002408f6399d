/** Numbers by row, for rows that become more. */

export class GrowingFloats {
  values: Float64Array;
  readonly #initial: number;

  constructor(initial: number, size = 16) {
    this.#initial = initial;
    this.values = new Float64Array(size).fill(initial);
  }

  /** Makes room for `rows`; what was not there has the initial number. */
  reserve(rows: number): void {
    if (rows <= this.values.length) return;
    const larger = new Float64Array(Math.max(rows, Math.ceil(this.values.length * 1.5))).fill(this.#initial);
    larger.set(this.values);
    this.values = larger;
  }
}

/** An array that is used again and again. */
export class Scratch {
  #array = new Float64Array(256);

  room(length: number): Float64Array {
    if (length > this.#array.length) this.#array = new Float64Array(length * 2);
    return this.#array;
  }
}

/** Memory for one row after another: arrays of the row's own length, which are the same for the next row if that is as long. */

/** By length. */
const absent = new Map<number, Float64Array>();
const MOST_LENGTHS = 64;

/** NaN so many times, mostly the same array for the same length: whoever gets that need not look at its numbers. Not to be written to. */
export function absentThroughout(length: number): Float64Array {
  let known = absent.get(length);
  if (known !== undefined) return known;
  if (absent.size >= MOST_LENGTHS) absent.clear();
  known = new Float64Array(length).fill(Number.NaN);
  absent.set(length, known);
  return known;
}

export class RowMemory {
  readonly #count: number;
  #all: Float64Array[] = [];
  timesMs: Float64Array = new Float64Array(0);
  arrays: Float64Array[];

  constructor(arrays: number) {
    this.#count = arrays;
    this.arrays = Array.from({ length: arrays }, () => this.timesMs);
  }

  /** Arrays of this length; what is in them is of before. */
  for(length: number): this {
    if (this.timesMs.length === length) return this;
    if ((this.#all[0]?.length ?? 0) < length) {
      const room = length + (length >> 1);
      this.#all = Array.from({ length: this.#count + 1 }, () => new Float64Array(room));
    }
    this.timesMs = (this.#all[this.#count] as Float64Array).subarray(0, length);
    this.arrays = this.#all.slice(0, this.#count).map((array) => array.subarray(0, length));
    return this;
  }
}

/** Counts by reason: what was dropped, what was evicted. Reasons are our own words, so the map stays small. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** A copy, the caller's to keep. */
  snapshot(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }

  /** The sum over all reasons. */
  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }
}

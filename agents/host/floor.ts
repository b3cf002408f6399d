/** Counters that the kernel lets fall back a little (idle and iowait time) held at their highest, so that nobody sees a reset. */

export class Floor<K> {
  readonly #tolerance: number;
  readonly #highest = new Map<K, number>();

  /** A fall by more than `tolerance` is believed: the counter did begin anew. Keys are a fixed few. */
  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** The value, or the one before if that was a little higher. */
  hold(key: K, value: number): number {
    const before = this.#highest.get(key);
    if (before !== undefined && value < before && before - value <= this.#tolerance) return before;
    if (!Number.isNaN(value)) this.#highest.set(key, value);
    return value;
  }
}

/**
 * What has been read of parts and made ready, up to a number of bytes, the least recently used going first. One for all parts, so that a store with
 * hundreds of them holds no more in memory than one with a few.
 */
export class BlockCache {
  readonly #maxBytes: number;
  /** In the order in which they were last used. */
  readonly #entries = new Map<string, { readonly value: unknown; readonly bytes: number }>();
  #bytes = 0;
  #owners = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A name for keys that nobody else has. */
  owner(): string {
    return `${++this.#owners}:`;
  }

  /** What is under the key; made, with its size, if it is not there. */
  get<T>(key: string, make: () => { value: T; bytes: number }): T {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found.value as T;
    }
    const made = make();
    this.#entries.set(key, made);
    this.#bytes += made.bytes;
    this.#shrink();
    return made.value;
  }

  /** Lets go of all that an owner has. */
  forget(owner: string): void {
    for (const [key, { bytes }] of this.#entries) {
      if (!key.startsWith(owner)) continue;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
  }

  #shrink(): void {
    for (const [key, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || this.#entries.size === 1) return;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
  }
}

/** For parts that are opened without one of their own. */
export const SHARED_CACHE = new BlockCache(32 * 1024 * 1024);

/**
 * What has been read of parts and made ready, up to a number of bytes; what has not been used for long goes first. One for all parts, so that a store with
 * hundreds of them holds no more in memory than one with a few.
 */
interface Entry {
  readonly value: unknown;
  readonly bytes: number;
  /** Since it was last looked at for being let go. */
  used: boolean;
}

/** Places in a file are below it, owners times it are exact as numbers. */
const OWNER = 2 ** 37;

export class BlockCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<number, Entry>();
  readonly #free: number[] = [];
  #bytes = 0;
  #owners = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A number that nobody else has, until it is given back. */
  owner(): number {
    return this.#free.pop() ?? this.#owners++;
  }

  /** What an owner has at a place; made, with its size, if it is not there. */
  get<T>(owner: number, at: number, make: () => { value: T; bytes: number }): T {
    const found = this.#entries.get(owner * OWNER + at);
    if (found !== undefined) {
      found.used = true;
      return found.value as T;
    }
    const { value, bytes } = make();
    this.#entries.set(owner * OWNER + at, { value, bytes, used: true });
    this.#bytes += bytes;
    this.#shrink();
    return value;
  }

  /** Lets go of all that an owner has, and of its number. */
  giveBack(owner: number): void {
    for (const [key, { bytes }] of this.#entries) {
      if (Math.floor(key / OWNER) !== owner) continue;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
    this.#free.push(owner);
  }

  /** From the oldest on; what was used since it was looked at last gets another round. */
  #shrink(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || this.#entries.size === 1) return;
      this.#entries.delete(key);
      if (entry.used) {
        entry.used = false;
        this.#entries.set(key, entry);
      } else this.#bytes -= entry.bytes;
    }
  }
}

/** For parts that are opened without one of their own. */
export const SHARED_CACHE = new BlockCache(32 * 1024 * 1024);

/**
 * Blocks of times that a part has already: the families of a container are read at the same moments, so that its tables have the same times in the same
 * order, and one block serves all of them; where all are read by a clock, it serves all slices as well, which tell times from their beginnings.
 */
import { createHash } from 'node:crypto';

interface Known {
  readonly at: number;
  readonly length: number;
}

/** `block`: what is to be written at `at`; undefined if it is there. */
export interface FoundTimes extends Known {
  readonly block: Uint8Array | undefined;
}

export interface Times {
  readonly rows: number;
  readonly payload: Uint8Array;
}

export class KnownTimes {
  /** By what is in them, and of how many rows it is. */
  readonly #blocks = new Map<string, Known>();

  /** `at`: where the block will be if it is not there yet. */
  find({ rows, payload }: Times, at: number, seal: (payload: Uint8Array) => Uint8Array): FoundTimes {
    const key = `${rows} ${createHash('sha256').update(payload).digest('base64')}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) return { ...known, block: undefined };
    const block = seal(payload);
    this.#blocks.set(key, { at, length: block.length });
    return { at, length: block.length, block };
  }
}

/**
 * Flat keyed files (`memory.stat`, `cpu.stat`, `memory.events`: a key, a space and a number on each line) read in one pass
 * over the bytes. The keys wanted are hashed once; each line costs a hash of its key and one comparison, and no string.
 */
import { numberAt } from './parse.ts';

const NEWLINE = 10;
const SPACE = 32;

/** A key of the file, the column it fills, and what to divide by to reach the column's unit (1 unless said). */
export type KeyColumn = readonly [key: string, column: number, per?: number];

export class FlatKeys {
  readonly #keys: readonly Uint8Array[];
  readonly #columns: readonly number[];
  readonly #per: readonly number[];
  /** Open addressing: a slot holds a key's number + 1, or 0. */
  readonly #slots: Uint16Array;
  readonly #mask: number;

  constructor(entries: readonly KeyColumn[]) {
    this.#keys = entries.map(([key]) => Buffer.from(key, 'latin1'));
    this.#columns = entries.map(([, column]) => column);
    this.#per = entries.map(([, , per]) => per ?? 1);
    let size = 8;
    while (size < entries.length * 4) size *= 2;
    this.#slots = new Uint16Array(size);
    this.#mask = size - 1;
    this.#keys.forEach((key, i) => {
      let slot = hashOf(key, 0, key.length) & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i + 1;
    });
  }

  /** Fills `cells` with the keys that the file has; columns of keys that it lacks are left as they are. */
  read(bytes: Uint8Array, cells: Float64Array): void {
    const length = bytes.length;
    for (let from = 0; from < length; ) {
      let hash = 0;
      let at = from;
      let byte = bytes[at] as number;
      while (at < length && byte !== SPACE && byte !== NEWLINE) {
        hash = (Math.imul(hash, 31) + byte) | 0;
        byte = bytes[++at] as number;
      }
      const keyEnd = at;
      while (at < length && bytes[at] !== NEWLINE) at++;
      if (keyEnd < at) {
        const key = this.#find(bytes, from, keyEnd, hash);
        if (key >= 0)
          cells[this.#columns[key] as number] = numberAt(bytes, keyEnd + 1, at) / (this.#per[key] as number);
      }
      from = at + 1;
    }
  }

  #find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const key = (this.#slots[slot] as number) - 1;
      if (key < 0 || sameBytes(this.#keys[key] as Uint8Array, bytes, from, to)) return key;
    }
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  return hash;
}

function sameBytes(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
}

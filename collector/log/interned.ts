/**
 * What segments define again, each anew, as the same objects: texts by number, label sets by those. For a reader that goes from one segment to the next: to
 * make the labels of thousands of rows again costs more than all of the numbers behind them. Holds what the last two segments had.
 */
import type { Labels } from '../../src/model/labels.ts';

export class Interned {
  readonly #texts = new TwoTurns<string, number>();
  /** By a hash of the numbers of their texts; of several with the same the last. */
  readonly #sets = new TwoTurns<number, Labels>();
  readonly #shown = new TwoTurns<Labels, Map<string, Labels>>();
  #lastNumber = 0;

  /** A segment begins. */
  turn(): void {
    for (const one of [this.#texts, this.#sets, this.#shown]) one.turn();
  }

  /** A text's number, the same as long as it is held. */
  numberOf(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, ++this.#lastNumber);
    return this.#lastNumber;
  }

  /** The set of these pairs, as they come: name, value, name, value …; made if it is not held. `numbers`: of the same texts. */
  labels(texts: readonly string[], numbers: readonly number[], make: () => Labels): Labels {
    let hash = 0;
    for (const number of numbers) hash = (Math.imul(hash, 31) + number) | 0;
    const known = this.#sets.get(hash);
    if (known !== undefined && isOf(known, texts)) return known;
    const made = make();
    this.#sets.set(hash, made);
    return made;
  }

  /** What is made of a set, by names of the caller's. */
  madeOf(own: Labels): Map<string, Labels> {
    const known = this.#shown.get(own);
    if (known !== undefined) return known;
    const made = new Map<string, Labels>();
    this.#shown.set(own, made);
    return made;
  }
}

function isOf({ names, values }: Labels, texts: readonly string[]): boolean {
  if (2 * names.length !== texts.length) return false;
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== texts[2 * i] || values[i] !== texts[2 * i + 1]) return false;
  }
  return true;
}

/** What was asked for or set since the turn before the last. */
class TwoTurns<K, V> {
  #now = new Map<K, V>();
  #before = new Map<K, V>();

  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  get(key: K): V | undefined {
    const now = this.#now.get(key);
    if (now !== undefined) return now;
    const before = this.#before.get(key);
    if (before !== undefined) this.#now.set(key, before);
    return before;
  }

  set(key: K, value: V): void {
    this.#now.set(key, value);
  }
}

/**
 * The labels of a part as they are read: pairs of name and value, numbered, and label sets, each the numbers of its pairs. Texts are made of bytes when
 * they are asked for; which sets have a pair is worked out when a matcher asks first.
 */
import { type Labels, sortedLabels } from '../../../../src/model/labels.ts';
import type { CompiledMatcher } from '../../../query/matching.ts';
import { ByteReader } from '../code/bytes.ts';

export class LabelIndex {
  readonly names: readonly string[];
  /** By name, the first of its pairs; and behind the last. */
  readonly pairsFrom: Uint32Array;
  readonly sets: number;
  /** By pair, the number of its name. */
  readonly nameOf: Uint32Array;
  readonly #values: (string | undefined)[];
  readonly #bytes: Buffer;
  readonly #valueAt: Uint32Array;
  readonly #valueEnd: Uint32Array;
  readonly #setFrom: Uint32Array;
  readonly #setPairs: Uint32Array;
  #holders: { readonly from: Uint32Array; readonly sets: Uint32Array } | undefined;
  #lastNames: readonly string[] = [];

  constructor(pairs: Buffer, sets: Buffer) {
    const read = readPairs(pairs);
    this.#bytes = pairs;
    this.names = read.names;
    this.pairsFrom = read.pairsFrom;
    this.#valueAt = read.valueAt;
    this.#valueEnd = read.valueEnd;
    this.#values = new Array(read.valueAt.length);
    this.nameOf = new Uint32Array(read.valueAt.length);
    for (let n = 0; n < this.names.length; n++) {
      this.nameOf.fill(n, this.pairsFrom[n] as number, this.pairsFrom[n + 1] as number);
    }
    const { from, of } = readSets(sets, read.valueAt.length);
    this.#setFrom = from;
    this.#setPairs = of;
    this.sets = from.length - 1;
  }

  /** What it takes in memory once its texts have been made, roughly. */
  get size(): number {
    return this.#bytes.length * 3 + this.#valueAt.length * 28 + this.#setPairs.length * 8 + this.#setFrom.length * 4;
  }

  value(pair: number): string {
    const known = this.#values[pair];
    if (known !== undefined) return known;
    const value = this.#bytes.toString('utf8', this.#valueAt[pair] as number, this.#valueEnd[pair] as number);
    this.#values[pair] = value;
    return value;
  }

  /** Of the value's text. */
  valueBytes(pair: number): number {
    return (this.#valueEnd[pair] as number) - (this.#valueAt[pair] as number);
  }

  /** Where in the names; -1: no row has it. */
  nameNumber(name: string): number {
    return this.names.indexOf(name);
  }

  /** The pairs of a set. */
  pairsOf(set: number): Uint32Array {
    return this.#setPairs.subarray(this.#setFrom[set] as number, this.#setFrom[set + 1] as number);
  }

  labels(set: number): Labels {
    const pairs = this.pairsOf(set);
    const names = this.namesOf(pairs);
    return sortedLabels(
      names,
      names.map((_, i) => this.value(pairs[i] as number)),
    );
  }

  /** The names of pairs. The same array for one set after another, as long as the names are. */
  namesOf(pairs: Uint32Array): readonly string[] {
    const last = this.#lastNames;
    let same = last.length === pairs.length;
    for (let i = 0; same && i < pairs.length; i++)
      same = last[i] === this.names[this.nameOf[pairs[i] as number] as number];
    if (!same) this.#lastNames = Array.from(pairs, (pair) => this.names[this.nameOf[pair] as number] as string);
    return this.#lastNames;
  }

  /** By set, 1 where the matcher matches. */
  matching(matcher: CompiledMatcher): Uint8Array {
    const mask = new Uint8Array(this.sets);
    const name = this.nameNumber(matcher.name);
    if (matcher.matchesEmpty) {
      mask.fill(1);
      if (name >= 0)
        this.#mark(
          mask,
          this.#pairs(name, (value) => !matcher.test(value)),
          0,
        );
    } else if (name >= 0) this.#mark(mask, this.#found(name, matcher), 1);
    return mask;
  }

  #mark(mask: Uint8Array, pairs: Iterable<number>, as: number): void {
    const { from, sets } = this.#whoHas();
    for (const pair of pairs) {
      for (let i = from[pair] as number; i < (from[pair + 1] as number); i++) mask[sets[i] as number] = as;
    }
  }

  *#pairs(name: number, test: (value: string) => boolean): Generator<number> {
    for (let pair = this.pairsFrom[name] as number; pair < (this.pairsFrom[name + 1] as number); pair++) {
      if (test(this.value(pair))) yield pair;
    }
  }

  #found(name: number, { texts, test }: CompiledMatcher): Iterable<number> {
    if (texts === undefined) return this.#pairs(name, test);
    return [...texts].map((text) => this.#pair(name, text)).filter((pair) => pair >= 0);
  }

  /** The values of a name are sorted. */
  #pair(name: number, value: string): number {
    let low = this.pairsFrom[name] as number;
    let high = this.pairsFrom[name + 1] as number;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.value(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low < (this.pairsFrom[name + 1] as number) && this.value(low) === value ? low : -1;
  }

  /** By pair, the sets that have it. */
  #whoHas(): { readonly from: Uint32Array; readonly sets: Uint32Array } {
    if (this.#holders !== undefined) return this.#holders;
    const from = new Uint32Array(this.#valueAt.length + 1);
    for (const pair of this.#setPairs) from[pair + 1] = (from[pair + 1] as number) + 1;
    for (let pair = 0; pair < this.#valueAt.length; pair++) {
      from[pair + 1] = (from[pair + 1] as number) + (from[pair] as number);
    }
    const next = from.slice();
    const sets = new Uint32Array(this.#setPairs.length);
    for (let set = 0; set < this.sets; set++) {
      for (const pair of this.pairsOf(set)) {
        sets[next[pair] as number] = set;
        next[pair] = (next[pair] as number) + 1;
      }
    }
    this.#holders = { from, sets };
    return this.#holders;
  }
}

function readPairs(bytes: Buffer) {
  const reader = new ByteReader(bytes);
  const count = reader.count();
  const names: string[] = [];
  const pairsFrom = new Uint32Array(count + 1);
  const valueAt: number[] = [];
  const valueEnd: number[] = [];
  for (let n = 0; n < count; n++) {
    names.push(reader.text());
    const lengths = Array.from({ length: reader.count() }, () => reader.varint());
    for (const length of lengths) {
      valueAt.push(reader.at);
      reader.take(length);
      valueEnd.push(reader.at);
    }
    pairsFrom[n + 1] = valueAt.length;
  }
  return { names, pairsFrom, valueAt: Uint32Array.from(valueAt), valueEnd: Uint32Array.from(valueEnd) };
}

function readSets(bytes: Buffer, pairs: number): { from: Uint32Array; of: Uint32Array } {
  const reader = new ByteReader(bytes);
  const from = new Uint32Array(reader.count() + 1);
  const of: number[] = [];
  for (let set = 0; set < from.length - 1; set++) {
    let pair = 0;
    for (let left = reader.count(); left > 0; left--) {
      pair += reader.varint();
      if (pair >= pairs) throw new Error(`the pair ${pair} of ${pairs}`);
      of.push(pair);
    }
    from[set + 1] = of.length;
  }
  return { from, of: Uint32Array.from(of) };
}

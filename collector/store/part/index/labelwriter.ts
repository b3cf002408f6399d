/**
 * Label sets on their way into a part's index: each set once, each pair of name and value once. Sets have the number in which they came; pairs are
 * numbered by name, then value, at the end.
 */
import type { Labels } from '../../../../src/model/labels.ts';
import { ByteWriter } from '../code/bytes.ts';

export class LabelWriter {
  readonly #sets = new Map<string, number>();
  /** By set, the pairs by the number in which they came. */
  readonly #pairsOf: Uint32Array[] = [];
  readonly #names = new Map<string, Map<string, number>>();
  #pairs = 0;

  /** The set's number. */
  set(labels: Labels): number {
    const known = this.#sets.get(labels.key);
    if (known !== undefined) return known;
    const pairs = Uint32Array.from(labels.names, (name, i) => this.#pair(name, labels.values[i] as string));
    this.#pairsOf.push(pairs);
    this.#sets.set(labels.key, this.#pairsOf.length - 1);
    return this.#pairsOf.length - 1;
  }

  #pair(name: string, value: string): number {
    const values = this.#names.get(name) ?? new Map<string, number>();
    const known = values.get(value);
    if (known !== undefined) return known;
    if (values.size === 0) this.#names.set(name, values);
    values.set(value, this.#pairs);
    return this.#pairs++;
  }

  /** The pairs: names, each with its values; and the sets: each the numbers of its pairs. */
  finish(): { pairs: Buffer; sets: Buffer } {
    const numbers = new Uint32Array(this.#pairs);
    let next = 0;
    const pairs = new ByteWriter(4096);
    pairs.varint(this.#names.size);
    for (const name of [...this.#names.keys()].sort(byCodeUnit)) {
      const values = this.#names.get(name) as Map<string, number>;
      const sorted = [...values.keys()].sort(byCodeUnit);
      pairs.text(name);
      pairs.varint(sorted.length);
      for (const value of sorted) numbers[values.get(value) as number] = next++;
      const encoded = sorted.map((value) => Buffer.from(value));
      for (const bytes of encoded) pairs.varint(bytes.length);
      for (const bytes of encoded) pairs.append(bytes);
    }
    return { pairs: pairs.view(), sets: setsPayload(this.#pairsOf, numbers) };
  }
}

function setsPayload(pairsOf: readonly Uint32Array[], numbers: Uint32Array): Buffer {
  const out = new ByteWriter(4096);
  out.varint(pairsOf.length);
  for (const pairs of pairsOf) {
    out.varint(pairs.length);
    let before = 0;
    for (const pair of pairs) {
      // Names ascend within a set, and pairs are numbered by name.
      out.varint((numbers[pair] as number) - before);
      before = numbers[pair] as number;
    }
  }
  return out.view();
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

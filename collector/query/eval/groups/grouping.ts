/** Which group of an aggregation a series belongs to, and what labels the group has. */
import type { Labels } from '../../../../src/model/labels.ts';
import { NO_LABELS } from '../../../../src/model/labels.ts';
import type { Aggregate } from '../../parse/ast.ts';
import { keyOf, keyWithout, NAME, onlyLabels, withoutLabels } from '../labels.ts';

export class Groups<T> {
  readonly #byKey = new Map<string, { readonly labels: Labels; readonly group: T }>();
  readonly #names: readonly string[];
  readonly #set: ReadonlySet<string>;
  readonly #without: boolean;

  constructor({ labels, without }: Aggregate) {
    this.#names = [...new Set(labels)].sort();
    this.#set = new Set(without ? [...labels, NAME] : labels);
    this.#without = without;
  }

  /** The group of a series; `make` one if it is the first. */
  of(labels: Labels, make: (labels: Labels) => T): T {
    const key = this.#without ? keyWithout(labels, this.#set) : keyOf(labels, this.#names);
    const known = this.#byKey.get(key);
    if (known) return known.group;
    const own = this.#labels(labels);
    const group = make(own);
    this.#byKey.set(key, { labels: own, group });
    return group;
  }

  #labels(labels: Labels): Labels {
    if (this.#without) return withoutLabels(labels, this.#set);
    return this.#names.length === 0 ? NO_LABELS : onlyLabels(labels, this.#set);
  }

  get all(): Iterable<{ readonly labels: Labels; readonly group: T }> {
    return this.#byKey.values();
  }
}

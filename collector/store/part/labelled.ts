/** A column's series of a row: the row's labels with those that the column fixes and its metric's name. */
import { type Labels, labels, mergeLabels, sortedLabels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { LabelIndex } from './index/labelindex.ts';

export const NAME = '__name__';

const fixed = new WeakMap<Column, ReadonlyMap<string, string>>();

/** What all series of a column have, by name; the column's word goes before the row's. */
export function fixedLabels(column: Column): ReadonlyMap<string, string> {
  let known = fixed.get(column);
  if (known === undefined) {
    known = new Map([...column.labels, [NAME, column.metric] as const]);
    fixed.set(column, known);
  }
  return known;
}

/** Where each label is from: a pair of the row (0 and up), or one that is fixed (-1 and down). */
interface Plan {
  readonly of: readonly string[];
  readonly names: readonly string[];
  readonly from: readonly number[];
}

/** Makes labels for one column, row after row: most rows have the same names. */
export class SeriesLabels {
  readonly #index: () => LabelIndex;
  readonly #fixed: readonly (readonly [string, string])[];
  #plan: Plan | undefined;

  constructor(index: () => LabelIndex, column: Column) {
    this.#index = index;
    this.#fixed = [...fixedLabels(column)];
  }

  labels(set: number): Labels {
    const index = this.#index();
    const pairs = index.pairsOf(set);
    const of = index.namesOf(pairs);
    if (this.#plan?.of !== of) this.#plan = planFor(of, this.#fixed);
    const { names, from } = this.#plan;
    const values = from.map((at) =>
      at >= 0 ? index.value(pairs[at] as number) : ((this.#fixed[-1 - at] as readonly [string, string])[1] as string),
    );
    return sortedLabels(names, values);
  }
}

function planFor(of: readonly string[], fixed: readonly (readonly [string, string])[]): Plan {
  const from = new Map(of.map((name, at) => [name, at]));
  for (const [at, [name]] of fixed.entries()) from.set(name, -1 - at);
  const names = [...from.keys()].sort((a, b) => (a < b ? -1 : 1));
  return { of, names, from: names.map((name) => from.get(name) as number) };
}

/** The labels of one series, from its row's. */
export function withFixed(row: Labels, column: Column): Labels {
  return mergeLabels(labels(fixedLabels(column)), row);
}

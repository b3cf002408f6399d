/** Label sets made by a query: of others, with less, more or other labels. Their key is made when it is asked for, which most are never. */
import type { Labels } from '../../../src/model/labels.ts';
import { labelKey, NO_LABELS } from '../../../src/model/labels.ts';

export const NAME = '__name__';

class LabelSet implements Labels {
  readonly names: readonly string[];
  readonly values: readonly string[];
  #key: string | undefined;

  constructor(names: readonly string[], values: readonly string[]) {
    this.names = names;
    this.values = values;
  }

  get key(): string {
    this.#key ??= labelKey(this.names, this.values);
    return this.#key;
  }
}

export function labelOf(set: Labels, name: string): string {
  const at = set.names.indexOf(name);
  return at < 0 ? '' : (set.values[at] as string);
}

/** Of names that series share, what is left without the metric's: one look for all of them. */
const nameless = new WeakMap<readonly string[], { readonly at: number; readonly names: readonly string[] }>();

function withoutName(names: readonly string[]): { readonly at: number; readonly names: readonly string[] } {
  let known = nameless.get(names);
  if (known === undefined) {
    const at = names.indexOf(NAME);
    known = { at, names: at < 0 ? names : names.filter((_, i) => i !== at) };
    nameless.set(names, known);
  }
  return known;
}

export function dropName(set: Labels): Labels {
  const { at, names } = withoutName(set.names);
  if (at < 0) return set;
  if (names.length === 0) return NO_LABELS;
  const values = new Array<string>(names.length);
  for (let i = 0; i < names.length; i++) values[i] = set.values[i < at ? i : i + 1] as string;
  return new LabelSet(names, values);
}

export function onlyLabels(set: Labels, wanted: ReadonlySet<string>): Labels {
  return filtered(set, (name) => wanted.has(name));
}

export function withoutLabels(set: Labels, unwanted: ReadonlySet<string>): Labels {
  return filtered(set, (name) => !unwanted.has(name));
}

function filtered(set: Labels, keep: (name: string) => boolean): Labels {
  const names: string[] = [];
  const values: string[] = [];
  set.names.forEach((name, i) => {
    if (!keep(name)) return;
    names.push(name);
    values.push(set.values[i] as string);
  });
  return names.length === set.names.length ? set : new LabelSet(names, values);
}

/** With one label of another value; empty: without it. */
export function withLabel(set: Labels, name: string, value: string): Labels {
  if (labelOf(set, name) === value) return set;
  const names: string[] = [];
  const values: string[] = [];
  let done = value === '';
  const put = (): void => {
    names.push(name);
    values.push(value);
    done = true;
  };
  set.names.forEach((one, i) => {
    if (!done && one > name) put();
    if (one === name) {
      if (!done) put();
      return;
    }
    names.push(one);
    values.push(set.values[i] as string);
  });
  if (!done) put();
  return new LabelSet(names, values);
}

/** Tells apart what differs in these labels; a missing one is the empty text. Cheap for one label. */
export function keyOf(set: Labels, names: readonly string[]): string {
  if (names.length === 0) return '';
  if (names.length === 1) return labelOf(set, names[0] as string);
  let key = '';
  for (const name of names) {
    const value = labelOf(set, name);
    key += `${value.length}:${value}`;
  }
  return key;
}

/** Tells apart what differs in any label but these. */
export function keyWithout(set: Labels, unwanted: ReadonlySet<string>): string {
  let key = '';
  for (let i = 0; i < set.names.length; i++) {
    const name = set.names[i] as string;
    if (unwanted.has(name)) continue;
    const value = set.values[i] as string;
    key += `${name.length}:${name}${value.length}:${value}`;
  }
  return key;
}

/** In the order in which Prometheus sorts label sets: name by name, value by value, the shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.names.length, b.names.length);
  for (let i = 0; i < length; i++) {
    const [an, bn] = [a.names[i] as string, b.names[i] as string];
    if (an !== bn) return an < bn ? -1 : 1;
    const [av, bv] = [a.values[i] as string, b.values[i] as string];
    if (av !== bv) return av < bv ? -1 : 1;
  }
  return a.names.length - b.names.length;
}

/** `{a="b", c="d"}` with the name before it, for messages. */
export function showLabels(set: Labels): string {
  const pairs = set.names
    .map((name, i) => `${name}=${JSON.stringify(set.values[i])}`)
    .filter((pair) => !pair.startsWith(`${NAME}=`));
  const name = labelOf(set, NAME);
  return name !== '' && pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}

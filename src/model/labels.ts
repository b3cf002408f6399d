/**
 * Label sets: what tells one series from another. Comes in as pairs from anywhere (a container's labels, the wire),
 * goes out sorted, unique, without empty values, and with an injective key. Nothing here is an object indexed by
 * foreign text, so a label called `__proto__` is only a label.
 */

/** A sorted label set. `names[i]` belongs to `values[i]`; names are unique and ascending, values never empty. */
export interface Labels {
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** Injective: two label sets have the same key exactly when they are equal. */
  readonly key: string;
}

export type LabelPair = readonly [name: string, value: string];

/** No labels at all. */
export const NO_LABELS: Labels = Object.freeze({ names: [], values: [], key: '' });

/**
 * Builds a label set. Pairs with an empty value are left out (Prometheus treats them as absent, Influx forbids them).
 * When a name comes twice the first one wins, so that a container's label can never replace one of ours given before it.
 * Lone surrogates, which neither UTF-8 nor Prometheus can carry, become U+FFFD.
 */
export function labels(pairs: Iterable<LabelPair>): Labels {
  const seen = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (value !== '' && !seen.has(name)) seen.set(name, value.isWellFormed() ? value : value.toWellFormed());
  }
  if (seen.size === 0) return NO_LABELS;
  const names = [...seen.keys()].sort(byCodeUnit);
  const values = names.map((name) => seen.get(name) as string);
  return { names, values, key: labelKey(names, values) };
}

/** A label set of names that are sorted already and come once each, none of the values empty. */
export function sortedLabels(names: readonly string[], values: readonly string[]): Labels {
  return names.length === 0 ? NO_LABELS : { names, values, key: labelKey(names, values) };
}

/** Both sets as one; where both have a name, `first` wins. */
export function mergeLabels(first: Labels, second: Labels): Labels {
  if (second.names.length === 0) return first;
  if (first.names.length === 0) return second;
  return labels([...pairsOf(first), ...pairsOf(second)]);
}

/** The value of one label, or undefined. */
export function labelValue(set: Labels, name: string): string | undefined {
  const at = set.names.indexOf(name);
  return at < 0 ? undefined : set.values[at];
}

/** The pairs in order. */
export function* pairsOf(set: Labels): Generator<LabelPair> {
  for (let i = 0; i < set.names.length; i++) yield [set.names[i] as string, set.values[i] as string];
}

/** Length-prefixed, so that no choice of separators inside a value can make two sets look the same. */
export function labelKey(names: readonly string[], values: readonly string[]): string {
  // Joined, not added up piece by piece: the engine would keep every piece for as long as the key lives.
  const parts: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = values[i] as string;
    parts.push(`${name.length}:`, name, `${value.length}:`, value);
  }
  return parts.join('');
}

const NOT_LABEL_CHARACTER = /[^a-zA-Z0-9_]/g;

/** A foreign key made into a legal Prometheus label name after a prefix: `com.docker.x` -> `<prefix>com_docker_x`. */
export function labelName(prefix: string, foreign: string): string {
  return prefix + foreign.replace(NOT_LABEL_CHARACTER, '_');
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Labels of somebody's series, checked: a metric's name, every name once, none empty, neither too many nor too long. What comes out is sorted
 * and has no empty values, as everywhere.
 */
import { type LabelPair, labels, labelValue } from '../../src/model/labels.ts';
import type { HashedLabels } from './labelcache.ts';
import type { LabelLimits, Parsed } from './parsed.ts';
import { excerpt } from './parsed.ts';

export type Checked = { readonly labels: HashedLabels } | { readonly reason: string; readonly problem: string };

/** `all`: how many labels there were, where not all of them are in `pairs`. */
export function checkedLabels(pairs: readonly LabelPair[], limits: LabelLimits, all = pairs.length): Checked {
  if (limits.cache === undefined || all > limits.maxLabels) return check(pairs, limits, all);
  let key = 'p';
  // With their lengths, so that no two sets have one key.
  for (const [name, value] of pairs) key += `${name.length},${value.length}:${name}${value}`;
  return remembered(key, limits, () => check(pairs, limits, all));
}

/** What is known of what was written so, else what `make` makes of it. */
export function remembered(key: string, { cache }: LabelLimits, make: () => Checked): Checked {
  const known = cache?.get(key);
  if (known !== undefined) return { labels: known };
  const made = make();
  if ('labels' in made) cache?.put(key, made.labels);
  return made;
}

function check(pairs: readonly LabelPair[], { maxLabels, maxLabelBytes }: LabelLimits, all: number): Checked {
  const metric = excerpt(pairs.find(([name]) => name === '__name__')?.[1] ?? '', 80);
  if (all > maxLabels) return tooMuch(`${metric} has ${all} labels; legal: at most ${maxLabels}`);
  const names = new Set<string>();
  for (const [name, value] of pairs) {
    if (name === '') return bad(`a label of ${metric} has no name`);
    if (names.has(name)) return bad(`${metric} has the label ${excerpt(name, 80)} twice`);
    names.add(name);
    const bytes = Math.max(bytesOf(name, maxLabelBytes), bytesOf(value, maxLabelBytes));
    if (bytes > maxLabelBytes)
      return tooMuch(`the label ${excerpt(name, 80)} of ${metric} has ${bytes} bytes; legal: at most ${maxLabelBytes}`);
  }
  const set = labels(pairs);
  if (labelValue(set, '__name__') === undefined)
    return bad(`a series has no name: ${excerpt(set.names.map((name, i) => `${name}="${set.values[i]}"`).join(','))}`);
  return { labels: { ...set, hash: hashOf(set.key) } };
}

/** What a reader says of samples whose labels cannot be taken. */
export function refusedSamples(
  { reason, problem }: Exclude<Checked, { labels: HashedLabels }>,
  samples: number,
): Parsed {
  return { kind: 'dropped', reason, samples, problem };
}

function bad(problem: string): Checked {
  return { reason: 'bad_labels', problem };
}

function tooMuch(problem: string): Checked {
  return { reason: 'label_limits', problem };
}

/** At most three bytes a code unit: only what may be too long is measured. */
function bytesOf(text: string, most: number): number {
  return 3 * text.length <= most ? text.length : Buffer.byteLength(text);
}

/** 53 bits of the text; two texts of a million share one in a run of some ten thousand, and then one more series is let in. */
function hashOf(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 15;
  }
  return (a >>> 0) * 0x200000 + (b >>> 11);
}

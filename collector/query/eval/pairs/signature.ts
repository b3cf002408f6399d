/** What two series must have in common to be paired by an operator: some of their labels, or all but some. The name never counts, unless it is asked for. */
import type { Labels } from '../../../../src/model/labels.ts';
import type { Matching } from '../../parse/ast.ts';
import { keyOf, keyWithout, NAME, onlyLabels, withoutLabels } from '../labels.ts';

export interface Signature {
  key(labels: Labels): string;
  /** The labels that count, for messages. */
  group(labels: Labels): Labels;
}

export function signatureOf({ on, labels: names }: Matching): Signature {
  if (on) {
    const wanted = [...new Set(names)].sort();
    const set = new Set(wanted);
    return { key: (labels) => keyOf(labels, wanted), group: (labels) => onlyLabels(labels, set) };
  }
  const unwanted = new Set([...names, NAME]);
  return { key: (labels) => keyWithout(labels, unwanted), group: (labels) => withoutLabels(labels, unwanted) };
}

/** A row's labels as they are written: legal names, with the labels of the whole sink. Made once in the row's life. */
import { legalName } from '../../../src/exposition/sheet.ts';
import { type LabelPair, type Labels, labels, pairsOf } from '../../../src/model/labels.ts';
import type { Row } from '../../../src/model/table.ts';

/** Labels with room for their bytes, which whoever encodes them makes. */
export interface RowLabels extends Labels {
  encoded: EncodedLabels | undefined;
}

/** The labels as the protocol has them, one after another. */
export interface EncodedLabels {
  readonly bytes: Buffer;
  /** Where each label ends. */
  readonly ends: readonly number[];
  /** Those before the metric's name and those after it. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

export interface RowLabelTexts {
  of(row: Row): RowLabels;
  /** The same without those that a column fixes: rare, and not kept. */
  without(row: Row, names: readonly string[]): RowLabels;
}

/** `external`: labels of every series that has none of that name. */
export function createRowLabels(external: Readonly<Record<string, string>>): RowLabelTexts {
  const kept = new WeakMap<Row, RowLabels>();
  const further = Object.entries(external);
  return {
    of(row) {
      let made = kept.get(row);
      if (!made) {
        made = legal(row, further, []);
        kept.set(row, made);
      }
      return made;
    },
    without: (row, names) => legal(row, further, names),
  };
}

function legal(row: Row, external: readonly LabelPair[], except: readonly string[]): RowLabels {
  const { labels: own } = row;
  const asTheyAre = external.length === 0 && except.length === 0 && own.names.every((name) => legalName(name) === name);
  if (asTheyAre) return { ...own, encoded: undefined };
  const pairs: LabelPair[] = [];
  for (const [name, value] of pairsOf(own)) pairs.push([legalName(name), value]);
  const all = [...pairs, ...external].filter(([name]) => !except.includes(name));
  return { ...labels(all), encoded: undefined };
}

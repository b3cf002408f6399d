/** Label names, values and sets of a part's series, from the index alone. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { LabelIndex } from './index/labelindex.ts';
import { fixedLabels, SeriesLabels } from './labelled.ts';
import { type ColumnMatch, rowsOf, type Selector } from './select.ts';
import type { TableReader } from './table.ts';

export interface Indexed {
  readonly tables: readonly TableReader[];
  readonly index: LabelIndex;
}

/** The label sets of the rows that a column's series have. */
function* setsOf(table: TableReader, match: ColumnMatch): Generator<number> {
  for (const group of table.groups()) for (const row of rowsOf(group, match)) yield group.sets[row] as number;
}

function* matches({ tables }: Indexed, selector: Selector): Generator<[TableReader, ColumnMatch]> {
  for (const table of tables) for (const match of selector.columns(table)) yield [table, match];
}

export function labelNames(of: Indexed, selector: Selector): Set<string> {
  const found = new Set<string>();
  const seen = new Uint8Array(of.index.sets);
  for (const [table, match] of matches(of, selector)) {
    const fixed = fixedLabels(table.columns[match.column] as Column);
    let any = false;
    for (const set of setsOf(table, match)) {
      any = true;
      if (seen[set] === 1) continue;
      seen[set] = 1;
      for (const name of of.index.namesOf(of.index.pairsOf(set))) found.add(name);
    }
    if (any) for (const name of fixed.keys()) found.add(name);
  }
  return found;
}

export function labelValues(of: Indexed, name: string, selector: Selector): Set<string> {
  const found = new Set<string>();
  const number = of.index.nameNumber(name);
  const seen = new Uint8Array(of.index.sets);
  for (const [table, match] of matches(of, selector)) {
    const fixed = fixedLabels(table.columns[match.column] as Column).get(name);
    for (const set of setsOf(table, match)) {
      if (fixed !== undefined) {
        found.add(fixed);
        break;
      }
      if (number < 0) break;
      if (seen[set] === 1) continue;
      seen[set] = 1;
      for (const pair of of.index.pairsOf(set)) if (of.index.nameOf[pair] === number) found.add(of.index.value(pair));
    }
  }
  return found;
}

/** Of every series once. */
export function* labelSets(of: Indexed, selector: Selector, inSeveral: ReadonlySet<string>): Generator<Labels> {
  const seen = new Set<string>();
  for (const [table, match] of matches(of, selector)) {
    const column = table.columns[match.column] as Column;
    const labelled = new SeriesLabels(() => of.index, column);
    const mayRepeat = inSeveral.has(column.metric);
    for (const set of setsOf(table, match)) {
      const labels = labelled.labels(set);
      if (mayRepeat && seen.has(labels.key)) continue;
      if (mayRepeat) seen.add(labels.key);
      yield labels;
    }
  }
}

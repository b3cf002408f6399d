/** Reads all of a part and says in words what is wrong with it: a sentence for each block that cannot be read. */
import { PartDamage } from './damage.ts';
import type { LabelIndex } from './index/labelindex.ts';
import type { OnDamage } from './rows.ts';
import { tableRows } from './rows.ts';
import type { TableReader } from './table.ts';

export function checkPart(part: { readonly tableReaders: readonly TableReader[]; index(): LabelIndex }): string[] {
  const wrong = new Set<string>();
  const note: OnDamage = (damage) => wrong.add(damage.message);
  const index = orNoted(note, () => part.index());
  if (index === undefined) return [...wrong];
  for (const table of part.tableReaders) {
    orNoted(note, () => {
      for (const group of table.groups()) {
        const set = group.sets.find((number) => number >= index.sets);
        if (set !== undefined) wrong.add(`${table.name}: a row of the label set ${set}, and there are ${index.sets}`);
      }
      let rows = 0;
      for (const _ of tableRows(table, index, { onDamage: note })) rows++;
      if (wrong.size === 0 && rows !== table.entry.rows)
        wrong.add(`${table.name}: ${rows} rows of ${table.entry.rows}`);
    });
  }
  return [...wrong];
}

function orNoted<T>(note: (damage: PartDamage) => void, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PartDamage)) throw error;
    note(error);
    return undefined;
  }
}

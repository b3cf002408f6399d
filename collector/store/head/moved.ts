/**
 * Rows that have moved to another table: a family has a table for each set of columns that agents of different versions send, and a node whose agent is of
 * another version now is in another of them. Its rows have not left: only the columns that the other table has not got end.
 */
import type { LevelTable } from '../../../src/model/batch.ts';
import type { HeadTable } from './table.ts';

/** What one table knows of rows of its that are in others. */
export class Moved {
  /** By row: when its numbers end here. */
  #since = new Map<string, number>();

  has(key: string): boolean {
    return this.#since.has(key);
  }

  /** The window's table for `table`: with rows of its that `others` have, which end just before they are there. */
  with(table: HeadTable, own: LevelTable | undefined, others: readonly LevelTable[]): LevelTable | undefined {
    const rows: LevelTable['rows'][number][] = [];
    const times: number[] = [];
    const since = new Map<string, number>();
    for (const other of others) {
      for (const [place, row] of other.rows.entries()) {
        const known = table.lastOf(row.labels);
        if (known === undefined) continue;
        const endMs = this.#since.get(known.key) ?? Math.max(known.lastMs, (other.timesMs[place] as number) - 1);
        since.set(known.key, endMs);
        rows.push(row);
        times.push(endMs);
      }
    }
    this.#since = since;
    return rows.length === 0 ? own : widened(table, own, { rows, times });
  }
}

function widened(
  { level, measurement, columns }: HeadTable,
  own: LevelTable | undefined,
  { rows, times }: { readonly rows: LevelTable['rows']; readonly times: readonly number[] },
): LevelTable {
  const n = own?.rows.length ?? 0;
  const all = n + rows.length;
  const values = new Float64Array(columns.length * all).fill(Number.NaN);
  for (let c = 0; own !== undefined && c < columns.length; c++)
    values.set(own.values.subarray(c * n, (c + 1) * n), c * all);
  return {
    level,
    shape: own?.shape ?? { measurement, columns },
    // One that is in both is here: of a row that comes twice the first counts.
    rows: [...(own?.rows ?? []), ...rows],
    timesMs: Float64Array.from([...(own?.timesMs ?? []), ...times]),
    values,
  };
}

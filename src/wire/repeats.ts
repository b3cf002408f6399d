/**
 * A table in which a row is twice, as the collector takes it: each row once, with its last reading. No source makes such tables on purpose;
 * a mistake in one of them must not cost its node every batch.
 */
import type { FamilyTable } from '../model/batch.ts';
import type { RowRef } from './refs.ts';

export function withoutRepeats(
  table: FamilyTable,
  refs: readonly RowRef[],
): { readonly table: FamilyTable; readonly rows: readonly RowRef[] } {
  const last = new Map(refs.map((ref, r) => [ref, r]));
  const stay = [...last.values()].sort((a, b) => a - b);
  const { shape, rows, timesMs, values } = table;
  const kept = new Float64Array(stay.length * shape.columns.length);
  for (let c = 0; c < shape.columns.length; c++) {
    stay.forEach((r, i) => {
      kept[c * stay.length + i] = values[c * rows.length + r] as number;
    });
  }
  return {
    table: {
      shape,
      rows: stay.map((r) => rows[r] as FamilyTable['rows'][number]),
      timesMs: Float64Array.from(stay, (r) => timesMs[r] as number),
      values: kept,
    },
    rows: stay.map((r) => refs[r] as RowRef),
  };
}

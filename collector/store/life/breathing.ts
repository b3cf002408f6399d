/** Tables that let other work run between their rows: whoever goes through them need not know. */
import type { RowChunk, TableChunk } from '../types.ts';

/** Rows between two looks: a millisecond or two. */
const ROWS = 16;

export function* breathing(tables: Iterable<TableChunk>, breathe: () => void): Generator<TableChunk> {
  for (const table of tables) yield { ...table, rows: slowly(table.rows, breathe) };
}

function* slowly(rows: Iterable<RowChunk>, breathe: () => void): Generator<RowChunk> {
  let count = 0;
  for (const row of rows) {
    if (++count % ROWS === 0) breathe();
    yield row;
  }
}

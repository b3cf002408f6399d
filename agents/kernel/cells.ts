/** Fills table rows by the short keys of the catalogue. */
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Family } from '../../src/model/family.ts';
import type { EntityRow } from '../../src/model/table.ts';

/** Numbers by column; what is missing or NaN is absent. */
export type Cells<K extends string> = { readonly [key in K]?: number };

export type FamilyBuilder<K extends string> = TableBuilder<Family<K>, EntityRow>;

/** Whose numbers, and when they were read. */
export interface Reading {
  readonly row: EntityRow;
  /** Unix milliseconds. */
  readonly timeMs: number;
}

export function builderOf<K extends string>(family: Family<K>): FamilyBuilder<K> {
  return new TableBuilder<Family<K>, EntityRow>(family);
}

export function addCells<K extends string>(builder: FamilyBuilder<K>, { row, timeMs }: Reading, cells: Cells<K>): void {
  builder.add(row, timeMs);
  for (const key in cells) builder.set(builder.shape.at[key], cells[key] ?? Number.NaN);
}

/** A table of one row. */
export function tableOf<K extends string>(family: Family<K>, reading: Reading, cells: Cells<K>): FamilyTable {
  const builder = builderOf(family);
  addCells(builder, reading, cells);
  return builder.build();
}

/** What a window has: which row, of which shape, has which number. Rows are found by their labels, so that one made anew is the one it was. */
import type { Shape } from '../../../src/model/shape.ts';
import type { Table } from '../../../src/model/table.ts';
import type { RowLabelTexts } from './rowlabels.ts';

export interface Presence {
  /** Whether the window has this number of a row and column of a table of another window. */
  has(table: Table, row: number, column: number): boolean;
  /** Whether no two rows of the shape have the same labels, nor a row a label that a column fixes. */
  plain(shape: Shape): boolean;
}

interface Place {
  readonly table: Table;
  readonly row: number;
}

interface Rows {
  readonly places: Map<string, Place>;
  plain: boolean;
}

/** After so many rows other work may run. */
const ROWS_PER_BREATH = 1000;

export function* presenceOf(tables: readonly Table[], texts: RowLabelTexts): Generator<undefined, Presence> {
  const shapes = new Map<string, Rows>();
  let count = 0;
  for (const table of tables) {
    const rows = shapes.get(shapeKey(table.shape)) ?? { places: new Map(), plain: true };
    shapes.set(shapeKey(table.shape), rows);
    const fixed = [...new Set(table.shape.columns.flatMap(({ labels }) => labels.map(([name]) => name)))];
    for (const [r, row] of table.rows.entries()) {
      const { key, names } = texts.of(row);
      if (rows.places.has(key) || fixed.some((name) => names.includes(name))) rows.plain = false;
      if (!rows.places.has(key)) rows.places.set(key, { table, row: r });
      if (++count % ROWS_PER_BREATH === 0) yield undefined;
    }
  }
  return {
    has(table, row, column) {
      const { key } = texts.of(table.rows[row] as Table['rows'][number]);
      const place = shapes.get(shapeKey(table.shape))?.places.get(key);
      if (!place) return false;
      const value = place.table.values[column * place.table.rows.length + place.row] as number;
      return value - value === 0;
    },
    plain: (shape) => shapes.get(shapeKey(shape))?.plain ?? true,
  };
}

const keys = new WeakMap<Shape, string>();

/** The same for shapes that have the same columns, whether or not they are the same object. */
export function shapeKey(shape: Shape): string {
  let key = keys.get(shape);
  if (key === undefined) {
    key = JSON.stringify([shape.measurement, shape.columns.map(({ metric, labels }) => [metric, labels])]);
    keys.set(shape, key);
  }
  return key;
}

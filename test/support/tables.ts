/** Tables written down in a test: columns by metric name, rows as label pairs and numbers. */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { type LabelPair, labels } from '../../src/model/labels.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import { countSamples, type Row } from '../../src/model/table.ts';

export interface TableText {
  /** `container_cpu` unless said. */
  readonly measurement?: string;
  /** `container` unless said. */
  readonly level?: string;
  /** Metric names, or columns with what differs from a gauge without a unit. */
  readonly columns: readonly (string | (Partial<Column> & Pick<Column, 'metric'>))[];
  /** Labels and one number per column; NaN is absent. Rows given as rows stay the same objects. */
  readonly rows: readonly (readonly [
    Readonly<Record<string, string>> | readonly LabelPair[] | Row,
    readonly number[],
  ])[];
  /** Of all rows; 1 800 000 000 000 unless said. */
  readonly timeMs?: number;
}

export const T0 = 1_800_000_000_000;

export function table({
  measurement = 'container_cpu',
  level = 'container',
  columns,
  rows,
  timeMs = T0,
}: TableText): LevelTable {
  const shape: Shape = { measurement, columns: columns.map(columnOf) };
  const values = new Float64Array(rows.length * columns.length).fill(Number.NaN);
  for (const [r, [, numbers]] of rows.entries()) {
    for (const [c, number] of numbers.entries()) values[c * rows.length + r] = number;
  }
  return {
    shape,
    level,
    rows: rows.map(([given]) => rowOf(given)),
    values,
    timesMs: new Float64Array(rows.length).fill(timeMs),
  };
}

/** The same table with the shape of another, as two tables of one family have it. */
export function likeShape(model: LevelTable, given: LevelTable): LevelTable {
  return { ...given, shape: model.shape };
}

export function frame(tables: readonly LevelTable[], startMs = T0): Frame {
  return { startMs, endMs: startMs + 10_000, tables, samples: tables.reduce((sum, t) => sum + countSamples(t), 0) };
}

function columnOf(given: TableText['columns'][number]): Column {
  const column = typeof given === 'string' ? { metric: given } : given;
  return {
    field: column.metric,
    labels: [],
    kind: 'gauge',
    unit: 'none',
    help: `Help of ${column.metric}.`,
    ...column,
  };
}

function rowOf(given: TableText['rows'][number][0]): Row {
  if (Array.isArray(given)) return { labels: labels(given as readonly LabelPair[]) };
  if ('labels' in given && typeof given.labels === 'object') return given as Row;
  return { labels: labels(Object.entries(given as Readonly<Record<string, string>>)) };
}

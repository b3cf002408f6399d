/** What takes the room in a part: bytes by level and metric, and by label name. */
import type { Column } from '../../../src/model/shape.ts';
import type { LabelIndex } from './index/labelindex.ts';
import type { TableReader } from './table.ts';

/** The level and the metric, with a space between; a table's times are shared out among its metrics. */
export function partSizes(tables: readonly TableReader[], index: LabelIndex) {
  const metrics = new Map<string, number>();
  for (const { entry, streams, columns } of tables) {
    const times = entry.timesBytes / Math.max(1, columns.length);
    const add = (column: number, bytes: number): void => {
      const key = `${entry.level} ${(columns[column] as Column).metric}`;
      metrics.set(key, (metrics.get(key) ?? 0) + bytes);
    };
    for (const column of columns.keys()) add(column, times);
    for (const [s, { column }] of streams.entries()) add(column, entry.streamBytes[s] ?? 0);
  }
  const labels = new Map<string, number>();
  for (const [name, text] of index.names.entries()) {
    let bytes = Buffer.byteLength(text);
    const to = index.pairsFrom[name + 1] as number;
    for (let pair = index.pairsFrom[name] as number; pair < to; pair++) bytes += index.valueBytes(pair);
    labels.set(text, bytes);
  }
  return { metrics, labels };
}

/** The newest batch of an agent in this process, as a reading: no server in between. */
import type { Batch } from '../../../model/batch.ts';
import type { Reading } from './reading.ts';
import type { ViewSample } from './sample.ts';
import { sumUp } from './sums.ts';

export function readingOf(batch: Batch): Reading {
  return { timeMs: batch.timeMs, sums: sumUp(samplesOf(batch)) };
}

/** A batch's numbers as samples. */
export function* samplesOf(batch: Batch): Generator<ViewSample> {
  for (const { shape, rows, values } of batch.tables) {
    const counted = new Set(rows.flatMap((row) => (row.shownOnly ? [] : [row.entity])));
    for (const [r, row] of rows.entries()) {
      // A layer over a disk beside the disk itself: the table has one number for both.
      if (row.shownOnly && counted.has(row.entity)) continue;
      const labels = new Map(row.labels.names.map((name, i) => [name, row.labels.values[i] as string]));
      for (const [c, column] of shape.columns.entries()) {
        const value = values[c * rows.length + r] as number;
        if (Number.isNaN(value)) continue;
        const all = column.labels.length === 0 ? labels : new Map([...labels, ...column.labels]);
        yield { metric: column.metric, labels: all, value };
      }
    }
  }
}

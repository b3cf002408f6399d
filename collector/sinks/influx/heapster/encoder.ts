/** Heapster's tables in line protocol: one field, `value`, whole or not as its measurement always is. */
import type { HeapsterShape } from './tables.ts';
import { escapeMeasurement } from '../escape.ts';
import { type Encoder, MAX_TAG_BYTES, tagText } from '../line.ts';
import { pairsOf } from '../../../../src/model/labels.ts';

export const heapsterEncoder: Encoder = {
  *lines({ shape, rows, values, timesMs }) {
    const { measurement, whole, isDerived } = shape as HeapsterShape;
    const head = escapeMeasurement(measurement);
    const samples = isDerived ? 0 : 1;
    for (const [r, { labels }] of rows.entries()) {
      const tags = tagText([...pairsOf(labels)]);
      const value = values[r] as number;
      if (!Number.isFinite(value)) continue;
      // Beyond 2^53 a number is written with an exponent, which no whole number may have.
      const number = whole ? `${BigInt(value)}i` : String(value);
      const text = Buffer.byteLength(tags) > MAX_TAG_BYTES ? undefined : `${head}${tags} value=${number} ${timesMs[r]}`;
      yield { text, samples };
    }
  },
};

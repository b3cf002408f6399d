/** Whatever the labels and numbers are, what was put in can be read back, in both formats, whole and in one place each. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Format } from '../../../src/exposition/format.ts';
import { renderText } from '../../../src/exposition/text.ts';
import type { LabelPair } from '../../../src/model/labels.ts';
import { parsePromText } from '../../support/promtext.ts';
import { table } from '../../support/tables.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '}', '{', ',', '=', ' ', '#', '\r', '\u2028', '\ud800') }),
);
const name = fc.oneof(
  fc.constantFrom('id', 'name', '__proto__', 'constructor', 'le', 'cpu'),
  fc.stringMatching(/^[a-z_]{1,6}$/),
);
const pairs = fc.array(fc.tuple(name, hostile), { maxLength: 5 });
const metric = fc.constantFrom('m', 'm_total', 'a_seconds_total', 'b_bytes', 'x_bucket');
const value = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN));
const tables = fc.array(
  fc
    .tuple(
      fc.uniqueArray(metric, { minLength: 1, maxLength: 3 }),
      fc.array(pairs, { maxLength: 6 }),
      fc.infiniteStream(value),
    )
    .map(([metrics, rows, values]) =>
      table({
        columns: metrics.map((m) => ({
          metric: m,
          kind: m.endsWith('_total') ? 'counter' : 'gauge',
          unit: 'bytes',
          help: '"\\\n',
        })),
        rows: rows.map((row) => [row as LabelPair[], metrics.map(() => values.next().value as number)]),
      }),
    ),
  { maxLength: 4 },
);

/** The series by name and labels, the first reading of each, worked out from the tables without the writer. */
function expected(given: readonly ReturnType<typeof table>[]): Map<string, number> {
  const series = new Map<string, number>();
  for (const { shape, rows, values } of given) {
    for (const [c, column] of shape.columns.entries()) {
      for (const [r, row] of rows.entries()) {
        const number = values[c * rows.length + r] as number;
        const labels = row.labels.names.map((label, i) => [label, row.labels.values[i]]);
        const key = JSON.stringify([column.metric, labels.sort()]);
        if (Number.isFinite(number) && !series.has(key)) series.set(key, number === 0 ? 0 : number);
      }
    }
  }
  return series;
}

for (const format of ['text', 'openmetrics'] as const satisfies readonly Format[]) {
  test.prop([tables], { numRuns: 500 })(`what is rendered as ${format} reads back the same`, (given) => {
    const text = [...renderText(given, { format, timestamps: false })].map(String).join('');
    const read = new Map<string, number>();
    for (const family of parsePromText(text, format).values()) {
      for (const sample of family.samples)
        read.set(JSON.stringify([sample.name, [...sample.labels].sort()]), sample.value);
    }
    expect(read).toEqual(expected(given));
  });
}

/** The bytes of both versions, by hand; and the same series, numbers and labels as the page that Prometheus scrapes. */
import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createRowLabels } from '../../../../collector/sinks/remotewrite/rowlabels.ts';
import { type Series, seriesOf } from '../../../../collector/sinks/remotewrite/series.ts';
import { encodeMetadata, encodeVersion1 } from '../../../../collector/sinks/remotewrite/version1.ts';
import { encodeVersion2 } from '../../../../collector/sinks/remotewrite/version2.ts';
import { renderText } from '../../../../src/exposition/text.ts';
import type { LabelPair } from '../../../../src/model/labels.ts';
import type { Table } from '../../../../src/model/table.ts';
import { likeShape, table } from '../../../support/tables.ts';
import { parsePromText } from '../../../support/promtext.ts';

function written(now: readonly Table[], external: Record<string, string> = {}): Series[] {
  const texts = createRowLabels(external);
  const steps = [...seriesOf({ now: { tables: now, presence: undefined }, before: [], markMs: 0, texts })];
  return steps.filter((step): step is Series => 'labels' in step);
}

function textOf({ column, labels }: Series): string {
  const all = [...labels.names.map((name, i) => [name, labels.values[i]]), ...column.fixed];
  return all
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ');
}

const one = table({ columns: ['up'], rows: [[{ job: 'a' }, [1.5]]], timeMs: 300 });

test('version 1: one series', () => {
  const bytes = encodeVersion1(written([one]));
  expect(bytes.toString('hex')).toBe(
    [
      '0a 28', // timeseries, 40 bytes: 16 + 10 + 14
      '0a 0e 0a 08 5f5f6e616d655f5f 12 02 7570', // label: __name__, up
      '0a 08 0a 03 6a6f62 12 01 61', // label: job, a
      '12 0c', // sample, 12 bytes
      '09 000000000000f83f', // 1.5
      '10 ac02', // 300 = 0x12c: 0x2c with the bit that says more, then 2
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('a NaN is the marker, bit by bit', () => {
  const [series] = written([one]);
  const bytes = encodeVersion1([{ ...(series as Series), value: Number.NaN }]);
  // 0x7ff0000000000002, the least byte first.
  expect(bytes.toString('hex')).toContain('09020000000000f07f');
});

test('version 2: texts once, labels as numbers', () => {
  const bytes = encodeVersion2(written([one]));
  expect(bytes.toString('hex')).toBe(
    [
      '22 00', // symbol 0: empty
      '22 08 5f5f6e616d655f5f', // 1: __name__
      '22 02 7570', // 2: up
      '22 03 6a6f62', // 3: job
      '22 01 61', // 4: a
      '22 0b 48656c70206f662075702e', // 5: Help of up.
      '2a 1c', // timeseries, 28 bytes: 6 + 14 + 8
      '0a 04 01020304',
      '12 0c 09 000000000000f83f 10 ac02',
      '2a 06 08 02 18 05 20 00', // metadata: a gauge, help 5, no unit
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('metadata: type, name, help, unit', () => {
  const [series] = written([
    table({
      columns: [{ metric: 'x_seconds_total', kind: 'counter', unit: 'seconds', help: 'H' }],
      rows: [[{ a: '1' }, [1]]],
    }),
  ]);
  expect(encodeMetadata([(series as Series).column]).toString('hex')).toBe(
    [
      '1a 1f', // metadata, 31 bytes: 2 + 17 + 3 + 9
      '08 01', // a counter
      '12 0f 785f7365636f6e64735f746f74616c',
      '22 01 48',
      '2a 07 7365636f6e6473',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

describe('labels', () => {
  test('those of the sink are put in, but never in place of one that is there', () => {
    const given = table({
      columns: [{ metric: 'm', labels: [['cpu', 'total']] }],
      rows: [[{ Zone: 'z', id: 'x', site: 'own' }, [1]]],
    });
    const [series] = written([given], { site: 'external', cluster: 'c', cpu: 'external' });
    expect(textOf(series as Series)).toBe('Zone=z __name__=m cluster=c cpu=total id=x site=own');
  });

  test('a name that is not legal is made so, as on the page', () => {
    const given = table({ columns: ['m'], rows: [[{ 'a-b': '1', __name__: 'other', '9': '2' }, [1]]] });
    expect(textOf(written([given])[0] as Series)).toBe('_9=2 __name__=m a_b=1 label__name__=other');
  });
});

const NAMES = ['id', 'name', 'cpu', 'a-b', 'a_b', 'Zone', '__name__', 'é'];
const tableOf = fc
  .record({
    columns: fc.uniqueArray(fc.constantFrom('m', 'n_total', 'o', 'p'), { minLength: 1, maxLength: 3 }),
    fixed: fc.boolean(),
    rows: fc.array(
      fc.tuple(
        fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('1', '2', '\u{1f433}"\\\n')), { maxLength: 3 }),
        fc.array(fc.constantFrom(0, -1.5, 2 ** 53, 1e21, Number.NaN, Number.POSITIVE_INFINITY), {
          minLength: 3,
          maxLength: 3,
        }),
      ),
      { maxLength: 5 },
    ),
  })
  .map(({ columns, fixed, rows }) =>
    table({
      columns: columns.map((metric) => ({ metric, labels: fixed ? [['cpu', 'total'] as const] : [] })),
      rows: rows.map(([pairs, numbers]) => [pairs as LabelPair[], numbers.slice(0, columns.length)] as const),
    }),
  );

prop.prop([fc.array(tableOf, { maxLength: 3 }), fc.boolean()])(
  'the series, each once, and the numbers are those of the page',
  (tables, same) => {
    const first = tables[0];
    const shaped = same && first ? tables.map((t) => (fits(t, first) ? likeShape(first, t) : t)) : tables;
    const page = [...renderText(shaped, { format: 'text', timestamps: false })].map(String).join('');
    const expected = [...parsePromText(page, 'text').values()]
      .flatMap(({ samples }) => samples)
      .map(({ name, labels, value }) => [
        [...labels, ['__name__', name]]
          .map(([label, text]) => `${label}=${text}`)
          .sort()
          .join(' '),
        value,
      ]);
    const found = written(shaped).map((series) => [textOf(series), series.value]);
    expect(found.sort()).toEqual(expected.sort());
  },
);

function fits(one: Table, other: Table): boolean {
  return one.shape.columns.length === other.shape.columns.length;
}

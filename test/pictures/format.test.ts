/** How the pictures of dashboards write numbers, name lines and merge tables: as Grafana does for the units and options that ours use. */
import { describe, expect, test } from 'vitest';
import { regionsOf } from './answers.ts';
// @ts-expect-error: the page's modules are plain JavaScript, for a browser.
import { configOf, legendOf, thresholdColor } from './page/fields.mjs';
// @ts-expect-error: the same.
import { format } from './page/format.mjs';
// @ts-expect-error: the same.
import { tableOf } from './page/table.mjs';

test.each([
  [0.256, 'percentunit', 0, '26%'],
  [0.0123, 'percentunit', undefined, '1.23%'],
  [1536, 'bytes', undefined, '1.5 KiB'],
  [64 * 1024 ** 2, 'bytes', 0, '64 MiB'],
  [1500, 'Bps', undefined, '1.5 kB/s'],
  [0, 'Bps', undefined, '0 B/s'],
  [12_345, 'short', undefined, '12.3 K'],
  [7, 'short', 0, '7'],
  [0.0042, 's', undefined, '4.2 ms'],
  [90, 's', undefined, '1.5 mins'],
  [7200, 's', 0, '2 hours'],
  [90_061, 'dtdurations', undefined, '1d 1h'],
  [3.5, 'iops', undefined, '3.5 io/s'],
  [Number.NaN, 'short', undefined, ''],
])('%d as %s with %s decimals is %s', (value, unit, decimals, text) => {
  expect(format(value, unit, decimals)).toBe(text);
});

test('legends', () => {
  expect(legendOf('{{name}} of {{ host }}', { name: 'a', host: 'b' })).toBe('a of b');
  expect(legendOf('', { __name__: 'up', job: 'x' })).toBe('x');
  expect(legendOf('', {})).toBe('{}');
});

describe('fields', () => {
  const panel = {
    fieldConfig: {
      defaults: {
        unit: 'short',
        thresholds: {
          steps: [
            { value: null, color: 'green' },
            { value: 0.8, color: 'red' },
          ],
        },
      },
      overrides: [
        { matcher: { id: 'byName', options: 'A' }, properties: [{ id: 'unit', value: 'bytes' }] },
        { matcher: { id: 'byRegexp', options: '/ limit$/' }, properties: [{ id: 'custom.fillOpacity', value: 0 }] },
      ],
    },
  };

  test('overrides by name and by pattern', () => {
    expect(configOf(panel, 'A').unit).toBe('bytes');
    expect(configOf(panel, 'B').unit).toBe('short');
    expect(configOf(panel, 'B limit').custom).toEqual({ fillOpacity: 0 });
  });

  test('the last threshold that is reached', () => {
    const config = configOf(panel, '');
    expect([thresholdColor(config, 0.79), thresholdColor(config, 0.8)]).toEqual(['#56a64b', '#e02f44']);
  });
});

test('a table: rows of all queries merged by what they have in common, columns renamed, ordered, left out', () => {
  const series = (labels: object, value: number) => ({ labels, points: [[1, value]] });
  const panel = {
    options: { sortBy: [{ displayName: 'Size', desc: true }] },
    transformations: [
      {
        id: 'organize',
        options: {
          renameByName: { 'Value #B': 'Size', name: 'Name' },
          excludeByName: { 'Value #A': true },
          indexByName: { name: 0, state: 1, 'Value #B': 2 },
        },
      },
    ],
    frames: [
      { refId: 'A', series: [series({ name: 'x', state: 'up' }, 1), series({ name: 'y', state: 'up' }, 1)] },
      { refId: 'B', series: [series({ name: 'x' }, 5), series({ name: 'y' }, 9)] },
    ],
  };
  const { columns, rows } = tableOf(panel);
  expect(columns.map(({ title }: { title: string }) => title)).toEqual(['Name', 'state', 'Size']);
  expect(rows.map((row: Map<string, unknown>) => [row.get('name'), row.get('state'), row.get('Value #B')])).toEqual([
    ['y', 'up', 9],
    ['x', 'up', 5],
  ]);
});

test('annotations that follow without a gap are one', () => {
  expect(regionsOf([10, 14, 12, 30, 12], 2)).toEqual([
    { from: 10, to: 14 },
    { from: 30, to: 30 },
  ]);
});

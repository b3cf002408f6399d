/** What a scraper reads, as text worked out by hand from the formats' specifications. */
import { describe, expect, test } from 'vitest';
import { type RenderOptions, renderText } from '../../../src/exposition/text.ts';
import type { Table } from '../../../src/model/table.ts';
import { likeShape, table } from '../../support/tables.ts';

function render(tables: readonly Table[], options: Partial<RenderOptions> = {}): string {
  return [...renderText(tables, { format: 'text', timestamps: false, ...options })].map(String).join('');
}

const cpu = table({
  columns: [
    {
      metric: 'container_cpu_usage_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      labels: [['cpu', 'total']],
      help: 'CPU time.',
    },
    { metric: 'container_cpu_cfs_periods_total', kind: 'counter', help: 'Periods.' },
  ],
  rows: [
    [{ id: '/docker/aa', name: 'web' }, [12.5, 1000]],
    [{ id: '/docker/bb', name: 'db' }, [0.125, Number.NaN]],
  ],
});

describe('Prometheus text', () => {
  test('one block per metric, metadata first, absent numbers left out', () => {
    expect(render([cpu])).toBe(`# HELP container_cpu_usage_seconds_total CPU time.
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{cpu="total",id="/docker/aa",name="web"} 12.5
container_cpu_usage_seconds_total{cpu="total",id="/docker/bb",name="db"} 0.125
# HELP container_cpu_cfs_periods_total Periods.
# TYPE container_cpu_cfs_periods_total counter
container_cpu_cfs_periods_total{id="/docker/aa",name="web"} 1000
`);
  });

  test('a metric of several tables comes in one block, with the help of the first', () => {
    const containers = table({ columns: ['fs_usage', 'fs_reads'], rows: [[{ id: 'a' }, [1, 2]]] });
    const other = table({ columns: [{ metric: 'fs_reads', help: 'Another help.' }], rows: [[{ id: '/' }, [3]]] });
    expect(render([containers, other])).toBe(`# HELP fs_usage Help of fs_usage.
# TYPE fs_usage gauge
fs_usage{id="a"} 1
# HELP fs_reads Help of fs_reads.
# TYPE fs_reads gauge
fs_reads{id="a"} 2
fs_reads{id="/"} 3
`);
  });

  test('a metric that nobody has is not mentioned', () => {
    expect(
      render([
        table({ columns: ['gone'], rows: [[{ id: 'a' }, [Number.NaN]]] }),
        table({ columns: ['empty'], rows: [] }),
      ]),
    ).toBe('');
  });

  test('a row without labels has no braces, with a fixed label only that one', () => {
    const cluster = table({
      columns: ['plain', { metric: 'fixed', labels: [['cpu', 'total']] }],
      rows: [[{}, [1, 2]]],
    });
    expect(render([cluster])).toContain('\nplain 1\n');
    expect(render([cluster])).toContain('\nfixed{cpu="total"} 2\n');
  });

  test.each([
    ['a quote', 'say "hi"', 'say \\"hi\\"'],
    ['a backslash', 'C:\\temp\\', 'C:\\\\temp\\\\'],
    ['a newline', 'two\nlines', 'two\\nlines'],
    ['a backslash before n', 'a\\nb', 'a\\\\nb'],
    ['what is not Latin', 'größe 🐳', 'größe 🐳'],
    ['braces and commas', 'a="b",c}', 'a=\\"b\\",c}'],
  ])('a label value with %s', (_, value, expected) => {
    expect(render([table({ columns: ['m'], rows: [[{ name: value }, [1]]] })])).toContain(`m{name="${expected}"} 1\n`);
  });

  test('help: backslash and newline are escaped, quotes are not', () => {
    const given = table({ columns: [{ metric: 'm', help: 'a "b" \\ c\nd' }], rows: [[{}, [1]]] });
    expect(render([given])).toContain('# HELP m a "b" \\\\ c\\nd\n');
  });

  test.each([
    [0, '0'],
    [-0, '0'],
    [1_700_000_000, '1700000000'],
    [2 ** 53, '9007199254740992'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e-7, '1e-7'],
    [1.5e300, '1.5e+300'],
    [-3.25, '-3.25'],
  ])('the number %d is written %s', (value, expected) => {
    expect(render([table({ columns: ['m'], rows: [[{}, [value]]] })])).toContain(`\nm ${expected}\n`);
  });

  test('infinities are absent too', () => {
    expect(render([table({ columns: ['m'], rows: [[{}, [Number.POSITIVE_INFINITY]]] })])).toBe('');
  });

  test('times are milliseconds, only if asked for', () => {
    const given = table({ columns: ['m'], rows: [[{ id: 'a' }, [1]]], timeMs: 1_700_000_000_123 });
    expect(render([given], { timestamps: true })).toContain('m{id="a"} 1 1700000000123\n');
    expect(render([given])).toContain('m{id="a"} 1\n');
  });

  test.each([
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['__name__', 'label__name__'],
    ['with-dash', 'with_dash'],
    ['0day', '_0day'],
    ['größe', 'gr__e'],
  ])('the label name %s is written %s', (name, expected) => {
    expect(render([table({ columns: ['m'], rows: [[[[name, 'v']], [1]]] })])).toContain(`m{${expected}="v"} 1\n`);
  });
});

describe('a series comes once', () => {
  const counted = (tables: readonly Table[]): { text: string; duplicates: string[] } => {
    const duplicates: string[] = [];
    const text = render(tables, { onDuplicate: (metric) => duplicates.push(metric) });
    return { text: text.replace(/^#.*\n/gm, ''), duplicates };
  };

  test('two rows of one table with the same labels: the first wins', () => {
    const given = table({
      columns: ['m', 'n'],
      rows: [
        [{ id: 'a' }, [1, 2]],
        [{ id: 'a' }, [3, 4]],
        [{ id: 'b' }, [5, 6]],
      ],
    });
    expect(counted([given])).toEqual({
      text: 'm{id="a"} 1\nm{id="b"} 5\nn{id="a"} 2\nn{id="b"} 6\n',
      duplicates: ['m', 'n'],
    });
  });

  test('what the first does not have, the second may give', () => {
    const given = table({
      columns: ['m', 'n'],
      rows: [
        [{ id: 'a' }, [1, Number.NaN]],
        [{ id: 'a' }, [3, 4]],
      ],
    });
    expect(counted([given])).toEqual({ text: 'm{id="a"} 1\nn{id="a"} 4\n', duplicates: ['m'] });
  });

  test('two tables of one family', () => {
    const first = table({ columns: ['m'], rows: [[{ id: 'a' }, [1]]] });
    const second = likeShape(
      first,
      table({
        columns: ['m'],
        rows: [
          [{ id: 'a' }, [2]],
          [{ id: 'b' }, [3]],
        ],
      }),
    );
    expect(counted([first, second])).toEqual({ text: 'm{id="a"} 1\nm{id="b"} 3\n', duplicates: ['m'] });
  });

  test('tables of two families that have the metric', () => {
    const first = table({ columns: ['m', 'x'], rows: [[{ id: 'a' }, [1, 9]]] });
    const second = table({ columns: ['m'], rows: [[{ id: 'a' }, [2]]] });
    expect(counted([first, second])).toEqual({ text: 'm{id="a"} 1\nx{id="a"} 9\n', duplicates: ['m'] });
  });

  test('columns of one metric are told apart by their fixed labels', () => {
    const state = (name: string) => ({ metric: 'm', field: name, labels: [['state', name] as const] });
    const given = table({ columns: [state('open'), state('closed'), state('open')], rows: [[{ id: 'a' }, [1, 2, 3]]] });
    expect(counted([given])).toEqual({
      text: 'm{state="open",id="a"} 1\nm{state="closed",id="a"} 2\n',
      duplicates: ['m'],
    });
  });

  test('a fixed label wins over the row’s own of that name', () => {
    const given = table({
      columns: [{ metric: 'm', labels: [['cpu', 'total']] }],
      rows: [[{ cpu: '0', id: 'a' }, [1]]],
    });
    expect(counted([given])).toEqual({ text: 'm{cpu="total",id="a"} 1\n', duplicates: [] });
  });

  test('names that become the same when made legal count as the same', () => {
    const given = table({
      columns: ['m'],
      rows: [
        [
          [
            ['a-b', '1'],
            ['a.b', '2'],
          ],
          [1],
        ],
      ],
    });
    expect(counted([given])).toEqual({ text: 'm{a_b="1"} 1\n', duplicates: [] });
  });
});

test.each([
  [
    'a gauge that ends in _total, to which Prometheus’ linter would object',
    'gauge',
    'container_fs_inodes_total',
    'untyped',
  ],
  ['a gauge', 'gauge', 'container_fs_inodes_used', 'gauge'],
  ['a gauge with _total inside', 'gauge', 'container_memory_total_active_file_bytes', 'gauge'],
  ['a counter', 'counter', 'container_fs_reads_total', 'counter'],
] as const)('the type in Prometheus text of %s', (_, kind, metric, expected) => {
  const given = table({ columns: [{ metric, kind }], rows: [[{}, [1]]] });
  expect(render([given])).toContain(`# TYPE ${metric} ${expected}\n${metric} 1\n`);
});

describe('OpenMetrics', () => {
  test('counters without _total in the family’s name, unit, end', () => {
    expect(render([cpu], { format: 'openmetrics' })).toBe(`# TYPE container_cpu_usage_seconds counter
# UNIT container_cpu_usage_seconds seconds
# HELP container_cpu_usage_seconds CPU time.
container_cpu_usage_seconds_total{cpu="total",id="/docker/aa",name="web"} 12.5
container_cpu_usage_seconds_total{cpu="total",id="/docker/bb",name="db"} 0.125
# TYPE container_cpu_cfs_periods counter
# HELP container_cpu_cfs_periods Periods.
container_cpu_cfs_periods_total{id="/docker/aa",name="web"} 1000
# EOF
`);
  });

  test.each([
    ['a counter without _total', 'counter', 'reads', 'reads unknown'],
    [
      'a gauge that ends in _total',
      'gauge',
      'container_network_tcp_usage_total',
      'container_network_tcp_usage_total unknown',
    ],
    ['a gauge', 'gauge', 'threads', 'threads gauge'],
    ['a counter named _total alone', 'counter', '_total', '_total unknown'],
  ] as const)('%s', (_, kind, metric, expected) => {
    const text = render([table({ columns: [{ metric, kind }], rows: [[{}, [1]]] })], { format: 'openmetrics' });
    expect(text).toContain(`# TYPE ${expected}\n`);
    expect(text).toContain(`\n${metric} 1\n`);
  });

  test('a counter whose family would be named as another metric is of unknown type', () => {
    const given = table({
      columns: [{ metric: 'threads' }, { metric: 'threads_total', kind: 'counter' }],
      rows: [[{}, [1, 2]]],
    });
    expect(render([given], { format: 'openmetrics' })).toContain('# TYPE threads_total unknown\n');
  });

  test('the unit is named only where it is the name’s suffix', () => {
    const columns = [
      { metric: 'a_bytes', unit: 'bytes' },
      { metric: 'container_spec_cpu_quota', unit: 'microseconds' },
    ] as const;
    const text = render([table({ columns: [...columns], rows: [[{}, [1, 2]]] })], { format: 'openmetrics' });
    expect(text.match(/^# UNIT .*$/gm)).toEqual(['# UNIT a_bytes bytes']);
  });

  test('quotes in help are escaped, times are seconds', () => {
    const given = table({ columns: [{ metric: 'm', help: 'a "b"' }], rows: [[{}, [1]]], timeMs: 1_700_000_000_123 });
    const text = render([given], { format: 'openmetrics', timestamps: true });
    expect(text).toContain('# HELP m a \\"b\\"\n');
    expect(text).toContain('m 1 1700000000.123\n');
  });

  test('nothing at all is still a whole page', () => {
    expect(render([], { format: 'openmetrics' })).toBe('# EOF\n');
  });
});

/** Tables for the tests of parts: any there can be, and what a plain map says of them. */
import { fc } from '@fast-check/vitest';
import type { Matcher, Points } from '../../../../collector/query/source.ts';
import type { RowChunk, TableChunk } from '../../../../collector/store/types.ts';
import { type Labels, labels } from '../../../../src/model/labels.ts';
import type { Column } from '../../../../src/model/shape.ts';

export const START_MS = 1_750_000_000_000;

export function column(metric: string, kind: Column['kind'] = 'gauge', fixed: Column['labels'] = []): Column {
  return {
    metric,
    field: metric + fixed.map(([, value]) => value).join(),
    labels: fixed,
    kind,
    unit: 'none',
    help: `Help of ${metric}.`,
  };
}

export function row(
  of: Readonly<Record<string, string>>,
  timesMs: readonly number[],
  cells: readonly (readonly number[])[],
): RowChunk {
  return {
    labels: labels(Object.entries(of)),
    timesMs: Float64Array.from(timesMs),
    cells: cells.map((c) => Float64Array.from(c)),
  };
}

export function table(
  columns: readonly Column[],
  rows: readonly RowChunk[],
  measurement = 'container_x',
  level = 'container',
): TableChunk {
  return { level, measurement, columns, rows: [...rows].sort((a, b) => (a.labels.key < b.labels.key ? -1 : 1)) };
}

/** A series as it should be read: its points, and the times at which it ended. */
export interface Truth {
  readonly points: [timeMs: number, value: number][];
  readonly ends: number[];
}

/** What a plain reading of the rows gives, by the labels' key. */
export function truthOf(tables: readonly TableChunk[], fromMs = -Infinity, toMs = Infinity): Map<string, Truth> {
  const found = new Map<string, Truth>();
  for (const { columns, rows } of tables) {
    for (const { labels: own, timesMs, cells, nans } of rows) {
      for (const [c, of] of columns.entries()) {
        const points: [number, number][] = [];
        const ends: number[] = [];
        timesMs.forEach((time, i) => {
          if (time < fromMs || time > toMs) return;
          const value = cells[c]![i]!;
          if (!Number.isNaN(value) || nans?.[c]?.has(i)) points.push([time, value]);
          else if (points.length > 0 && (ends.length === 0 || ends.at(-1)! < points.at(-1)![0])) ends.push(time);
        });
        if (points.length > 0) found.set(seriesLabels(own, of).key, { points, ends });
      }
    }
  }
  return found;
}

export function seriesLabels(own: Labels, of: Column): Labels {
  return labels([
    ['__name__', of.metric],
    ...of.labels,
    ...own.names.map((name, i) => [name, own.values[i]!] as const),
  ]);
}

export function readAll(points: Points): Truth {
  return {
    points: Array.from({ length: points.length }, (_, i) => [points.timesMs[i]!, points.values[i]!]),
    ends: [...points.ends],
  };
}

/** What PromQL says of a label set, told without the code under test. */
export function matchesAll(of: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ name, op, value }) => {
    const own = of.values[of.names.indexOf(name)] ?? '';
    if (op === '=') return own === value;
    if (op === '!=') return own !== value;
    return new RegExp(`^(?:${value})$`, 's').test(own) === (op === '=~');
  });
}

/** Numbers of every kind: absent ones, all special ones, decimals, pages, whole doubles, and runs of the same. */
const number = fc.oneof(
  fc.constant(Number.NaN),
  fc.constantFrom(
    0,
    -0,
    Infinity,
    -Infinity,
    5e-324,
    Number.MAX_VALUE,
    -Number.MAX_SAFE_INTEGER,
    2 ** 53,
    1e22,
    0.1 + 0.2,
  ),
  fc.integer({ min: -1000, max: 100_000 }),
  fc.integer({ min: 0, max: 1e9 }).map((us) => us / 1e6),
  fc.integer({ min: 0, max: 1e6 }).map((pages) => pages * 4096),
  fc.double({ noNaN: true }),
);

const cellsOf = (n: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    fc.array(number, { minLength: n, maxLength: n }),
    number.map((value) => new Array<number>(n).fill(value)),
    // A counter: now and then it stands still, now and then it starts anew.
    fc.array(fc.tuple(fc.integer({ min: 0, max: 3e6 }), fc.nat(9)), { minLength: n, maxLength: n }).map((steps) => {
      let at = 0;
      return steps.map(([step, what]) => {
        at = what === 0 ? step : what < 5 ? at : at + step;
        return at / 1e6;
      });
    }),
    fc.array(fc.nat(5), { minLength: n, maxLength: n }).map((off) => off.map((pages) => (70_000 + pages) * 4096)),
  );

const timesOf = fc
  .tuple(
    fc.nat(3 * 3_600_000),
    fc.oneof(fc.constant([0]), fc.array(fc.nat(400), { minLength: 1, maxLength: 60 })),
    fc.constantFrom(1, 10, 1000, 10_000),
    fc.nat(20),
  )
  .map(([first, gaps, interval, jitter]) => {
    let at = START_MS + first;
    return gaps.map((gap, i) => (at += 1 + (gap % 3 === 0 ? gap : 1) * interval + ((i * 7919) % (jitter + 1))));
  });

const LABEL = fc.constantFrom('a', 'b', 'name', 'scope');
const VALUE = fc.constantFrom('x', 'y', 'svc-1', 'svc-2', 'ä€😀', 'a.b', 'line\nbreak');

function rowOf(columns: number): fc.Arbitrary<RowChunk> {
  return fc.tuple(fc.dictionary(LABEL, VALUE), timesOf).chain(([own, times]) =>
    fc.tuple(...Array.from({ length: columns }, () => fc.tuple(cellsOf(times.length), fc.boolean()))).map((all) => ({
      ...row(
        own,
        times,
        all.map(([cells]) => cells),
      ),
      nans: all.map(([cells, measured]) =>
        measured ? new Set(cells.flatMap((v, i) => (Number.isNaN(v) && i % 2 === 0 ? [i] : []))) : undefined,
      ),
    })),
  );
}

const COLUMNS = [
  column('m_total', 'counter'),
  column('m_bytes'),
  column('m_state', 'gauge', [['scope', 'x']]),
  column('m_state', 'gauge', [['scope', 'y']]),
];

export const anyTables: fc.Arbitrary<TableChunk[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('m', 'n', 'o'), fc.integer({ min: 1, max: 4 })), {
    selector: ([name]) => name,
    maxLength: 3,
    minLength: 1,
  })
  .chain((of) =>
    fc.tuple(
      ...of.map(([name, width]) =>
        fc.uniqueArray(rowOf(width), { selector: (r) => r.labels.key, maxLength: 6 }).map((rows) =>
          table(
            COLUMNS.slice(0, width).map((c) => ({ ...c, metric: c.metric.replace('m_', `${name}_`) })),
            rows
              .map((r) => (width < 3 ? r : withoutScope(r)))
              .filter((r, i, all) => all.findIndex((o) => o.labels.key === r.labels.key) === i),
            name,
          ),
        ),
      ),
    ),
  );

/** Two columns of a row must not become one series. */
function withoutScope(r: RowChunk): RowChunk {
  return {
    ...r,
    labels: labels(
      r.labels.names.flatMap((name, i) => (name === 'scope' ? [] : [[name, r.labels.values[i]!] as const])),
    ),
  };
}

export const anyMatchers: fc.Arbitrary<Matcher[]> = fc.array(
  fc.record({
    name: fc.constantFrom('__name__', 'a', 'b', 'name', 'scope', 'missing'),
    op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
    value: fc.constantFrom(
      '',
      'x',
      'y',
      'm_total',
      'm_state',
      'm_.*|n_bytes',
      'svc-.',
      'svc-(1|2)',
      'x|y|',
      '.*',
      '.+',
      'line.break',
      'ä€😀',
      'a\\.b',
      '[a-z]+',
      '(?:x|a.b)',
    ),
  }),
  { maxLength: 3 },
);

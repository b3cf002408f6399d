/** Half an hour of a few series, by formula: for a real Prometheus as OpenMetrics, for ours as arrays. Times are fixed, so that answers can be recorded. */
import type { LabelPair } from '../../../src/model/labels.ts';

/** 2023-11-14T22:13:20Z, in seconds. */
export const START = 1_700_000_000;
export const STEP = 15;
export const STEPS = 121;
export const END = START + STEP * (STEPS - 1);

export interface Made {
  /** Sorted by name, `__name__` among them. */
  readonly labels: readonly LabelPair[];
  readonly type: 'counter' | 'gauge';
  /** Undefined: no sample at that step. */
  readonly at: (step: number) => number | undefined;
}

/** What floats have that texts get wrong; each for one step in turn. */
const ODD = [0.1, -0, 1e21, 1e20, 1e-7, 1e-6, 123456789.125, Number.NaN, Infinity, -Infinity, -1.5e-10, 5e-324];

const requests = (code: string, instance: string, at: (step: number) => number): Made => ({
  labels: [
    ['__name__', 'requests_total'],
    ['code', code],
    ['instance', instance],
    ['job', 'web'],
  ],
  type: 'counter',
  at,
});

const gauge = (name: string, more: readonly LabelPair[], at: Made['at']): Made => ({
  labels: [['__name__', name], ...more],
  type: 'gauge',
  at,
});

export const SERIES: readonly Made[] = [
  // Begins anew in the middle.
  requests('200', 'a:1', (step) => 10 * (step % 60)),
  requests('200', 'b:1', (step) => 7 * step),
  requests('500', 'a:1', (step) => Math.floor(step / 10)),
  gauge('odd_number', [['job', 'lab']], (step) => ODD[step % ODD.length]),
  gauge(
    'odd_label',
    [
      ['job', 'lab'],
      ['place', 'M\u00fclheim "an der Ruhr"\\\n'],
    ],
    (step) => step,
  ),
  gauge('short', [['job', 'lab']], (step) => (step < 20 ? step : undefined)),
  ...['0.1', '1', '+Inf'].map((le, i) =>
    gauge(
      'latency_seconds_bucket',
      [
        ['job', 'web'],
        ['le', le],
      ],
      (step) => step * (i + 1),
    ),
  ),
  gauge(
    'up',
    [
      ['instance', 'a:1'],
      ['job', 'web'],
    ],
    () => 1,
  ),
  gauge(
    'up',
    [
      ['instance', 'b:1'],
      ['job', 'web'],
    ],
    (step) => Number(step % 2 === 0),
  ),
];

export function labelOf(labels: Made['labels'], name: string): string {
  return labels.find(([key]) => key === name)?.[1] ?? '';
}

/** For `promtool tsdb create-blocks-from openmetrics`. */
export function asOpenMetrics(): string {
  const lines: string[] = [];
  const names = [...new Set(SERIES.map(({ labels }) => labelOf(labels, '__name__')))];
  for (const name of names) {
    lines.push(`# TYPE ${name} unknown`);
    for (const { labels, at } of SERIES.filter((one) => labelOf(one.labels, '__name__') === name)) {
      const pairs = labels.slice(1).map(([key, value]) => `${key}="${escaped(value)}"`);
      for (let step = 0; step < STEPS; step++) {
        const value = at(step);
        if (value !== undefined) lines.push(`${name}{${pairs.join(',')}} ${text(value)} ${START + step * STEP}`);
      }
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function text(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

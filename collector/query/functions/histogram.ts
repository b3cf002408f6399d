/**
 * histogram_quantile and histogram_fraction of classic histograms: series with a label `le` that count what was not above it. Series that agree in all other
 * labels are one histogram; within a bucket, observations are taken to lie evenly.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Expr } from '../parse/ast.ts';
import type { Evaluator } from '../eval/evaluator.ts';
import { NAME, keyWithout, labelOf, withoutLabels } from '../eval/labels.ts';
import type { Grid, Row, Rows } from '../eval/rows.ts';
import { oneName } from '../eval/names.ts';
import { copyRow, merged, newRow } from '../eval/rows.ts';
import type { Bucket } from './buckets.ts';
import { fraction, quantile } from './buckets.ts';

const NOT_OWN: ReadonlySet<string> = new Set([NAME, 'le']);
const LE: ReadonlySet<string> = new Set(['le']);

interface Histogram {
  readonly labels: Labels;
  readonly name: string;
  /** By upper bound; the same bound may be there under two spellings. */
  readonly buckets: { readonly upper: number; readonly row: Row }[];
}

type Answer = (buckets: Bucket[], step: number) => { value: number; fixed: boolean };

export function classicQuantile(q: Float64Array, arg: Expr, grid: Grid, evaluate: Evaluator): Rows {
  return answered('histogram_quantile', arg, { grid, evaluate }, (buckets, step) =>
    quantile(q[step] as number, buckets),
  );
}

export function classicFraction(
  [lower, upper]: readonly [Float64Array, Float64Array],
  arg: Expr,
  grid: Grid,
  evaluate: Evaluator,
): Rows {
  return answered('histogram_fraction', arg, { grid, evaluate }, (buckets, step) => ({
    value: fraction(lower[step] as number, upper[step] as number, buckets),
    fixed: false,
  }));
}

interface Asked {
  readonly grid: Grid;
  readonly evaluate: Evaluator;
}

/** Of two metrics there may be two histograms with the same labels: an error at the same step. */
function answered(func: string, arg: Expr, asked: Asked, answer: Answer): Rows {
  const rows = answers(func, arg, asked, answer);
  return oneName(arg) === undefined ? merged(rows, asked.evaluate.context.budget) : rows;
}

function* answers(func: string, arg: Expr, { grid, evaluate }: Asked, answer: Answer): Generator<Row> {
  for (const histogram of collected(arg, grid, evaluate)) {
    const row = newRow(histogram.labels, grid.steps);
    for (let i = 0; i < grid.steps; i++) {
      const buckets = bucketsAt(histogram, i);
      if (buckets.length === 0) continue;
      evaluate.context.budget.work(buckets.length);
      const { value, fixed } = answer(buckets, i);
      if (fixed) notMonotonic(func, histogram.name, arg, evaluate);
      row.values[i] = value;
      row.has[i] = 1;
    }
    if (row.has.includes(1)) yield row;
  }
}

function notMonotonic(func: string, name: string, arg: Expr, evaluate: Evaluator): void {
  const page = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile';
  evaluate.context.notes.info(
    `input to ${func} needed to be fixed for monotonicity (see ${page}) for metric name ${JSON.stringify(name)}`,
    arg,
  );
}

function collected(arg: Expr, grid: Grid, evaluate: Evaluator): Iterable<Histogram> {
  const { budget, notes } = evaluate.context;
  const histograms = new Map<string, Histogram>();
  for (const row of evaluate.rows(arg, grid)) {
    const le = labelOf(row.labels, 'le');
    const upper = boundOf(le);
    if (upper === undefined) {
      const name = JSON.stringify(labelOf(row.labels, NAME));
      notes.warn(
        `bucket label "le" is missing or has a malformed value of ${JSON.stringify(le)} for metric name ${name}`,
        arg,
      );
      continue;
    }
    const key = keyWithout(row.labels, LE);
    let histogram = histograms.get(key);
    if (!histogram) {
      histogram = { labels: withoutLabels(row.labels, NOT_OWN), name: labelOf(row.labels, NAME), buckets: [] };
      histograms.set(key, histogram);
    }
    histogram.buckets.push({ upper, row: copyRow(row, budget) });
  }
  for (const { buckets } of histograms.values()) buckets.sort((a, b) => a.upper - b.upper);
  return histograms.values();
}

function boundOf(le: string): number | undefined {
  if (/^[-+]?inf(inity)?$/i.test(le)) return le.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[-+]?nan$/i.test(le)) return Number.NaN;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(le) ? Number(le) : undefined;
}

function bucketsAt({ buckets }: Histogram, step: number): Bucket[] {
  const found: Bucket[] = [];
  for (const { upper, row } of buckets) {
    if (row.has[step] === 1) found.push({ upper, count: row.values[step] as number });
  }
  return found;
}

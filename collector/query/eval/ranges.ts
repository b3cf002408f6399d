/** Functions over ranges: the samples of each series, from the source or from a subquery, and for each step the window that the function sees. */
import type { MatrixSelector, Subquery } from '../parse/ast.ts';
import { dropName } from './labels.ts';
import { NO_LABELS } from '../../../src/model/labels.ts';
import { QueryError } from '../query.ts';
import type { Points } from '../source.ts';
import { emptyPoints } from '../source.ts';
import type { RangeFunction } from '../functions/overtime.ts';
import type { Windows } from '../functions/window.ts';
import { locate } from '../functions/window.ts';
import type { Context } from './context.ts';
import { shiftedGrid } from './context.ts';
import type { Evaluator } from './evaluator.ts';
import type { Grid, Row } from './rows.ts';
import { anyIn, endOf, newRow } from './rows.ts';
import type { Labels } from '../../../src/model/labels.ts';

/** One series' samples; the arrays are used again for the next. */
export interface Sampled {
  readonly labels: Labels;
  readonly points: Points;
}

export interface RangeCall {
  readonly func: string;
  readonly run: RangeFunction;
  readonly keepsName: boolean;
}

export function* rangeRows(
  call: RangeCall,
  arg: MatrixSelector | Subquery,
  grid: Grid,
  evaluate: Evaluator,
): Generator<Row> {
  const { context } = evaluate;
  const windows = windowsOf(arg, grid, context);
  const row = newRow(NO_LABELS, grid.steps);
  for (const { labels, points } of samplesOf(arg, grid, evaluate, call.func)) {
    if (points.length === 0) continue;
    windows.rangeMs = Math.max(arg.rangeMs, 2 * points.resolutionMs);
    locate(windows, points);
    context.budget.work(seen(windows));
    call.run(points, windows, row);
    row.labels = call.keepsName ? labels : dropName(labels);
    if (anyIn(row)) {
      if (call.func === 'rate' || call.func === 'increase') notCounter(labels, arg, context);
      yield row;
    }
  }
}

export function windowsOf(arg: MatrixSelector | Subquery, grid: Grid, context: Context): Windows {
  const at = shiftedGrid(arg.kind === 'matrix' ? arg.selector : arg, grid, context);
  return {
    steps: grid.steps,
    lo: new Int32Array(grid.steps),
    hi: new Int32Array(grid.steps),
    rangeMs: arg.rangeMs,
    endMs: at.startMs,
    stepMs: at.stepMs,
    evalMs: grid.startMs,
    evalStepMs: grid.stepMs,
    spend: (samples) => context.budget.work(samples),
  };
}

/** Samples that a function may look at, over all steps. */
function seen({ lo, hi, steps }: Windows): number {
  return steps + ((hi[steps - 1] as number) - (lo[0] as number));
}

const COUNTER_NAME = /_(?:total|sum|count|bucket)$/;

function notCounter(labels: Labels, arg: MatrixSelector | Subquery, { notes }: Context): void {
  const at = labels.names.indexOf('__name__');
  const name = at < 0 ? '' : (labels.values[at] as string);
  if (name === '' || COUNTER_NAME.test(name)) return;
  notes.info(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
    arg,
  );
}

/** The samples that any of the grid's ranges can see, series by series. */
export function samplesOf(
  arg: MatrixSelector | Subquery,
  grid: Grid,
  evaluate: Evaluator,
  func?: string,
): Iterable<Sampled> {
  return arg.kind === 'matrix' ? selected(arg, grid, evaluate.context, func) : subquery(arg, grid, evaluate);
}

function* selected(
  { selector, rangeMs }: MatrixSelector,
  grid: Grid,
  context: Context,
  func: string | undefined,
): Generator<Sampled> {
  const at = shiftedGrid(selector, grid, context);
  const points = emptyPoints();
  const selection = {
    matchers: selector.matchers,
    fromMs: at.startMs - rangeMs + 1,
    toMs: endOf(at),
    stepMs: grid.steps === 1 ? 0 : grid.stepMs,
    rangeMs,
    ...(func === undefined ? {} : { func }),
  };
  for (const series of context.source.select(selection)) {
    points.length = 0;
    points.ends.length = 0;
    series.read(points);
    context.budget.read(points.length);
    yield { labels: series.labels, points };
  }
}

/** The inner question, asked at multiples of its step that lie in any of the ranges. */
export function subqueryGrid(arg: Subquery, grid: Grid, context: Context): Grid {
  const at = shiftedGrid(arg, grid, context);
  const stepMs = arg.stepMs || context.defaultStepMs;
  const startMs = (Math.floor((at.startMs - arg.rangeMs) / stepMs) + 1) * stepMs;
  const steps = Math.max(0, Math.floor((endOf(at) - startMs) / stepMs) + 1);
  if (steps > context.budget.limits.maxPoints) {
    throw new QueryError(
      'execution',
      `a subquery has ${steps} steps, at most ${context.budget.limits.maxPoints} are allowed; use a longer step or a shorter range`,
    );
  }
  return { startMs, stepMs, steps };
}

function* subquery(arg: Subquery, grid: Grid, evaluate: Evaluator): Generator<Sampled> {
  const inner = subqueryGrid(arg, grid, evaluate.context);
  if (inner.steps === 0) return;
  evaluate.context.budget.hold(2 * inner.steps);
  const points = emptyPoints();
  points.timesMs = new Float64Array(inner.steps);
  points.values = new Float64Array(inner.steps);
  for (const row of evaluate.rows(arg.expr, inner)) {
    let length = 0;
    for (let i = 0; i < inner.steps; i++) {
      if (row.has[i] === 0) continue;
      points.timesMs[length] = inner.startMs + i * inner.stepMs;
      points.values[length++] = row.values[i] as number;
    }
    points.length = length;
    evaluate.context.budget.read(length);
    yield { labels: row.labels, points };
  }
}

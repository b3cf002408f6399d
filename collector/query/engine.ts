/**
 * Questions in, answers out: parses, checks what a question may cost, walks the tree and puts the rows into an answer. Synchronous; it knows the time only from
 * the function that it is given, to see when enough is enough.
 */
import type { LabelPair, Labels } from '../../src/model/labels.ts';
import { pairsOf } from '../../src/model/labels.ts';
import type { Watch } from './eval/budget.ts';
import { Budget } from './eval/budget.ts';
import type { Context } from './eval/context.ts';
import { Notes } from './eval/context.ts';
import { Evaluate } from './eval/evaluate.ts';
import { compareLabels } from './eval/labels.ts';
import { samplesOf, subqueryGrid, windowsOf } from './eval/ranges.ts';
import type { Grid, Row, Rows } from './eval/rows.ts';
import { sameLabels } from './eval/rows.ts';
import { locate } from './functions/window.ts';
import type { Expr } from './parse/ast.ts';
import { bare } from './parse/ast.ts';
import { typeName, typeOf } from './parse/check.ts';
import { parseQuery } from './parse/parse.ts';
import type { AnswerSeries, QueryAnswer, QueryLimits, QueryRequest } from './query.ts';
import { QueryError } from './query.ts';
import type { Source } from './source.ts';

export const DEFAULT_LIMITS: QueryLimits = {
  maxSamples: 50_000_000,
  maxSteps: 11_000,
  maxPoints: 5_000_000,
  timeoutMs: 30_000,
};

const LOOKBACK_MS = 300_000;
const SUBQUERY_STEP_MS = 60_000;

export interface Engine {
  /** Throws a QueryError. */
  query(request: QueryRequest, source: Source, isAborted?: () => boolean): QueryAnswer;
}

/** `now`: milliseconds that only grow (`Clock.monotonic`). */
export function createEngine(limits: QueryLimits, now: () => number): Engine {
  return {
    query: (request, source, isAborted = () => false) => answer(request, source, limits, { now, isAborted }),
  };
}

function answer(request: QueryRequest, source: Source, limits: QueryLimits, watch: Watch): QueryAnswer {
  const expr = parseQuery(request.query);
  const grid = gridOf(request, limits);
  if (request.stepMs > 0) refuseRange(expr);
  const timeoutMs = Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
  const budget = new Budget(limits, timeoutMs, watch);
  const notes = new Notes(request.query);
  const lookbackMs = request.lookbackMs || LOOKBACK_MS;
  const context: Context = {
    source,
    text: request.query,
    whole: grid,
    lookbackMs,
    defaultStepMs: SUBQUERY_STEP_MS,
    budget,
    notes,
  };
  const found = request.stepMs > 0 ? rangeAnswer(expr, grid, context) : instantAnswer(expr, grid, context);
  const series = limited(found.series, request.limit ?? 0, notes);
  for (const note of source.notes()) notes.infos.add(note);
  return {
    ...found,
    series,
    warnings: [...notes.warnings],
    infos: [...notes.infos],
    samples: budget.samples,
    tookMs: budget.tookMs(),
  };
}

function gridOf({ startMs, endMs, stepMs }: QueryRequest, { maxSteps }: QueryLimits): Grid {
  if (stepMs <= 0) return { startMs: endMs, stepMs: 1, steps: 1 };
  if (endMs < startMs)
    throw new QueryError('bad_data', 'invalid parameter "end": end timestamp must not be before start time');
  const steps = Math.floor((endMs - startMs) / stepMs) + 1;
  if (steps > maxSteps + 1) {
    throw new QueryError(
      'bad_data',
      `exceeded maximum resolution of ${maxSteps.toLocaleString('en-US')} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    );
  }
  return { startMs, stepMs, steps };
}

function refuseRange(expr: Expr): void {
  const type = typeOf(expr);
  if (type === 'scalar' || type === 'vector') return;
  throw new QueryError(
    'bad_data',
    `invalid parameter "query": invalid expression type "${typeName(type)}" for range query, must be Scalar or instant Vector`,
  );
}

type Found = Pick<QueryAnswer, 'type' | 'series' | 'text'>;

function instantAnswer(expr: Expr, grid: Grid, context: Context): Found {
  const evaluate = new Evaluate(context);
  switch (typeOf(expr)) {
    case 'string':
      return { type: 'string', series: [], text: evaluate.text(expr) };
    case 'scalar':
      return { type: 'scalar', series: [scalarSeries(evaluate.scalars(expr, grid), grid)] };
    case 'matrix':
      return { type: 'matrix', series: sorted(matrixOf(expr, grid, evaluate)) };
    case 'vector':
      return { type: 'vector', series: inOrder(expr, points(evaluate.rows(expr, grid), grid, context)) };
  }
}

function rangeAnswer(expr: Expr, grid: Grid, context: Context): Found {
  const evaluate = new Evaluate(context);
  if (typeOf(expr) === 'scalar') return { type: 'matrix', series: [scalarSeries(evaluate.scalars(expr, grid), grid)] };
  return { type: 'matrix', series: sorted(points(evaluate.rows(expr, grid), grid, context)) };
}

interface Found1 {
  readonly labels: Labels;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

function scalarSeries(values: Float64Array, grid: Grid): AnswerSeries {
  return { labels: [], timesMs: timesOf(grid), values };
}

function points(rows: Rows, grid: Grid, { budget }: Context): Found1[] {
  const out: Found1[] = [];
  let total = 0;
  const all = timesOf(grid);
  for (const row of rows) {
    const one = packed(row, grid, all);
    if (one.values.length === 0) continue;
    total += one.values.length;
    if (total > budget.limits.maxPoints) {
      throw new QueryError(
        'execution',
        `the answer would have more than ${budget.limits.maxPoints} points; ask for fewer series or a longer step`,
      );
    }
    budget.work(one.values.length);
    out.push(one);
  }
  return out;
}

function timesOf(grid: Grid): Float64Array {
  const timesMs = new Float64Array(grid.steps);
  for (let i = 0; i < grid.steps; i++) timesMs[i] = grid.startMs + i * grid.stepMs;
  return timesMs;
}

/** `all`: the grid's times, which rows with a value at each step share. */
function packed({ labels, values, has }: Row, grid: Grid, all: Float64Array): Found1 {
  let length = 0;
  for (let i = 0; i < has.length; i++) length += has[i] as number;
  if (length === has.length) return { labels, timesMs: all, values: values.slice() };
  const timesMs = new Float64Array(length);
  const kept = new Float64Array(length);
  for (let i = 0, at = 0; i < has.length; i++) {
    if (has[i] === 0) continue;
    timesMs[at] = grid.startMs + i * grid.stepMs;
    kept[at++] = values[i] as number;
  }
  return { labels, timesMs, values: kept };
}

/** A range vector asked for as it is: the samples themselves. */
function matrixOf(outer: Expr, grid: Grid, evaluate: Evaluate): Found1[] {
  const arg = bare(outer);
  if (arg.kind === 'subquery')
    return points(
      evaluate.rows(arg.expr, subqueryGrid(arg, grid, evaluate.context)),
      subqueryGrid(arg, grid, evaluate.context),
      evaluate.context,
    );
  if (arg.kind !== 'matrix') throw new Error(`no range vector: ${arg.kind}`);
  const windows = windowsOf(arg, grid, evaluate.context);
  const out: Found1[] = [];
  for (const {
    labels,
    points: { timesMs, values, length, ...rest },
  } of samplesOf(arg, grid, evaluate)) {
    locate(windows, { timesMs, values, length, ...rest });
    const [from, to] = [windows.lo[0] as number, windows.hi[0] as number];
    if (to > from) out.push({ labels, timesMs: timesMs.slice(from, to), values: values.slice(from, to) });
  }
  return out;
}

function sorted(series: Found1[]): AnswerSeries[] {
  series.sort((a, b) => compareLabels(a.labels, b.labels));
  for (let i = 1; i < series.length; i++) {
    if (compareLabels((series[i - 1] as Found1).labels, (series[i] as Found1).labels) === 0) throw sameLabels();
  }
  return series.map(plain);
}

function plain({ labels, timesMs, values }: Found1): AnswerSeries {
  return { labels: [...pairsOf(labels)] as LabelPair[], timesMs, values };
}

/** Vectors are sorted by labels, unless the question itself is about an order. */
function inOrder(outer: Expr, series: Found1[]): AnswerSeries[] {
  const expr = bare(outer);
  if (expr.kind === 'aggregate' && (expr.op === 'topk' || expr.op === 'bottomk')) return series.map(plain);
  const byLabels = sorted(series);
  if (expr.kind !== 'call' || (expr.func !== 'sort' && expr.func !== 'sort_desc')) return byLabels;
  const sign = expr.func === 'sort' ? 1 : -1;
  const value = (one: AnswerSeries): number => one.values[0] as number;
  return byLabels.sort((a, b) => byValue(value(a), value(b), sign));
}

function byValue(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -sign : sign;
}

function limited(series: readonly AnswerSeries[], limit: number, notes: Notes): readonly AnswerSeries[] {
  if (limit <= 0 || series.length <= limit) return series;
  notes.warnings.add('results truncated due to limit');
  return series.slice(0, limit);
}

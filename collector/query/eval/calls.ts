/** Calls of functions: what each needs of its arguments, and which file answers it. */
import type { Call, Expr, MatrixSelector, Subquery } from '../parse/ast.ts';
import { bare } from '../parse/ast.ts';
import { NO_LABELS } from '../../../src/model/labels.ts';
import { classicFraction, classicQuantile } from '../functions/histogram.ts';
import { clamp, INSTANT_FUNCTIONS, round } from '../functions/instant.ts';
import { labelJoin, labelReplace } from '../functions/relabel.ts';
import { quantileOverTime } from '../functions/quantile.ts';
import type { RangeFunction } from '../functions/overtime.ts';
import { KEEPS_NAME, RANGE_FUNCTIONS } from '../functions/range.ts';
import { predictLinear } from '../functions/regression.ts';
import { absentRows, absentOverTimeRows } from './absent.ts';
import type { Evaluator } from './evaluator.ts';
import { dropName } from './labels.ts';
import { oneName } from './names.ts';
import { quantiles } from './quantiles.ts';
import { rangeRows } from './ranges.ts';
import type { Grid, Row, Rows } from './rows.ts';
import { distinct, merged, newRow } from './rows.ts';
import { selectorRows } from './selector.ts';

export function callRows(call: Call, grid: Grid, evaluate: Evaluator): Rows {
  const { func, args } = call;
  const [first] = args as [Expr, ...Expr[]];
  const range = RANGE_FUNCTIONS.get(func);
  if (range) return overRange({ func, run: range }, first, grid, evaluate);
  const simple = INSTANT_FUNCTIONS.get(func);
  if (simple) return first ? each(first, grid, evaluate, simple) : ofTime(simple, grid);
  switch (func) {
    case 'absent':
      return absentRows(first, grid, evaluate);
    case 'absent_over_time':
      return absentOverTimeRows(first, grid, evaluate);
    case 'quantile_over_time': {
      const q = quantiles(first, grid, evaluate);
      return overRange({ func, run: quantileOverTime(q) }, args[1] as Expr, grid, evaluate);
    }
    case 'predict_linear':
      return overRange({ func, run: predictLinear(evaluate.scalars(args[1] as Expr, grid)) }, first, grid, evaluate);
    case 'timestamp':
      return timestamps(first, grid, evaluate);
    case 'vector':
      return [{ labels: NO_LABELS, values: evaluate.scalars(first, grid), has: new Uint8Array(grid.steps).fill(1) }];
    case 'sort':
    case 'sort_desc':
      return evaluate.rows(first, grid);
    default:
      return withParameters(call, grid, evaluate);
  }
}

function withParameters({ func, args }: Call, grid: Grid, evaluate: Evaluator): Rows {
  const [first, second, third] = args as [Expr, Expr, Expr];
  const scalar = (expr: Expr): Float64Array => evaluate.scalars(expr, grid);
  switch (func) {
    case 'round':
      return rounded(first, grid, evaluate, second ? scalar(second) : new Float64Array(grid.steps).fill(1));
    case 'clamp':
      return clamped(first, grid, evaluate, [scalar(second), scalar(third)]);
    case 'clamp_min':
      return clamped(first, grid, evaluate, [scalar(second), undefined]);
    case 'clamp_max':
      return clamped(first, grid, evaluate, [undefined, scalar(second)]);
    case 'label_replace':
      return labelReplace(args, grid, evaluate);
    case 'label_join':
      return labelJoin(args, grid, evaluate);
    case 'histogram_quantile':
      return classicQuantile(quantiles(first, grid, evaluate), second, grid, evaluate);
    case 'histogram_fraction':
      return classicFraction([scalar(first), scalar(second)], third, grid, evaluate);
    default:
      // What is left is for native histograms, which the store has not got.
      return [];
  }
}

export function callScalars({ func, args }: Call, grid: Grid, evaluate: Evaluator): Float64Array {
  const values = new Float64Array(grid.steps);
  if (func === 'pi') return values.fill(Math.PI);
  if (func === 'time') return values.map((_, i) => (grid.startMs + i * grid.stepMs) / 1000);
  return onlyOne(evaluate.rows(args[0] as Expr, grid), values);
}

/** scalar(): the value of the only series, NaN where there is none or more than one. */
function onlyOne(rows: Rows, values: Float64Array): Float64Array {
  const count = new Uint8Array(values.length);
  values.fill(Number.NaN);
  for (const row of rows) {
    for (let i = 0; i < values.length; i++) {
      if (row.has[i] === 0) continue;
      values[i] = count[i] === 0 ? (row.values[i] as number) : Number.NaN;
      count[i] = 1;
    }
  }
  return values;
}

function overRange(call: { func: string; run: RangeFunction }, arg: Expr, grid: Grid, evaluate: Evaluator): Rows {
  const keepsName = KEEPS_NAME.has(call.func);
  const rows = rangeRows({ ...call, keepsName }, bare(arg) as MatrixSelector | Subquery, grid, evaluate);
  return keepsName || oneName(arg) !== undefined ? rows : distinct(rows);
}

function each(arg: Expr, grid: Grid, evaluate: Evaluator, change: (value: number) => number): Rows {
  return evaluate.mapped(arg, grid, ({ values, has }) => {
    for (let i = 0; i < values.length; i++) if (has[i] === 1) values[i] = change(values[i] as number);
  });
}

function ofTime(change: (seconds: number) => number, grid: Grid): Rows {
  const row = newRow(NO_LABELS, grid.steps);
  row.has.fill(1);
  for (let i = 0; i < grid.steps; i++) row.values[i] = change((grid.startMs + i * grid.stepMs) / 1000);
  return [row];
}

function timestamps(arg: Expr, grid: Grid, evaluate: Evaluator): Rows {
  const inner = bare(arg);
  if (inner.kind !== 'selector') {
    return evaluate.mapped(arg, grid, ({ values }) => {
      for (let i = 0; i < values.length; i++) values[i] = (grid.startMs + i * grid.stepMs) / 1000;
    });
  }
  const rows = namelessCopies(selectorRows(inner, grid, evaluate.context, true));
  return oneName(arg) === undefined ? merged(rows, evaluate.context.budget) : rows;
}

function* namelessCopies(rows: Rows): Generator<Row> {
  for (const row of rows) yield { ...row, labels: dropName(row.labels) };
}

type Bounds = readonly [Float64Array | undefined, Float64Array | undefined];

function clamped(arg: Expr, grid: Grid, evaluate: Evaluator, [min, max]: Bounds): Rows {
  return evaluate.mapped(arg, grid, ({ values, has }) => {
    for (let i = 0; i < values.length; i++) {
      const low = min ? (min[i] as number) : Number.NEGATIVE_INFINITY;
      const high = max ? (max[i] as number) : Number.POSITIVE_INFINITY;
      if (low > high) has[i] = 0;
      else values[i] = clamp(values[i] as number, low, high);
    }
  });
}

function rounded(arg: Expr, grid: Grid, evaluate: Evaluator, nearest: Float64Array): Rows {
  return evaluate.mapped(arg, grid, ({ values }) => {
    for (let i = 0; i < values.length; i++) values[i] = round(values[i] as number, nearest[i] as number);
  });
}

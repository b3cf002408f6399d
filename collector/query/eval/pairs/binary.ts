/** Binary operators: scalars with scalars, vectors with scalars; two vectors are for `joining.ts` and `sets.ts`. */
import type { ArithmeticOp, Binary, Expr } from '../../parse/ast.ts';
import { isCompare, isSet } from '../../parse/ast.ts';
import type { Evaluator } from '../evaluator.ts';
import { joinedRows } from './joining.ts';
import { ARITHMETIC, COMPARE } from './operators.ts';
import type { Grid, Row, Rows } from '../rows.ts';
import { newRow } from '../rows.ts';
import { setRows } from './sets.ts';

export function binaryScalars(expr: Binary, grid: Grid, evaluate: Evaluator): Float64Array {
  const left = evaluate.scalars(expr.left, grid);
  const right = evaluate.scalars(expr.right, grid);
  const calculate = calculation(expr);
  return left.map((value, i) => calculate(value, right[i] as number));
}

/** Comparisons as numbers, which they are between scalars and with `bool`. */
function calculation({ op }: Binary): (left: number, right: number) => number {
  if (!isCompare(op)) return ARITHMETIC[op as ArithmeticOp];
  const holds = COMPARE[op];
  return (left, right) => (holds(left, right) ? 1 : 0);
}

export function binaryRows(expr: Binary, grid: Grid, evaluate: Evaluator): Rows {
  const { op, left, right } = expr;
  if (isSet(op)) return setRows(expr, grid, evaluate);
  if (evaluate.isScalar(left)) return withScalar(expr, right, { grid, evaluate, swapped: true });
  if (evaluate.isScalar(right)) return withScalar(expr, left, { grid, evaluate, swapped: false });
  return joinedRows(expr, grid, evaluate);
}

interface Asked {
  readonly grid: Grid;
  readonly evaluate: Evaluator;
  /** The scalar is on the left. */
  readonly swapped: boolean;
}

function withScalar(expr: Binary, vector: Expr, { grid, evaluate, swapped }: Asked): Rows {
  const scalar = evaluate.scalars(swapped ? expr.left : expr.right, grid);
  if (isCompare(expr.op) && !expr.bool) {
    const holds = COMPARE[expr.op];
    const test = (value: number, i: number): boolean => {
      const other = scalar[i] as number;
      return swapped ? holds(other, value) : holds(value, other);
    };
    return filtered(evaluate.rows(vector, grid), test, grid.steps);
  }
  const calculate = calculation(expr);
  return evaluate.mapped(vector, grid, ({ values }) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const other = scalar[i] as number;
      values[i] = swapped ? calculate(other, value) : calculate(value, other);
    }
  });
}

/** The values that pass, with their name. */
function* filtered(rows: Rows, test: (value: number, step: number) => boolean, steps: number): Generator<Row> {
  let own: Row | undefined;
  for (const { labels, values, has } of rows) {
    own ??= newRow(labels, steps);
    own.labels = labels;
    let any = false;
    for (let i = 0; i < steps; i++) {
      const passes = has[i] === 1 && test(values[i] as number, i);
      own.has[i] = passes ? 1 : 0;
      if (passes) own.values[i] = values[i] as number;
      any ||= passes;
    }
    if (any) yield own;
  }
}

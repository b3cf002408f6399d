/**
 * The walk over the tree: each expression becomes rows (one series at a time) or, if it is a scalar, one number for each step. What does not change
 * from step to step (all its selectors are pinned by `@`) is asked once.
 */
import type { Expr, StringLiteral } from '../parse/ast.ts';
import { bare } from '../parse/ast.ts';
import { typeOf } from '../parse/check.ts';
import { aggregateRows } from './groups/aggregate.ts';
import { binaryRows, binaryScalars } from './pairs/binary.ts';
import { callRows, callScalars } from './calls.ts';
import type { Context } from './context.ts';
import { dropName } from './labels.ts';
import { oneName } from './names.ts';
import type { Evaluator } from './evaluator.ts';
import { isPinned } from './pinned.ts';
import type { Grid, Row, Rows } from './rows.ts';
import { merged, newRow, single } from './rows.ts';
import { selectorRows } from './selector.ts';

export class Evaluate implements Evaluator {
  readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  rows(outer: Expr, grid: Grid): Rows {
    const expr = bare(outer);
    this.context.budget.hold(grid.steps);
    if (grid.steps > 1 && isPinned(expr)) return spread(this.#rows(expr, single(grid.startMs)), grid);
    return this.#rows(expr, grid);
  }

  #rows(expr: Expr, grid: Grid): Rows {
    switch (expr.kind) {
      case 'selector':
        return selectorRows(expr, grid, this.context);
      case 'unary':
        return expr.op === '+' ? this.rows(expr.expr, grid) : this.#negated(expr.expr, grid);
      case 'call':
        return callRows(expr, grid, this);
      case 'aggregate':
        return aggregateRows(expr, grid, this);
      case 'binary':
        return binaryRows(expr, grid, this);
      default:
        throw new Error(`no rows: ${expr.kind}`);
    }
  }

  /** One number for each step. */
  scalars(outer: Expr, grid: Grid): Float64Array {
    const expr = bare(outer);
    this.context.budget.hold(grid.steps);
    switch (expr.kind) {
      case 'number':
        return new Float64Array(grid.steps).fill(expr.value);
      case 'unary': {
        const values = this.scalars(expr.expr, grid);
        return expr.op === '-' ? values.map((value) => -value) : values;
      }
      case 'binary':
        return binaryScalars(expr, grid, this);
      case 'call':
        return callScalars(expr, grid, this);
      default:
        throw new Error(`no scalar: ${expr.kind}`);
    }
  }

  text(outer: Expr): string {
    return (bare(outer) as StringLiteral).value;
  }

  isScalar(expr: Expr): boolean {
    return typeOf(expr) === 'scalar';
  }

  /** Each value changed, the name dropped; what then has equal labels is merged or refused. */
  mapped(arg: Expr, grid: Grid, change: (row: Row) => void): Rows {
    const rows = changedRows(this.rows(arg, grid), change, grid.steps);
    return oneName(arg) === undefined ? merged(rows, this.context.budget) : rows;
  }

  #negated(arg: Expr, grid: Grid): Rows {
    return this.mapped(arg, grid, ({ values }) => {
      for (let i = 0; i < values.length; i++) values[i] = -(values[i] as number);
    });
  }
}

function* changedRows(rows: Rows, change: (row: Row) => void, steps: number): Generator<Row> {
  let own: Row | undefined;
  for (const row of rows) {
    own ??= newRow(row.labels, steps);
    own.labels = dropName(row.labels);
    own.values.set(row.values);
    own.has.set(row.has);
    change(own);
    if (own.has.includes(1)) yield own;
  }
}

function* spread(rows: Rows, grid: Grid): Generator<Row> {
  for (const { labels, values, has } of rows) {
    const row = newRow(labels, grid.steps);
    row.values.fill(values[0] as number);
    row.has.fill(has[0] as number);
    yield row;
  }
}

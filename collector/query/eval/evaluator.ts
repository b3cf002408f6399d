/** How an operator asks for its arguments: as the walk over the tree (`evaluate.ts`) answers it. */
import type { Expr } from '../parse/ast.ts';
import type { Context } from './context.ts';
import type { Grid, Row, Rows } from './rows.ts';

export interface Evaluator {
  readonly context: Context;
  rows(expr: Expr, grid: Grid): Rows;
  /** One number for each step. */
  scalars(expr: Expr, grid: Grid): Float64Array;
  /** The value of a string literal. */
  text(expr: Expr): string;
  isScalar(expr: Expr): boolean;
  /** Each row changed in place, without its name; what then has equal labels is merged or refused. */
  mapped(arg: Expr, grid: Grid, change: (row: Row) => void): Rows;
}

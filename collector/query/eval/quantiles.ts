/** The parameter of a quantile: any number will do, but one outside of 0 to 1 is hardly meant. */
import type { Expr } from '../parse/ast.ts';
import type { Evaluator } from './evaluator.ts';
import { plainNumber } from './plainnumber.ts';
import type { Grid } from './rows.ts';

export function quantiles(expr: Expr, grid: Grid, evaluate: Evaluator): Float64Array {
  const q = evaluate.scalars(expr, grid);
  const odd = q.find((value) => Number.isNaN(value) || value < 0 || value > 1);
  if (odd !== undefined) {
    evaluate.context.notes.warn(`quantile value should be between 0 and 1, got ${plainNumber(odd)}`, expr);
  }
  return q;
}

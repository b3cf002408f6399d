/**
 * Aggregations. Most take one row after the other into their group's accumulator, and no row is kept; topk, bottomk, quantile and count_values need all values
 * of a step at once (`selecting.ts`).
 */
import type { Aggregate } from '../../parse/ast.ts';
import type { Accumulator } from './accumulators.ts';
import { accumulator } from './accumulators.ts';
import type { Evaluator } from '../evaluator.ts';
import { Groups } from './grouping.ts';
import type { Grid, Row, Rows } from '../rows.ts';
import { newRow } from '../rows.ts';
import { countedValues, quantileRows, strongest } from './selecting.ts';

export function aggregateRows(expr: Aggregate, grid: Grid, evaluate: Evaluator): Rows {
  const make = accumulator(expr.op);
  if (make) return accumulated(expr, grid, evaluate, make);
  switch (expr.op) {
    case 'quantile':
      return quantileRows(expr, grid, evaluate);
    case 'count_values':
      return countedValues(expr, grid, evaluate);
    default:
      return strongest(expr, grid, evaluate);
  }
}

function* accumulated(
  expr: Aggregate,
  grid: Grid,
  evaluate: Evaluator,
  make: (steps: number) => Accumulator,
): Generator<Row> {
  const { budget } = evaluate.context;
  const groups = new Groups<Accumulator>(expr);
  const begin = (): Accumulator => {
    const made = make(grid.steps);
    budget.hold(grid.steps * made.width);
    return made;
  };
  for (const { labels, values, has } of evaluate.rows(expr.expr, grid)) {
    groups.of(labels, begin).add(values, has);
    budget.work(grid.steps);
  }
  const row = newRow({ names: [], values: [], key: '' }, grid.steps);
  for (const { labels, group } of groups.all) {
    row.labels = labels;
    group.finish(row);
    yield row;
  }
}

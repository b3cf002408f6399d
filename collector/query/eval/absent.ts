/** absent() and absent_over_time(): 1 where there is nothing, with the labels that the selector says it would have. */
import type { Labels } from '../../../src/model/labels.ts';
import { labels as labelsOf, NO_LABELS } from '../../../src/model/labels.ts';
import type { Expr, MatrixSelector, Subquery } from '../parse/ast.ts';
import { bare } from '../parse/ast.ts';
import { locate } from '../functions/window.ts';
import type { Evaluator } from './evaluator.ts';
import { samplesOf, windowsOf } from './ranges.ts';
import type { Grid, Rows } from './rows.ts';
import { newRow } from './rows.ts';

export function absentRows(arg: Expr, grid: Grid, evaluate: Evaluator): Rows {
  const present = new Uint8Array(grid.steps);
  for (const { has } of evaluate.rows(arg, grid)) {
    for (let i = 0; i < present.length; i++) if (has[i] === 1) present[i] = 1;
  }
  return missing(present, arg);
}

export function absentOverTimeRows(outer: Expr, grid: Grid, evaluate: Evaluator): Rows {
  const arg = bare(outer) as MatrixSelector | Subquery;
  const present = new Uint8Array(grid.steps);
  const windows = windowsOf(arg, grid, evaluate.context);
  for (const { points } of samplesOf(arg, grid, evaluate)) {
    windows.rangeMs = Math.max(arg.rangeMs, 2 * points.resolutionMs);
    locate(windows, points);
    for (let i = 0; i < present.length; i++) {
      if ((windows.hi[i] as number) > (windows.lo[i] as number)) present[i] = 1;
    }
  }
  return missing(present, arg);
}

function missing(present: Uint8Array, arg: Expr): Rows {
  const row = newRow(wouldBe(arg), present.length);
  row.values.fill(1);
  for (let i = 0; i < present.length; i++) row.has[i] = present[i] === 1 ? 0 : 1;
  return row.has.includes(1) ? [row] : [];
}

/** Labels that the selector demands by `=`, each once. */
function wouldBe(outer: Expr): Labels {
  const expr = bare(outer);
  const selector = expr.kind === 'matrix' ? expr.selector : expr;
  if (selector.kind !== 'selector') return NO_LABELS;
  const matchers = selector.matchers.filter(({ name }) => name !== '__name__');
  const once = matchers.filter(
    ({ name, op }) => op === '=' && matchers.filter((one) => one.name === name).length === 1,
  );
  return labelsOf(once.map(({ name, value }) => [name, value] as const));
}

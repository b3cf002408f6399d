/** Aggregations that need all values of a step at once: topk and bottomk, quantile, count_values. The rows are collected first. */
import type { Labels } from '../../../../src/model/labels.ts';
import { quantileOf } from '../../functions/quantile.ts';
import type { Aggregate, Expr } from '../../parse/ast.ts';
import { QueryError } from '../../query.ts';
import type { Evaluator } from '../evaluator.ts';
import { Groups } from './grouping.ts';
import { compareLabels, withLabel } from '../labels.ts';
import { plainNumber } from '../plainnumber.ts';
import { quantiles } from '../quantiles.ts';
import type { Grid, Row, Rows } from '../rows.ts';
import { copyRow, newRow } from '../rows.ts';

/** In the order of their labels, which decides between equal values. */
function collected(expr: Expr, grid: Grid, evaluate: Evaluator): Row[] {
  const rows: Row[] = [];
  for (const row of evaluate.rows(expr, grid)) rows.push(copyRow(row, evaluate.context.budget));
  return rows.sort((a, b) => compareLabels(a.labels, b.labels));
}

function grouped(expr: Aggregate, grid: Grid, evaluate: Evaluator): Iterable<{ labels: Labels; group: Row[] }> {
  const groups = new Groups<Row[]>(expr);
  for (const row of collected(expr.expr, grid, evaluate)) groups.of(row.labels, () => []).push(row);
  return groups.all;
}

export function* quantileRows(expr: Aggregate, grid: Grid, evaluate: Evaluator): Generator<Row> {
  const q = quantiles(expr.param as Expr, grid, evaluate);
  for (const { labels, group } of grouped(expr, grid, evaluate)) {
    const out = newRow(labels, grid.steps);
    const there = new Float64Array(group.length);
    for (let i = 0; i < grid.steps; i++) {
      let length = 0;
      for (const { values, has } of group) if (has[i] === 1) there[length++] = values[i] as number;
      evaluate.context.budget.work(group.length);
      if (length === 0) continue;
      out.has[i] = 1;
      out.values[i] = quantileOf(q[i] as number, length, (into) => into.set(there.subarray(0, length)));
    }
    yield out;
  }
}

export function countedValues(expr: Aggregate, grid: Grid, evaluate: Evaluator): Rows {
  const { budget } = evaluate.context;
  const name = evaluate.text(expr.param as Expr);
  const groups = new Groups<Labels>(expr);
  const out = new Map<string, Row>();
  for (const { labels, values, has } of evaluate.rows(expr.expr, grid)) {
    const group = groups.of(labels, (own) => own);
    let target: Row | undefined;
    let last = Number.NaN;
    for (let i = 0; i < grid.steps; i++) {
      if (has[i] === 0) continue;
      const value = values[i] as number;
      // The two zeros are equal, and their texts are not.
      if (!target || !Object.is(value, last)) {
        const own = withLabel(group, name, plainNumber(value));
        target = out.get(own.key);
        if (!target) {
          budget.hold(grid.steps);
          target = newRow(own, grid.steps);
          out.set(own.key, target);
        }
        last = value;
      }
      target.has[i] = 1;
      target.values[i] = (target.values[i] as number) + 1;
    }
    budget.work(grid.steps);
  }
  return out.values();
}

/** topk and bottomk. Asked at one instant, each group's strongest comes first. */
export function* strongest(expr: Aggregate, grid: Grid, evaluate: Evaluator): Generator<Row> {
  const k = counts(evaluate.scalars(expr.param as Expr, grid));
  const better = expr.op === 'topk' ? 1 : -1;
  for (const { group } of grouped(expr, grid, evaluate)) {
    const kept = group.map(({ has }) => new Uint8Array(has.length));
    let order: readonly number[] = [];
    for (let i = 0; i < grid.steps; i++) {
      order = best(group, i, Math.min(k[i] as number, group.length), better);
      for (const at of order) (kept[at] as Uint8Array)[i] = 1;
      evaluate.context.budget.work(group.length);
    }
    const wanted = grid.steps === 1 ? order : group.keys();
    for (const at of wanted) {
      const { labels, values } = group[at] as Row;
      const has = kept[at] as Uint8Array;
      if (has.includes(1)) yield { labels, values, has };
    }
  }
}

function counts(values: Float64Array): Float64Array {
  return values.map((value) => {
    if (Number.isNaN(value)) throw new QueryError('execution', 'Parameter value is NaN');
    if (Math.abs(value) >= 2 ** 63) throw new QueryError('execution', `Scalar value ${value} overflows int64`);
    return Math.max(0, Math.trunc(value));
  });
}

/** Positions of the k strongest at a step, the strongest first; NaN only where nothing else is left, the earlier of equals. */
function best(group: readonly Row[], step: number, k: number, sign: number): number[] {
  if (k === 0) return [];
  const value = (at: number): number => (group[at] as Row).values[step] as number;
  const found: number[] = [];
  for (let at = 0; at < group.length; at++) {
    if ((group[at] as Row).has[step] === 0) continue;
    if (found.length === k && !stronger(value(at), value(found[k - 1] as number), sign)) continue;
    // Small k: the place is looked for from the weak end.
    let place = Math.min(found.length, k - 1);
    while (place > 0 && stronger(value(at), value(found[place - 1] as number), sign)) {
      found[place] = found[place - 1] as number;
      place--;
    }
    found[place] = at;
  }
  return found;
}

function stronger(a: number, b: number, sign: number): boolean {
  if (Number.isNaN(a)) return false;
  return Number.isNaN(b) || a * sign > b * sign;
}

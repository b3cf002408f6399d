/**
 * What metric name all rows of an expression have. Where it is the same for all (or none), dropping it cannot make two label sets equal, and rows can
 * pass one at a time.
 */
import type { Expr } from '../parse/ast.ts';
import { bare, isCompare, isSet } from '../parse/ast.ts';
import { KEEPS_NAME } from '../functions/range.ts';

/** The one name; empty if rows have none; undefined if they may differ. */
export function oneName(outer: Expr): string | undefined {
  const expr = bare(outer);
  switch (expr.kind) {
    case 'selector':
      return expr.matchers.find(({ name, op, value }) => name === '__name__' && op === '=' && value !== '')?.value;
    case 'matrix':
      return oneName(expr.selector);
    case 'subquery':
      return oneName(expr.expr);
    case 'call':
      return ofCall(expr.func, expr.args);
    case 'aggregate':
      return ofAggregate(expr);
    case 'binary':
      return ofBinary(expr);
    default:
      return '';
  }
}

const SAME: ReadonlySet<string> = new Set([...KEEPS_NAME, 'sort', 'sort_desc']);

function ofCall(func: string, args: readonly Expr[]): string | undefined {
  if (SAME.has(func)) return oneName(args[0] as Expr);
  if (func !== 'label_replace' && func !== 'label_join') return '';
  const target = bare(args[1] as Expr);
  return target.kind === 'string' && target.value === '__name__' ? undefined : oneName(args[0] as Expr);
}

function ofAggregate(expr: Expr & { kind: 'aggregate' }): string | undefined {
  if (expr.op === 'topk' || expr.op === 'bottomk') return oneName(expr.expr);
  if (expr.op === 'count_values' && expr.param && bare(expr.param).kind === 'string') return undefined;
  return !expr.without && expr.labels.includes('__name__') ? oneName(expr.expr) : '';
}

function ofBinary(expr: Expr & { kind: 'binary' }): string | undefined {
  const { op, matching, left, right } = expr;
  if (matching.include.includes('__name__')) return undefined;
  if (op === 'or') return oneName(left) === oneName(right) ? oneName(left) : undefined;
  if (isSet(op)) return oneName(left);
  if (!isCompare(op) || expr.bool) return matching.on && matching.labels.includes('__name__') ? undefined : '';
  return matching.card === 'one-to-many' ? oneName(right) : either(left, right);
}

/** A comparison with a scalar keeps the vector's name, whichever side it is on. */
function either(left: Expr, right: Expr): string | undefined {
  const name = oneName(left);
  return name === '' ? oneName(right) : name;
}

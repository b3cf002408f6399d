/** Which expressions are the same at every step: all their selectors are pinned by `@`, and nothing in them asks what time it is. */
import type { Expr } from '../parse/ast.ts';
import { bare } from '../parse/ast.ts';
import { TIME_FUNCTIONS } from '../functions/calendar.ts';

const known = new WeakMap<Expr, boolean>();

export function isPinned(outer: Expr): boolean {
  const expr = bare(outer);
  let answer = known.get(expr);
  if (answer === undefined) {
    answer = pinned(expr);
    known.set(expr, answer);
  }
  return answer;
}

function pinned(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
      return expr.at !== undefined;
    case 'matrix':
      return expr.selector.at !== undefined;
    case 'subquery':
      return expr.at !== undefined;
    case 'unary':
    case 'paren':
      return isPinned(expr.expr);
    case 'binary':
      return isPinned(expr.left) && isPinned(expr.right);
    case 'aggregate':
      return isPinned(expr.expr) && (expr.param === undefined || isPinned(expr.param));
    case 'call':
      return pinnedCall(expr);
  }
}

const ASK_THE_TIME: ReadonlySet<string> = new Set([...TIME_FUNCTIONS, 'time', 'predict_linear', 'timestamp']);

function pinnedCall({ func, args }: Expr & { kind: 'call' }): boolean {
  // timestamp() of a selector is the sample's own time; of anything else it is that of the question.
  if (func === 'timestamp' && bare(args[0] as Expr).kind === 'selector') return isPinned(args[0] as Expr);
  return !ASK_THE_TIME.has(func) && args.every(isPinned);
}

/**
 * Operators and what binds them. The grammar's tree keeps the order of the text but not PromQL's precedence (`-2^2`, `a + b offset 5m`), so what
 * is between two parentheses comes here as a row of signs, operands and operators, and goes out as a tree. `^` binds to the right and tighter than
 * a sign; what stands behind an operand (`offset`, `@`, brackets) is bound already.
 */
import type { BinaryOp, Expr, Matching } from './ast.ts';
import { isSet } from './ast.ts';

export interface Operator {
  readonly op: BinaryOp;
  readonly bool: boolean;
  readonly matching: Matching | undefined;
}

export type Link =
  | { readonly sign: '+' | '-'; readonly from: number }
  | { readonly operand: Expr }
  | { readonly operator: Operator };

const POWER = 6;
const TIMES = 5;

function binding(op: BinaryOp): number {
  if (op === '^') return POWER;
  if (op === '*' || op === '/' || op === '%' || op === 'atan2') return TIMES;
  if (op === '+' || op === '-') return 4;
  if (op === 'and' || op === 'unless') return 2;
  return op === 'or' ? 1 : 3;
}

/** Links in the order of the text, alternating as the grammar has made sure of. */
export function climb(links: readonly Link[]): Expr {
  let at = 0;

  const operand = (): Expr => {
    const signs: { sign: '+' | '-'; from: number }[] = [];
    let link = links[at++] as Link;
    while ('sign' in link) {
      signs.push(link);
      link = links[at++] as Link;
    }
    let expr = (link as { operand: Expr }).operand;
    // Behind a sign only `^` comes before it.
    if (signs.length > 0) expr = chain(expr, POWER);
    for (const { sign, from } of signs.reverse()) expr = signed(sign, from, expr);
    return expr;
  };

  const chain = (first: Expr, lowest: number): Expr => {
    let left = first;
    while (at < links.length) {
      const { operator } = links[at] as { operator: Operator };
      const power = binding(operator.op);
      if (power < lowest) break;
      at++;
      const right = chain(operand(), power === POWER ? POWER : power + 1);
      left = joined(left, operator, right);
    }
    return left;
  };

  return chain(operand(), 1);
}

/** A sign before a number belongs to the number. */
function signed(sign: '+' | '-', from: number, expr: Expr): Expr {
  if (expr.kind === 'number') return { ...expr, from, value: sign === '-' ? -expr.value : expr.value };
  return { kind: 'unary', op: sign, expr, from, to: expr.to };
}

function joined(left: Expr, { op, bool, matching }: Operator, right: Expr): Expr {
  const card = isSet(op) ? 'many-to-many' : (matching?.card ?? 'one-to-one');
  const rule: Matching = { card, on: false, labels: [], include: [], ...(matching ? { ...matching, card } : {}) };
  return { kind: 'binary', op, left, right, bool, matching: rule, from: left.from, to: right.to };
}

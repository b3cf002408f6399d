/** A tree as plain objects, in the shape that Prometheus' `parse_query` answers with and its page draws. */
import type { At, Binary, Call, Expr, Shift, VectorSelector } from './ast.ts';
import { typeOf } from './check.ts';
import { printNumber } from './print.ts';
import { FUNCTIONS } from './signatures.ts';

export type Json = { readonly [key: string]: unknown };

export function toJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: numberText(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'selector':
      return { type: 'vectorSelector', ...selector(expr) };
    case 'matrix':
      return { type: 'matrixSelector', range: expr.rangeMs, ...selector(expr.selector) };
    case 'subquery':
      return { type: 'subquery', expr: toJson(expr.expr), range: expr.rangeMs, step: expr.stepMs, ...shift(expr) };
    case 'paren':
      return { type: 'parenExpr', expr: toJson(expr.expr) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: toJson(expr.expr) };
    case 'binary':
      return binary(expr);
    case 'call':
      return { type: 'call', func: signature(expr), args: expr.args.map(toJson) };
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: toJson(expr.expr),
        param: expr.param ? toJson(expr.param) : null,
        grouping: expr.labels,
        without: expr.without,
      };
  }
}

function numberText(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : printNumber({ value, duration: false });
}

function selector(expr: VectorSelector): Json {
  const matchers = expr.matchers.map(({ name, op, value }) => ({ name, type: op, value }));
  return { name: expr.name, matchers, ...shift(expr) };
}

function shift({ offsetMs, at }: Shift): Json {
  const word = (one: At | undefined): string | null => (one === 'start' || one === 'end' ? one : null);
  return { offset: offsetMs, timestamp: typeof at === 'number' ? at : null, startOrEnd: word(at) };
}

function binary({ op, left, right, bool, matching }: Binary): Json {
  const vectors = typeOf(left) === 'vector' && typeOf(right) === 'vector';
  const { card, labels, on, include } = matching;
  return {
    type: 'binaryExpr',
    op,
    lhs: toJson(left),
    rhs: toJson(right),
    matching: vectors ? { card, labels, on, include } : null,
    bool,
  };
}

const TYPES = { scalar: 'scalar', vector: 'vector', matrix: 'matrix', string: 'string' } as const;

function signature({ func }: Call): Json {
  const found = FUNCTIONS.get(func);
  if (!found) return { name: func };
  const { name, args, variadic, returns } = found;
  return { name, argTypes: args.map((type) => TYPES[type]), variadic, returnType: TYPES[returns] };
}

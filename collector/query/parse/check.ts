/** Types: which expression may stand where, in Prometheus' words. The tree is as it was when nothing is wrong. */
import type { Aggregate, Binary, Call, Expr, ValueType } from './ast.ts';
import { bare, isCompare, isSet } from './ast.ts';
import { parseError, quote } from './failure.ts';
import { EXPERIMENTAL, FUNCTIONS } from './signatures.ts';
import type { Signature } from './signatures.ts';

const WORDS: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};

export function typeName(type: ValueType): string {
  return WORDS[type];
}

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'matrix':
    case 'subquery':
      return 'matrix';
    case 'paren':
    case 'unary':
      return typeOf(expr.expr);
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector';
    case 'call':
      return (FUNCTIONS.get(expr.func) as Signature).returns;
  }
}

/** Throws a QueryError for the first thing that is wrong, innermost first. */
export function check(expr: Expr, text: string): ValueType {
  switch (expr.kind) {
    case 'paren':
      return check(expr.expr, text);
    case 'unary': {
      const type = check(expr.expr, text);
      if (type === 'scalar' || type === 'vector') return type;
      throw parseError(
        text,
        expr,
        `unary expression only allowed on expressions of type scalar or instant vector, got ${quote(typeName(type))}`,
      );
    }
    case 'subquery': {
      const type = check(expr.expr, text);
      if (type === 'vector') return 'matrix';
      throw parseError(text, expr, `subquery is only allowed on instant vector, got ${typeName(type)} instead`);
    }
    case 'binary':
      return checkBinary(expr, text);
    case 'call':
      return checkCall(expr, text);
    case 'aggregate':
      return checkAggregate(expr, text);
    default:
      return typeOf(expr);
  }
}

function expectType(expr: Expr, wanted: ValueType, where: string, text: string): void {
  const type = check(expr, text);
  if (type === wanted) return;
  throw parseError(text, expr, `expected type ${typeName(wanted)} in ${where}, got ${typeName(type)}`);
}

/** A chain of operators leans to the left and may be long: the walk down its spine is a loop. */
function checkBinary(top: Binary, text: string): ValueType {
  const spine: Binary[] = [];
  let left: Expr = top;
  while (left.kind === 'binary') {
    spine.push(left);
    left = left.left;
  }
  let type = check(left, text);
  for (let i = spine.length - 1; i >= 0; i--) {
    const expr = spine[i] as Binary;
    type = operatorType(expr, [type, check(expr.right, text)], text);
  }
  return type;
}

function operatorType(expr: Binary, [left, right]: readonly [ValueType, ValueType], text: string): ValueType {
  const { op, matching } = expr;
  for (const [type, side] of [
    [left, expr.left],
    [right, expr.right],
  ] as const) {
    if (type !== 'scalar' && type !== 'vector') {
      throw parseError(text, side, 'binary expression must contain only scalar and instant vector types');
    }
  }
  const fail = (message: string): never => {
    throw parseError(text, expr, message);
  };
  const scalars = left === 'scalar' && right === 'scalar';
  if (expr.bool && !isCompare(op)) fail('bool modifier can only be used on comparison operators');
  if (isCompare(op) && !expr.bool && scalars) fail('comparisons between scalars must use BOOL modifier');
  const twice = matching.on ? matching.labels.find((name) => matching.include.includes(name)) : undefined;
  if (twice !== undefined) fail(`label ${quote(twice)} must not occur in ON and GROUP clause at once`);
  if (isSet(op)) {
    if (left === 'scalar' || right === 'scalar')
      fail(`set operator ${quote(op)} not allowed in binary scalar expression`);
    if (matching.include.length > 0 || hasGroup(expr, text)) fail(`no grouping allowed for ${quote(op)} operation`);
  }
  if ((left === 'scalar' || right === 'scalar') && (matching.on || matching.labels.length > 0)) {
    fail('vector matching only allowed between instant vectors');
  }
  return scalars ? 'scalar' : 'vector';
}

/** Set operators are many-to-many, so that the tree no longer tells whether `group_left` was written. */
function hasGroup(expr: Binary, text: string): boolean {
  return /\bgroup_(?:left|right)\b/i.test(text.slice(expr.left.to, expr.right.from));
}

function checkCall(expr: Call, text: string): ValueType {
  const signature = FUNCTIONS.get(expr.func);
  if (!signature) {
    const known = EXPERIMENTAL.has(expr.func) || EXPERIMENTAL.has(expr.func.toLowerCase());
    throw parseError(
      text,
      expr,
      known
        ? `${expr.func}() is experimental in Prometheus and not supported`
        : `unknown function with name ${quote(expr.func)}`,
    );
  }
  checkCount(expr, signature, text);
  expr.args.forEach((arg, i) => {
    const wanted = signature.args[Math.min(i, signature.args.length - 1)] as ValueType;
    expectType(arg, wanted, `call to function ${quote(expr.func)}`, text);
  });
  return signature.returns;
}

function checkCount(expr: Call, { args, variadic, name }: Signature, text: string): void {
  const got = expr.args.length;
  const most = variadic < 0 ? Number.POSITIVE_INFINITY : args.length;
  const least = variadic < 0 ? args.length - 1 : args.length - variadic;
  const call = `argument(s) in call to ${quote(name)}, got ${got}`;
  if (least === most && got !== most) throw parseError(text, expr, `expected ${most} ${call}`);
  if (got < least) throw parseError(text, expr, `expected at least ${least} ${call}`);
  if (got > most) throw parseError(text, expr, `expected at most ${most} ${call}`);
}

function checkAggregate(expr: Aggregate, text: string): ValueType {
  expectType(expr.expr, 'vector', 'aggregation expression', text);
  if (!expr.param) return 'vector';
  expectType(expr.param, expr.op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter', text);
  const name = bare(expr.param);
  if (name.kind === 'string' && (name.value === '' || !name.value.isWellFormed())) {
    throw parseError(text, expr.param, `invalid label name ${quote(name.value)}`);
  }
  return 'vector';
}

/** A tree as text again: on one line, or over several where it would be longer than people read (`format_query`). Parsing the text gives the same tree. */
import type { Aggregate, At, Binary, Expr, NumberLiteral, Shift, VectorSelector } from './ast.ts';
import { quote } from './failure.ts';
import { printDuration } from './literals.ts';

const LONGEST_LINE = 100;
const IDENTIFIER = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr);
    case 'string':
      return quote(expr.value);
    case 'selector':
      return selectorText(expr) + shiftText(expr);
    case 'matrix':
      return `${selectorText(expr.selector)}[${printDuration(expr.rangeMs)}]${shiftText(expr.selector)}`;
    case 'subquery':
      return print(expr.expr) + subqueryText(expr);
    case 'paren':
      return `(${print(expr.expr)})`;
    case 'unary':
      return `${expr.op}${print(expr.expr)}`;
    case 'binary':
      return `${print(expr.left)} ${operatorText(expr)} ${print(expr.right)}`;
    case 'call':
      return `${expr.func}(${expr.args.map(print).join(', ')})`;
    case 'aggregate':
      return `${aggregateText(expr)}(${expr.param ? `${print(expr.param)}, ` : ''}${print(expr.expr)})`;
  }
}

/** Over several lines, each level two spaces further in; what fits on a line stays on one. */
export function printPretty(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level);
  const whole = print(expr);
  if (whole.length <= LONGEST_LINE) return indent + whole;
  const inner = (one: Expr): string => printPretty(one, level + 1);
  switch (expr.kind) {
    case 'paren':
      return `${indent}(\n${inner(expr.expr)}\n${indent})`;
    case 'unary':
      return indent + expr.op + printPretty(expr.expr, level).trim();
    case 'binary':
      return `${inner(expr.left)}\n${indent}${operatorText(expr)}\n${inner(expr.right)}`;
    case 'subquery':
      return printPretty(expr.expr, level) + subqueryText(expr);
    case 'call':
      return expr.args.length === 0
        ? indent + whole
        : `${indent}${expr.func}(\n${expr.args.map(inner).join(',\n')}\n${indent})`;
    case 'aggregate':
      return `${indent}${aggregateText(expr)}(\n${expr.param ? `${inner(expr.param)},\n` : ''}${inner(expr.expr)}\n${indent})`;
    default:
      return indent + whole;
  }
}

function subqueryText(expr: Expr & { kind: 'subquery' }): string {
  return `[${printDuration(expr.rangeMs)}:${expr.stepMs > 0 ? printDuration(expr.stepMs) : ''}]${shiftText(expr)}`;
}

export function printNumber({ value, duration }: Pick<NumberLiteral, 'value' | 'duration'>): string {
  if (duration && Number.isInteger(value * 1000)) return printDuration(value * 1000);
  // A plus before it would be a sign of its own before `^`.
  if (value === Number.POSITIVE_INFINITY) return 'Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const small = value !== 0 && Math.abs(value) < 1e-4;
  return (small ? value.toExponential() : String(value)).replace(/e([-+])(\d)$/, 'e$10$2');
}

function selectorText({ name, matchers }: VectorSelector): string {
  const plain = IDENTIFIER.test(name);
  const inside = name !== '' && !plain ? [quote(name)] : [];
  // The name's own matcher is the last.
  for (const matcher of name === '' ? matchers : matchers.slice(0, -1)) {
    inside.push(`${labelText(matcher.name)}${matcher.op}${quote(matcher.value)}`);
  }
  const braces = inside.length > 0 || name === '' ? `{${inside.join(',')}}` : '';
  return (plain ? name : '') + braces;
}

function labelText(name: string): string {
  return LABEL.test(name) ? name : quote(name);
}

function shiftText({ at, offsetMs }: Shift): string {
  return (at === undefined ? '' : ` @ ${atText(at)}`) + (offsetMs === 0 ? '' : ` offset ${printDuration(offsetMs)}`);
}

function atText(at: At): string {
  return typeof at === 'number' ? (at / 1000).toFixed(3) : `${at}()`;
}

function names(labels: readonly string[]): string {
  return `(${labels.map(labelText).join(', ')})`;
}

function operatorText({ op, bool, matching }: Binary): string {
  let text: string = op;
  if (bool) text += ' bool';
  const { on, labels, card, include } = matching;
  const grouped = card === 'many-to-one' || card === 'one-to-many';
  if (on || labels.length > 0 || grouped) text += ` ${on ? 'on' : 'ignoring'} ${names(labels)}`;
  if (grouped) text += ` ${card === 'many-to-one' ? 'group_left' : 'group_right'} ${names(include)}`;
  return text;
}

function aggregateText({ op, labels, without }: Aggregate): string {
  if (without) return `${op} without ${names(labels)} `;
  return labels.length > 0 ? `${op} by ${names(labels)} ` : op;
}

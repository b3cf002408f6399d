/** The grammar's tree → ours. What the grammar lets pass and PromQL does not (durations, names, modifiers in the wrong place) is refused here. */
import type { SyntaxNode } from '@lezer/common';
import type { AggregateOp, BinaryOp, Card, Expr, Matching } from './ast.ts';
import { climb } from './chain.ts';
import type { Link } from './chain.ts';
import { parseError, quote } from './failure.ts';
import { numberValue, stringValue } from './literals.ts';
import { withAt, withOffset, withRange, withSubquery } from './modifiers.ts';
import { selectorFrom } from './selectors.ts';

export function build(node: SyntaxNode, text: string): Expr {
  const links: Link[] = [];
  // An explicit stack: a chain of operators is as deep in the grammar's tree as it is long.
  const stack: (SyntaxNode | Link | ((expr: Expr) => Expr))[] = [node];
  while (stack.length > 0) {
    const next = stack.pop() as SyntaxNode | Link | ((expr: Expr) => Expr);
    if (typeof next === 'function') behindLast(links, next);
    else if ('name' in next) unfold(next as SyntaxNode, text, { links, stack });
    else links.push(next as Link);
  }
  return climb(links);
}

interface Unfolding {
  readonly links: Link[];
  readonly stack: (SyntaxNode | Link | ((expr: Expr) => Expr))[];
}

function behindLast(links: Link[], change: (expr: Expr) => Expr): void {
  const last = links.pop() as { operand: Expr };
  links.push({ operand: change(last.operand) });
}

/** Takes a node apart that holds others of the same row; everything else is an operand. */
function unfold(node: SyntaxNode, text: string, { links, stack }: Unfolding): void {
  const inner = node.firstChild as SyntaxNode;
  switch (node.name) {
    case 'BinaryExpr':
      stack.push(node.lastChild as SyntaxNode, operatorOf(node, text), inner);
      return;
    case 'UnaryExpr':
      stack.push(node.lastChild as SyntaxNode, { sign: read(inner, text) as '+' | '-', from: node.from });
      return;
    case 'OffsetExpr':
      stack.push((expr) => withOffset(expr, node, text), inner);
      return;
    case 'StepInvariantExpr':
      stack.push((expr) => withAt(expr, node, text), inner);
      return;
    case 'MatrixSelector':
      stack.push((expr) => withRange(expr, node, text), inner);
      return;
    case 'SubqueryExpr':
      stack.push((expr) => withSubquery(expr, node, text), inner);
      return;
    case 'NumberDurationLiteral':
      pushNumber(node, text, links);
      return;
    default:
      links.push({ operand: operand(node, text) });
  }
}

function read(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}

function pushNumber(node: SyntaxNode, text: string, links: Link[]): void {
  const whole = read(node, text);
  const sign = whole[0] as string;
  const from = sign === '-' || sign === '+' ? node.to - whole.slice(1).trimStart().length : node.from;
  if (from > node.from) links.push({ sign: sign as '+' | '-', from: node.from });
  const digits = text.slice(from, node.to);
  const found = numberValue(digits);
  if (!found) throw parseError(text, node, `bad number or duration syntax: ${quote(digits)}`);
  links.push({ operand: { kind: 'number', ...found, from, to: node.to } });
}

function operand(node: SyntaxNode, text: string): Expr {
  const { from, to } = node;
  switch (node.name) {
    case 'ParenExpr':
      return { kind: 'paren', expr: build(inside(node)[0] as SyntaxNode, text), from, to };
    case 'StringLiteral':
      return { kind: 'string', value: stringOf(node, text), from, to };
    case 'VectorSelector':
      return selectorFrom(node, text);
    case 'FunctionCall':
      return {
        kind: 'call',
        func: read(node.firstChild as SyntaxNode, text),
        args: argsOf(node.lastChild as SyntaxNode, text),
        from,
        to,
      };
    case 'AggregateExpr':
      return aggregate(node, text);
    default:
      throw parseError(text, node, `${quote(read(node, text))} is experimental in Prometheus and not supported`);
  }
}

/** Children that are expressions. */
function inside(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'LineComment') found.push(child);
  return found;
}

function argsOf(body: SyntaxNode, text: string): Expr[] {
  return inside(body).map((arg) => build(arg, text));
}

export function stringOf(node: SyntaxNode, text: string): string {
  const value = stringValue(read(node, text));
  if (value === undefined)
    throw parseError(text, node, `string literal not terminated or with an illegal escape: ${read(node, text)}`);
  return value;
}

const TWO: ReadonlySet<string> = new Set(['topk', 'bottomk', 'quantile', 'count_values']);

function aggregate(node: SyntaxNode, text: string): Expr {
  const { from, to } = node;
  const op = read(node.firstChild as SyntaxNode, text).toLowerCase();
  if (op === 'limitk' || op === 'limit_ratio')
    throw parseError(text, node, `${op}() is experimental in Prometheus and not supported`);
  const modifier = node.getChild('AggregateModifier');
  const args = argsOf(node.getChild('FunctionCallBody') as SyntaxNode, text);
  if (args.length === 0) throw parseError(text, node, 'no arguments for aggregate expression provided');
  const wanted = TWO.has(op) ? 2 : 1;
  if (args.length !== wanted) {
    throw parseError(
      text,
      node,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    );
  }
  return {
    kind: 'aggregate',
    op: op as AggregateOp,
    expr: args[wanted - 1] as Expr,
    param: wanted === 2 ? args[0] : undefined,
    labels: modifier ? groupingOf(modifier.getChild('GroupingLabels'), text) : [],
    without: modifier?.getChild('Without') !== null && modifier !== null,
    from,
    to,
  };
}

function groupingOf(node: SyntaxNode | null, text: string): string[] {
  const names: string[] = [];
  for (let child = node?.firstChild; child; child = child.nextSibling) {
    if (child.name === 'LabelName') names.push(read(child, text));
    if (child.name !== 'QuotedLabelName') continue;
    const name = stringOf(child.firstChild as SyntaxNode, text);
    if (name === '' || !name.isWellFormed())
      throw parseError(text, child, `invalid label name for grouping: ${quote(name)}`);
    names.push(name);
  }
  return names;
}

function operatorOf(node: SyntaxNode, text: string): Link {
  const sign = inside(node)[1] as SyntaxNode;
  const op = read(sign, text).toLowerCase() as BinaryOp;
  if (sign.name === 'TrimUpper' || sign.name === 'TrimLower') throw parseError(text, sign, `unexpected ${quote(op)}`);
  const fill = node.getChild('FillModifier');
  if (fill) throw parseError(text, fill, 'fill modifiers are experimental in Prometheus and not supported');
  const clause = node.getChild('MatchingModifierClause');
  return {
    operator: {
      op,
      bool: node.getChild('BoolModifier') !== null,
      matching: clause ? matchingOf(clause, text) : undefined,
    },
  };
}

function matchingOf(clause: SyntaxNode, text: string): Matching {
  const [labels, include] = clause.getChildren('GroupingLabels');
  const left = clause.getChild('GroupLeft') !== null;
  const grouped = left || clause.getChild('GroupRight') !== null;
  const card: Card = !grouped ? 'one-to-one' : left ? 'many-to-one' : 'one-to-many';
  return {
    card,
    on: clause.getChild('On') !== null,
    labels: groupingOf(labels ?? null, text),
    include: groupingOf(include ?? null, text),
  };
}

/** What stands behind an operand: ranges, subqueries, `offset` and `@`. */
import type { SyntaxNode } from '@lezer/common';
import type { At, Expr, MatrixSelector, Subquery, VectorSelector } from './ast.ts';
import { bare } from './ast.ts';
import { parseError, quote } from './failure.ts';
import { numberValue } from './literals.ts';

/** 2^63 ns, as far as Prometheus' durations reach. */
const LONGEST_MS = 9_223_372_036_854;

export function withRange(expr: Expr, node: SyntaxNode, text: string): MatrixSelector {
  const rangeMs = positive(node.getChild('DurationExpr') as SyntaxNode, text);
  if (expr.kind !== 'selector') throw parseError(text, node, 'ranges only allowed for vector selectors');
  if (expr.offsetMs !== 0) throw parseError(text, node, 'no offset modifiers allowed before range');
  if (expr.at !== undefined) throw parseError(text, node, 'no @ modifiers allowed before range');
  return { kind: 'matrix', selector: expr, rangeMs, from: expr.from, to: node.to };
}

export function withSubquery(expr: Expr, node: SyntaxNode, text: string): Subquery {
  const [range, step] = node.getChildren('DurationExpr');
  return {
    kind: 'subquery',
    expr,
    rangeMs: positive(range as SyntaxNode, text),
    stepMs: step ? positive(step, text) : 0,
    offsetMs: 0,
    at: undefined,
    from: expr.from,
    to: node.to,
  };
}

export function withOffset(expr: Expr, node: SyntaxNode, text: string): Expr {
  const offsetMs = duration(node.getChild('OffsetDurationExpr') as SyntaxNode, text);
  const place = { from: expr.from, to: node.to };
  const target = shifted(expr);
  if (!target) {
    const before = 'an instant vector selector or range vector selector or a subquery';
    throw parseError(
      text,
      place,
      `offset modifier must be preceded by ${before}, but follows a ${kindName(expr)} instead`,
    );
  }
  if (target.offsetMs !== 0) throw parseError(text, place, 'offset may not be set multiple times');
  return changed(expr, { offsetMs }, node.to);
}

export function withAt(expr: Expr, node: SyntaxNode, text: string): Expr {
  const place = { from: expr.from, to: node.to };
  const target = shifted(expr);
  if (!target) {
    const before = 'an instant vector selector or range vector selector or a subquery';
    throw parseError(text, place, `@ modifier must be preceded by ${before}, but follows a ${kindName(expr)} instead`);
  }
  if (target.at !== undefined) throw parseError(text, place, '@ <timestamp> may not be set multiple times');
  return changed(expr, { at: atOf(node, text) }, node.to);
}

function shifted(expr: Expr): VectorSelector | Subquery | undefined {
  if (expr.kind === 'matrix') return expr.selector;
  return expr.kind === 'selector' || expr.kind === 'subquery' ? expr : undefined;
}

function changed(expr: Expr, change: { offsetMs?: number; at?: At }, to: number): Expr {
  if (expr.kind === 'matrix') return { ...expr, selector: { ...expr.selector, ...change }, to };
  return { ...(expr as VectorSelector | Subquery), ...change, to };
}

function kindName(expr: Expr): string {
  return expr.kind === 'call' ? 'call' : `${bare(expr).kind} expression`;
}

function atOf(node: SyntaxNode, text: string): At {
  const word = node.getChild('AtModifierPreprocessors');
  if (word) return text.slice(word.from, word.to).toLowerCase() as At;
  const literal = node.getChild('NumberDurationLiteral') as SyntaxNode;
  const seconds = signedNumber(text.slice(literal.from, literal.to));
  if (seconds === undefined || !Number.isFinite(seconds) || Math.abs(seconds * 1000) > Number.MAX_SAFE_INTEGER) {
    throw parseError(text, literal, `timestamp out of bounds for @ modifier: ${text.slice(literal.from, literal.to)}`);
  }
  return Math.round(seconds * 1000);
}

function signedNumber(written: string): number | undefined {
  const sign = /^[-+]/.exec(written)?.[0];
  const found = numberValue(sign ? written.slice(1).trimStart() : written);
  return found && (sign === '-' ? -found.value : found.value);
}

function positive(node: SyntaxNode, text: string): number {
  const ms = duration(node, text);
  if (ms <= 0) throw parseError(text, node, 'duration must be greater than 0');
  return ms;
}

/** A number of seconds or a duration, with signs and parentheses; arithmetic with durations is behind a flag in Prometheus. */
function duration(node: SyntaxNode, text: string): number {
  const written = text.slice(node.from, node.to);
  let sign = 1;
  let inner = node;
  while (inner.name !== 'NumberDurationLiteralInDurationContext') {
    const first = inner.firstChild as SyntaxNode;
    const parts =
      inner.name === 'DurationExpr' || inner.name === 'OffsetDurationExpr' ? [first, first.nextSibling] : [];
    if (first.name === 'UnaryOp' && parts[1]) {
      if (text[first.from] === '-') sign = -sign;
      inner = parts[1];
    } else if (
      first.nextSibling === null &&
      !first.name.startsWith('DurationM') &&
      !/^Duration(Step|Range)$/.test(first.name)
    ) {
      inner = first;
    } else
      throw parseError(
        text,
        node,
        `arithmetic in durations is experimental in Prometheus and not supported: ${quote(written)}`,
      );
  }
  const found = numberValue(text.slice(inner.from, inner.to));
  const ms = found ? Math.round(found.value * 1000) : Number.NaN;
  if (!Number.isFinite(ms) || ms > LONGEST_MS) throw parseError(text, node, `duration out of range: ${quote(written)}`);
  return sign * ms;
}

/** Selectors of the grammar's tree → matchers. Matchers on one name may come twice; the metric's name may not. */
import type { SyntaxNode } from '@lezer/common';
import type { Matcher, MatchOp } from '../source.ts';
import { compilePattern } from '../pattern.ts';
import type { VectorSelector } from './ast.ts';
import { parseError, quote } from './failure.ts';
import { stringValue } from './literals.ts';

export function selectorFrom(node: SyntaxNode, text: string): VectorSelector {
  let name = '';
  const matchers: Matcher[] = [];
  const before = node.getChild('Identifier');
  if (before) name = text.slice(before.from, before.to);
  const braces = node.getChild('LabelMatchers');
  for (let child = braces?.firstChild; child; child = child.nextSibling) {
    if (child.name === 'QuotedLabelName') {
      const quoted = nameIn(child.firstChild as SyntaxNode, text);
      if (name !== '')
        throw parseError(text, child, `metric name must not be set twice: ${quote(name)} or ${quote(quoted)}`);
      name = quoted;
    } else if (child.name.endsWith('LabelMatcher')) matchers.push(matcherOf(child, text));
  }
  return finished({ name, quoted: !before, matchers }, node, text);
}

function finished(
  { name, quoted, matchers }: { name: string; quoted: boolean; matchers: Matcher[] },
  node: SyntaxNode,
  text: string,
): VectorSelector {
  if (name !== '') {
    const other = matchers.find((one) => one.name === '__name__');
    if (other && !quoted)
      throw parseError(text, node, `metric name must not be set twice: ${quote(name)} or ${quote(other.value)}`);
    matchers.push({ name: '__name__', op: '=', value: name });
  }
  if (matchers.every(matchesEmpty)) {
    throw parseError(text, node, 'vector selector must contain at least one non-empty matcher');
  }
  return { kind: 'selector', name, matchers, offsetMs: 0, at: undefined, from: node.from, to: node.to };
}

function matcherOf(node: SyntaxNode, text: string): Matcher {
  const first = node.firstChild as SyntaxNode;
  const name =
    first.name === 'LabelName' ? text.slice(first.from, first.to) : nameIn(first.firstChild as SyntaxNode, text);
  const op = node.getChild('MatchOp') as SyntaxNode;
  const literal = node.lastChild as SyntaxNode;
  const value = stringIn(literal, text);
  const matcher: Matcher = { name, op: text.slice(op.from, op.to) as MatchOp, value };
  if (matcher.op === '=~' || matcher.op === '!~') {
    try {
      compilePattern(value);
    } catch (error) {
      throw parseError(text, literal, (error as Error).message);
    }
  }
  return matcher;
}

function matchesEmpty({ op, value }: Matcher): boolean {
  if (op === '=') return value === '';
  if (op === '!=') return value !== '';
  return compilePattern(value).test('') === (op === '=~');
}

function stringIn(node: SyntaxNode, text: string): string {
  const value = stringValue(text.slice(node.from, node.to));
  if (value === undefined) {
    throw parseError(
      text,
      node,
      `string literal not terminated or with an illegal escape: ${text.slice(node.from, node.to)}`,
    );
  }
  return value;
}

function nameIn(node: SyntaxNode, text: string): string {
  const name = stringIn(node, text);
  if (name === '' || !name.isWellFormed()) throw parseError(text, node, `invalid label name ${quote(name)}`);
  return name;
}

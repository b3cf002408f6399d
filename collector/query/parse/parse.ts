/**
 * Text of a question → its checked tree, or a QueryError that says where it went wrong. The grammar is `@prometheus-io/lezer-promql`, an editor's: it
 * goes on after errors and groups operators loosely, so that errors and precedence are ours (`chain.ts`).
 */
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { Expr } from './ast.ts';
import { build } from './build.ts';
import { check } from './check.ts';
import { parseError, quote } from './failure.ts';
import { refuseSize } from './size.ts';
import { EXPERIMENTAL } from './signatures.ts';

export function parseQuery(text: string): Expr {
  refuseSize(text);
  const readable = withoutLonePoints(text);
  const tree = parser.parse(readable);
  refuseErrors(tree, text);
  const top = tree.topNode.firstChild;
  // Comments are nodes too.
  let root: SyntaxNode | null = top;
  while (root && root.name === 'LineComment') root = root.nextSibling;
  if (!root) throw parseError(text, { from: 0, to: 0 }, 'no expression found in input');
  const expr = build(root, readable);
  check(expr, text);
  return expr;
}

const LONE_POINT =
  /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?|#[^\n]*|[a-zA-Z_:][\w:]*|(\d[\d_]*)\.(?!\d)((?:[eE][-+]?\d+)?)/gs;

/** `2.` is a number in PromQL and none in the grammar: the point becomes a space, so that every place stays where it was. */
function withoutLonePoints(text: string): string {
  if (!/\d\.(?!\d)/.test(text)) return text;
  return text.replace(LONE_POINT, (whole, digits?: string, exponent?: string) =>
    digits === undefined ? whole : `${digits}${exponent} `,
  );
}

/** The first place at which the grammar had to guess. */
function refuseErrors(tree: Tree, text: string): void {
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) throw unexpected(cursor.node, text);
  } while (cursor.next());
}

const TOKEN = /^(?:[a-zA-Z_:][a-zA-Z0-9_:]*|\d[\w.]*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[=!<>]=|[=!]~|.)/su;

function unexpected(node: SyntaxNode, text: string): Error {
  const rest = text.slice(node.from);
  const skipped = /^(?:\s|#[^\n]*)*/.exec(rest) as RegExpExecArray;
  const from = node.from + skipped[0].length;
  const token = TOKEN.exec(text.slice(from))?.[0];
  if (token === undefined) return atEnd(text);
  const place = { from, to: from + token.length };
  if (token === '(') {
    const name = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*$/.exec(text.slice(0, from));
    if (name) return unknownFunction(name[1] as string, from - name[0].length, text);
  }
  if (token === ')') return parseError(text, place, "unexpected right parenthesis ')'");
  if (token === ']') return parseError(text, place, "unexpected right bracket ']'");
  if (token === '}') return parseError(text, place, "unexpected right brace '}'");
  return parseError(text, place, `unexpected ${/^["']/.test(token) ? `string ${token}` : quote(token)}${within(node)}`);
}

const WITHIN: ReadonlyMap<string, string> = new Map([
  ['LabelMatchers', 'label matching'],
  ['UnquotedLabelMatcher', 'label matching'],
  ['QuotedLabelMatcher', 'label matching'],
  ['GroupingLabels', 'grouping opts'],
  ['AggregateExpr', 'aggregation'],
  ['FunctionCallBody', 'the arguments of a call'],
  ['DurationExpr', 'a duration'],
  ['OffsetDurationExpr', 'offset'],
]);

function within(node: SyntaxNode): string {
  for (let up = node.parent; up; up = up.parent) {
    const what = WITHIN.get(up.name);
    if (what) return ` in ${what}`;
  }
  return '';
}

function unknownFunction(name: string, from: number, text: string): Error {
  const place = { from, to: from + name.length };
  if (EXPERIMENTAL.has(name))
    return parseError(text, place, `${name}() is experimental in Prometheus and not supported`);
  return parseError(text, place, `unknown function with name ${quote(name)}`);
}

const CLOSING: ReadonlyMap<string, string> = new Map([
  ['(', 'unclosed left parenthesis'],
  ['[', 'unclosed left bracket'],
  ['{', 'unclosed left brace'],
]);

/** Nothing came where something had to: an open bracket says more than that. */
function atEnd(text: string): Error {
  const end = { from: text.length, to: text.length };
  if (/^(?:\s|#[^\n]*)*$/.test(text)) return parseError(text, end, 'no expression found in input');
  const open: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?|#[^\n]*|[()[\]{}]/gs)) {
    if (CLOSING.has(token)) open.push(token);
    else if (/^[)\]}]$/.test(token)) open.pop();
  }
  return parseError(text, end, CLOSING.get(open.at(-1) ?? '') ?? 'unexpected end of input');
}

/**
 * What a PromQL query asks for: its selectors, the labels that it groups and joins by, and habits that mean something else here. Prometheus'
 * own grammar reads it. Loaded only by `plimsoll dashboards`: no agent pays for it.
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  /** Undefined where the query selects by labels alone. */
  readonly metric: string | undefined;
  readonly matchers: readonly Matcher[];
}

/** A label that the query needs beside those it matches. */
export interface LabelUse {
  readonly label: string;
  readonly how: string;
  /** Whose series it would have to be on. */
  readonly of: readonly Selector[];
}

export interface Asked {
  readonly selectors: readonly Selector[];
  readonly labels: readonly LabelUse[];
  /** Labels that the query makes itself. */
  readonly made: ReadonlySet<string>;
  /** Metrics that are compared with zero by `==`. */
  readonly comparedWithZero: readonly string[];
  /** Metrics whose age is asked for: `time() - metric`. */
  readonly aged: readonly string[];
}

/** Throws an Error that says where the query cannot be read. */
export function readPromql(text: string): Asked {
  const tree = parser.parse(text);
  const reading = { text, selectors: [], labels: [], made: new Set<string>(), comparedWithZero: [], aged: [] };
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) throw new Error(wrongAt(text, cursor.from));
    visit(cursor.node, reading);
  } while (cursor.next());
  return reading;
}

interface Reading {
  readonly text: string;
  readonly selectors: Selector[];
  readonly labels: LabelUse[];
  readonly made: Set<string>;
  readonly comparedWithZero: string[];
  readonly aged: string[];
}

function wrongAt(text: string, at: number): string {
  const rest = text.slice(at).trim();
  return rest === ''
    ? 'it is no PromQL: something is missing at its end'
    : `it is no PromQL at character ${at + 1}, before ${JSON.stringify(rest.slice(0, 30))}`;
}

function visit(node: SyntaxNode, reading: Reading): void {
  if (node.name === 'VectorSelector') reading.selectors.push(selectorAt(node, reading.text));
  if (node.name === 'AggregateModifier' && node.getChild('By') && node.parent)
    useLabels(node, { how: 'by', of: node.parent }, reading);
  if (node.name === 'MatchingModifierClause' && node.parent) matching(node, node.parent, reading);
  if (node.name === 'FunctionCall') madeLabel(node, reading);
  if (node.name === 'AggregateExpr') countedLabel(node, reading);
  if (node.name === 'BinaryExpr') habits(node, reading);
}

/** `on (a, b) group_left (c)`: the list after each word. */
function matching(node: SyntaxNode, of: SyntaxNode, reading: Reading): void {
  for (const list of node.getChildren('GroupingLabels')) {
    const word = list.prevSibling?.name ?? '';
    const how = word === 'On' ? 'on' : word === 'GroupLeft' ? 'group_left' : word === 'GroupRight' ? 'group_right' : '';
    if (how !== '') useLabels(list, { how, of }, reading);
  }
}

function useLabels(node: SyntaxNode, { how, of }: { how: string; of: SyntaxNode }, reading: Reading): void {
  const selectors = selectorsBelow(of, reading.text);
  for (const label of namesBelow(node, reading.text)) reading.labels.push({ label, how, of: selectors });
}

function namesBelow(node: SyntaxNode, text: string): string[] {
  return below(node, 'LabelName').map(({ from, to }) => text.slice(from, to));
}

function selectorsBelow(node: SyntaxNode, text: string, except?: RegExp): Selector[] {
  return below(node, 'VectorSelector', except).map((each) => selectorAt(each, text));
}

/** Those of a name, but for what is below nodes of other names. */
function below(node: SyntaxNode, name: string, except?: RegExp): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((each) => {
    if (except?.test(each.name)) return false;
    if (each.name === name) found.push(each.node);
    return true;
  });
  return found;
}

function selectorAt(node: SyntaxNode, text: string): Selector {
  const name = node.getChild('Identifier');
  const list = node.getChild('LabelMatchers');
  const all = (list?.getChildren('UnquotedLabelMatcher') ?? []).map((each) => matcherAt(each, text));
  const named = all.find(({ label, op }) => label === '__name__' && op === '=');
  return {
    metric: name ? text.slice(name.from, name.to) : named?.value,
    matchers: all.filter((each) => each !== named),
  };
}

function matcherAt(node: SyntaxNode, text: string): Matcher {
  const part = (name: string): string => {
    const child = node.getChild(name);
    return child ? text.slice(child.from, child.to) : '';
  };
  return { label: part('LabelName'), op: part('MatchOp') as Matcher['op'], value: unquoted(part('StringLiteral')) };
}

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  return literal.startsWith('`') ? inner : inner.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

/** `label_replace(v, "new", …)` and `label_join(v, "new", …)`. */
function madeLabel(node: SyntaxNode, { text, made }: Reading): void {
  const fn = node.firstChild;
  if (!fn || !/^label_(replace|join)$/.test(text.slice(fn.from, fn.to))) return;
  const literal = node.getChild('FunctionCallBody')?.getChild('StringLiteral');
  if (literal) made.add(unquoted(text.slice(literal.from, literal.to)));
}

/** `count_values("new", v)`. */
function countedLabel(node: SyntaxNode, { text, made }: Reading): void {
  const op = node.firstChild;
  if (!op || text.slice(op.from, op.to) !== 'count_values') return;
  const literal = node.getChild('FunctionCallBody')?.getChild('StringLiteral');
  if (literal) made.add(unquoted(text.slice(literal.from, literal.to)));
}

function habits(node: SyntaxNode, { text, comparedWithZero, aged }: Reading): void {
  const [left, right] = [node.firstChild, node.lastChild];
  if (!left || !right) return;
  const zero = (each: SyntaxNode): boolean => /^0(\.0*)?$/.test(text.slice(each.from, each.to));
  if (node.getChild('Eql') && (zero(left) || zero(right)))
    comparedWithZero.push(...selectorsBelow(zero(left) ? right : left, text).flatMap(({ metric }) => metric ?? []));
  const isTime = /^\(*\s*time\s*\(\s*\)/.test(text.slice(left.from, left.to));
  // Over a range it is another question: the newest of an hour goes on being there for that hour.
  const overRanges = /^(MatrixSelector|SubqueryExpr)$/;
  if (node.getChild('Sub') && isTime)
    aged.push(...selectorsBelow(right, text, overRanges).flatMap(({ metric }) => metric ?? []));
}

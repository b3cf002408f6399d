/**
 * The few of Helm's template words that our chart uses, for tests: text and values in, text out. Not Helm: a word that is not known here throws. What a real Helm makes of the chart
 * is compared where one is installed.
 */
import { stringify } from 'yaml';

interface Scope {
  readonly dot: unknown;
  readonly root: unknown;
  readonly defined: Map<string, Node[]>;
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: string }
  | { readonly kind: 'if' | 'range'; readonly pipeline: string; readonly body: Node[]; readonly otherwise: Node[] }
  | { readonly kind: 'define'; readonly name: string; readonly body: Node[] };

/** Renders each of the files, in order, with what all of them define. */
export function renderChart(files: readonly string[], root: unknown): string[] {
  const defined = new Map<string, Node[]>();
  const all = files.map((file) => parse(file));
  for (const nodes of all) for (const node of nodes) if (node.kind === 'define') defined.set(node.name, node.body);
  return all.map((nodes) => render(nodes, { dot: root, root, defined }));
}

function parse(text: string): Node[] {
  const pieces = text
    // A dash takes the white space beside it.
    .replace(/\s*\{\{-/g, '{{')
    .replace(/-\}\}\s*/g, '}}')
    .split(/(\{\{.*?\}\})/s);
  const at = { i: 0 };
  return block(pieces, at);
}

function block(pieces: readonly string[], at: { i: number }): Node[] {
  const nodes: Node[] = [];
  for (; at.i < pieces.length; at.i++) {
    const piece = pieces[at.i] as string;
    const action = /^\{\{(.*)\}\}$/s.exec(piece)?.[1]?.trim();
    if (action === undefined) {
      nodes.push({ kind: 'text', text: piece });
      continue;
    }
    const [, word = '', rest = ''] = /^(\w+)?\s*(.*)$/s.exec(action) ?? [];
    if (word === 'end' || word === 'else') return nodes;
    if (word === 'if' || word === 'range' || word === 'define') {
      at.i++;
      const body = block(pieces, at);
      const hasElse = /^\{\{\s*else/.test(pieces[at.i] ?? '');
      if (hasElse) at.i++;
      const otherwise = hasElse ? block(pieces, at) : [];
      nodes.push(
        word === 'define'
          ? { kind: word, name: JSON.parse(rest), body }
          : { kind: word, pipeline: rest, body, otherwise },
      );
    } else nodes.push({ kind: 'print', pipeline: action });
  }
  return nodes;
}

function render(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderOne(node, scope)).join('');
}

function renderOne(node: Node, scope: Scope): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'print':
      return String(evaluate(node.pipeline, scope));
    case 'define':
      return '';
    case 'if':
      return render(isTrue(evaluate(node.pipeline, scope)) ? node.body : node.otherwise, scope);
    case 'range':
      return (evaluate(node.pipeline, scope) as unknown[]).map((dot) => render(node.body, { ...scope, dot })).join('');
  }
}

function isTrue(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Commands joined by `|`: what one gives is the last argument of the next. */
function evaluate(pipeline: string, scope: Scope): unknown {
  let given: unknown[] = [];
  for (const command of pipeline.split('|')) {
    const [first = '', ...others] = command.trim().match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
    const args = [...others.map((word) => operand(word, scope)), ...given];
    given = [/^["0-9.]/.test(first) ? operand(first, scope) : call(first, args, scope)];
  }
  return given[0];
}

function operand(word: string, { dot, root }: Scope): unknown {
  if (/^["0-9]/.test(word)) return JSON.parse(word);
  const path = word.split('.').filter((part) => part !== '');
  // Values and Release are the chart's own, wherever one is.
  let value: unknown = path[0] === 'Values' || path[0] === 'Release' ? root : dot;
  for (const part of path) {
    if (!Object.hasOwn(value as object, part)) throw new Error(`the chart has no value ${word}`);
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function call(name: string, args: readonly unknown[], scope: Scope): unknown {
  switch (name) {
    case 'or':
      return args.find(isTrue) ?? args.at(-1);
    case 'quote':
      return JSON.stringify(String(args[0]));
    case 'join':
      return (args[1] as unknown[]).join(String(args[0]));
    case 'printf':
      return String(args[0]).replace(/%s/g, () => String(args[1]));
    case 'toYaml':
      return stringify(args[0]).trimEnd();
    case 'nindent':
      return `\n${String(args[1]).replace(/^/gm, ' '.repeat(Number(args[0])))}`;
    case 'include':
      return render(scope.defined.get(String(args[0])) ?? [], { ...scope, dot: args[1] }).trim();
    default:
      throw new Error(`the test does not know Helm’s word ${name}`);
  }
}

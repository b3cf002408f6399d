/** label_replace and label_join: rows with one label changed. What then has the labels of another row is merged or refused. */
import type { Expr } from '../parse/ast.ts';
import type { Evaluator } from '../eval/evaluator.ts';
import { labelOf, withLabel } from '../eval/labels.ts';
import type { Grid, Row, Rows } from '../eval/rows.ts';
import { merged } from '../eval/rows.ts';
import { quote } from '../parse/failure.ts';
import type { Pattern } from '../pattern.ts';
import { compilePattern } from '../pattern.ts';
import { QueryError } from '../query.ts';
import type { Labels } from '../../../src/model/labels.ts';

export function labelReplace(args: readonly Expr[], grid: Grid, evaluate: Evaluator): Rows {
  const [target, replacement, from, regex] = args.slice(1).map((arg) => evaluate.text(arg)) as [
    string,
    string,
    string,
    string,
  ];
  const pattern = patternOf(regex);
  refuseName(target, 'destination', 'label_replace');
  const parts = template(replacement);
  return relabelled(evaluate.rows(args[0] as Expr, grid), evaluate, (labels) => {
    const groups = pattern.groups(labelOf(labels, from));
    return groups ? withLabel(labels, target, expand(parts, groups, pattern)) : labels;
  });
}

export function labelJoin(args: readonly Expr[], grid: Grid, evaluate: Evaluator): Rows {
  const [target, separator, ...sources] = args.slice(1).map((arg) => evaluate.text(arg)) as [
    string,
    string,
    ...string[],
  ];
  for (const source of sources) refuseName(source, 'source', 'label_join');
  refuseName(target, 'destination', 'label_join');
  return relabelled(evaluate.rows(args[0] as Expr, grid), evaluate, (labels) =>
    withLabel(labels, target, sources.map((source) => labelOf(labels, source)).join(separator)),
  );
}

function patternOf(regex: string): Pattern {
  try {
    return compilePattern(regex);
  } catch (error) {
    throw badPattern(regex, error);
  }
}

function badPattern(regex: string, cause: unknown): QueryError {
  return Object.assign(new QueryError('execution', `invalid regular expression in label_replace(): ${regex}`), {
    cause,
  });
}

function refuseName(name: string, which: string, func: string): void {
  if (name !== '' && name.isWellFormed()) return;
  throw new QueryError('execution', `invalid ${which} label name in ${func}(): ${quote(name).slice(1, -1)}`);
}

function relabelled(rows: Rows, evaluate: Evaluator, change: (labels: Labels) => Labels): Rows {
  return merged(changed(rows, change), evaluate.context.budget);
}

function* changed(rows: Rows, change: (labels: Labels) => Labels): Generator<Row> {
  for (const row of rows) yield { ...row, labels: change(row.labels) };
}

/** Plain text, or what stands behind a `$`. */
type Part = { readonly text: string } | { readonly group: string };

/** As Go expands: `$1`, `${1}`, `$name` with the longest name there is, `$$` for itself. A `$` before anything else is left out with it. */
function template(replacement: string): Part[] {
  const parts: Part[] = [];
  let rest = replacement;
  while (rest !== '') {
    const at = rest.indexOf('$');
    if (at < 0) return [...parts, { text: rest }];
    parts.push({ text: rest.slice(0, at) });
    rest = rest.slice(at + 1);
    const found = /^(?:\$|\{(\w+)\}|(\w+))/.exec(rest);
    if (found?.[0] === '$') parts.push({ text: '$' });
    else if (found) parts.push({ group: (found[1] ?? found[2]) as string });
    else parts.push({ text: '$' });
    rest = rest.slice(found ? found[0].length : 0);
  }
  return parts;
}

function expand(parts: readonly Part[], groups: readonly (string | undefined)[], pattern: Pattern): string {
  let out = '';
  for (const part of parts) {
    if ('text' in part) out += part.text;
    else {
      const at = /^\d+$/.test(part.group) ? Number(part.group) : pattern.names.get(part.group);
      if (at !== undefined) out += groups[at] ?? '';
    }
  }
  return out;
}

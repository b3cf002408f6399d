/** `and`, `or`, `unless`: which series stay, step by step, by whether the other side has one with the same signature. */
import type { Binary } from '../../parse/ast.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Grid, Row, Rows } from '../rows.ts';
import { copyRow, mergeInto, newRow } from '../rows.ts';
import type { Signature } from './signature.ts';
import { signatureOf } from './signature.ts';

export function setRows(expr: Binary, grid: Grid, evaluate: Evaluator): Rows {
  const signature = signatureOf(expr.matching);
  if (expr.op === 'or') return either(expr, grid, evaluate);
  return kept(expr, grid, evaluate, signature);
}

/** At which steps a signature is there. */
class Presence {
  readonly #bySignature = new Map<string, Uint8Array>();

  add(key: string, has: Uint8Array): void {
    const known = this.#bySignature.get(key);
    if (!known) this.#bySignature.set(key, has.slice());
    else for (let i = 0; i < has.length; i++) if (has[i] === 1) known[i] = 1;
  }

  get(key: string): Uint8Array | undefined {
    return this.#bySignature.get(key);
  }
}

function* kept(expr: Binary, grid: Grid, evaluate: Evaluator, signature: Signature): Generator<Row> {
  const right = new Presence();
  for (const { labels, has } of evaluate.rows(expr.right, grid)) {
    evaluate.context.budget.hold(grid.steps / 8);
    right.add(signature.key(labels), has);
  }
  const wanted = expr.op === 'and' ? 1 : 0;
  const own = newRow({ names: [], values: [], key: '' }, grid.steps);
  for (const { labels, values, has } of evaluate.rows(expr.left, grid)) {
    const there = right.get(signature.key(labels));
    if (!there && wanted === 1) continue;
    own.labels = labels;
    own.values.set(values);
    for (let i = 0; i < has.length; i++) own.has[i] = has[i] === 1 && (there?.[i] ?? 0) === wanted ? 1 : 0;
    if (own.has.includes(1)) yield own;
  }
}

/** All of the left, and of the right what has no signature of the left. The same series may come from both sides, at different steps. */
function either(expr: Binary, grid: Grid, evaluate: Evaluator): Rows {
  const { budget } = evaluate.context;
  const signature = signatureOf(expr.matching);
  const left = new Presence();
  const rows = new Map<string, Row>();
  const put = (row: Row): void => {
    const known = rows.get(row.labels.key);
    if (known) mergeInto(known, row);
    else rows.set(row.labels.key, copyRow(row, budget));
  };
  for (const row of evaluate.rows(expr.left, grid)) {
    left.add(signature.key(row.labels), row.has);
    put(row);
  }
  for (const row of evaluate.rows(expr.right, grid)) {
    const there = left.get(signature.key(row.labels));
    const own = there ? { ...row, has: row.has.map((has, i) => (has === 1 && there[i] === 0 ? 1 : 0)) } : row;
    if (own.has.includes(1)) put(own);
  }
  return rows.values();
}

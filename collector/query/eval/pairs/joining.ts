/**
 * Operators between two vectors: series are paired by signature, step by step. The "one" side is collected by signature, the "many" side passes by. For one
 * signature the one side may have several series, as long as no two have a value at the same step: a container's successor is such.
 */
import type { Labels } from '../../../../src/model/labels.ts';
import type { ArithmeticOp, Binary } from '../../parse/ast.ts';
import { isCompare } from '../../parse/ast.ts';
import { QueryError } from '../../query.ts';
import type { Evaluator } from '../evaluator.ts';
import { dropName, onlyLabels, showLabels, labelOf, withLabel, withoutLabels } from '../labels.ts';
import { ARITHMETIC, COMPARE } from './operators.ts';
import type { Grid, Row, Rows } from '../rows.ts';
import { copyRow, newRow } from '../rows.ts';
import type { Signature } from './signature.ts';
import { signatureOf } from './signature.ts';

export function joinedRows(expr: Binary, grid: Grid, evaluate: Evaluator): Rows {
  return new Joining(expr, grid, evaluate).rows();
}

class Joining {
  readonly #expr: Binary;
  readonly #grid: Grid;
  readonly #evaluate: Evaluator;
  readonly #signature: Signature;
  /** The "one" side is the right one, unless it is group_right. */
  readonly #flipped: boolean;
  readonly #matched: ReadonlySet<string>;
  readonly #one = new Map<string, Row[]>();
  readonly #out = new Map<string, Row>();
  /** One-to-one: the steps at which a signature has found its pair. */
  readonly #taken = new Map<string, Uint8Array>();
  /** The first step at which the one side is not unique, and what to say if the other side has anything there. */
  readonly #doubles = new Map<number, () => QueryError>();

  constructor(expr: Binary, grid: Grid, evaluate: Evaluator) {
    this.#expr = expr;
    this.#grid = grid;
    this.#evaluate = evaluate;
    this.#signature = signatureOf(expr.matching);
    this.#flipped = expr.matching.card === 'one-to-many';
    this.#matched = new Set(expr.matching.labels);
  }

  rows(): Rows {
    const { left, right } = this.#expr;
    this.#collect(this.#flipped ? left : right);
    if (this.#one.size === 0) return [];
    for (const row of this.#evaluate.rows(this.#flipped ? right : left, this.#grid)) this.#pair(row);
    return this.#out.values();
  }

  #collect(side: Binary['left']): void {
    for (const row of this.#evaluate.rows(side, this.#grid)) {
      const key = this.#signature.key(row.labels);
      const known = this.#one.get(key);
      const copy = copyRow(row, this.#evaluate.context.budget);
      if (!known) this.#one.set(key, [copy]);
      else {
        for (const other of known) this.#noteDoubles(other, copy);
        known.push(copy);
      }
    }
  }

  #noteDoubles(first: Row, second: Row): void {
    for (let i = 0; i < first.has.length; i++) {
      if (first.has[i] === 0 || second.has[i] === 0 || this.#doubles.has(i)) continue;
      this.#doubles.set(i, () => {
        const group = showLabels(this.#signature.group(first.labels));
        const side = this.#flipped ? 'left' : 'right';
        return new QueryError(
          'execution',
          `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
            `[${showLabels(second.labels)}, ${showLabels(first.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`,
        );
      });
    }
  }

  #pair(many: Row): void {
    this.#evaluate.context.budget.work(this.#grid.steps);
    for (const [step, problem] of this.#doubles) if (many.has[step] === 1) throw problem();
    const key = this.#signature.key(many.labels);
    for (const one of this.#one.get(key) ?? []) this.#combine(key, many, one);
  }

  #combine(key: string, many: Row, one: Row): void {
    const { values, has } = calculated(this.#expr, many, one, this.#flipped);
    if (!has.includes(1)) return;
    if (this.#expr.matching.card === 'one-to-one') this.#take(key, has);
    const labels = this.#resultLabels(many.labels, one.labels);
    let out = this.#out.get(labels.key);
    if (!out) {
      this.#evaluate.context.budget.hold(this.#grid.steps);
      out = newRow(labels, this.#grid.steps);
      this.#out.set(labels.key, out);
    }
    for (let i = 0; i < has.length; i++) {
      if (has[i] === 0) continue;
      if (out.has[i] === 1) throw notUnique('grouping labels must ensure unique matches');
      out.has[i] = 1;
      out.values[i] = values[i] as number;
    }
  }

  #take(key: string, has: Uint8Array): void {
    const taken = this.#taken.get(key);
    if (!taken) {
      this.#taken.set(key, has);
      return;
    }
    for (let i = 0; i < has.length; i++) {
      if (has[i] === 0) continue;
      if (taken[i] === 1) throw notUnique('many-to-one matching must be explicit (group_left/group_right)');
      taken[i] = 1;
    }
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { op, bool, matching } = this.#expr;
    let labels = isCompare(op) && !bool ? many : dropName(many);
    if (matching.card === 'one-to-one') {
      return matching.on ? onlyLabels(labels, this.#matched) : withoutLabels(labels, this.#matched);
    }
    for (const name of matching.include) labels = withLabel(labels, name, labelOf(one, name));
    return labels;
  }
}

function notUnique(remedy: string): QueryError {
  return new QueryError('execution', `multiple matches for labels: ${remedy}`);
}

/** A comparison without `bool` keeps the left side's value where it holds. */
function calculated(
  { op, bool }: Binary,
  many: Row,
  one: Row,
  flipped: boolean,
): { values: Float64Array; has: Uint8Array } {
  const left = flipped ? one : many;
  const right = flipped ? many : one;
  const values = new Float64Array(many.values.length);
  const has = new Uint8Array(many.values.length);
  const holds = isCompare(op) ? COMPARE[op] : undefined;
  const calculate = ARITHMETIC[op as ArithmeticOp];
  for (let i = 0; i < values.length; i++) {
    if (left.has[i] === 0 || right.has[i] === 0) continue;
    const a = left.values[i] as number;
    const b = right.values[i] as number;
    if (!holds) values[i] = calculate(a, b);
    else if (bool) values[i] = holds(a, b) ? 1 : 0;
    else if (holds(a, b)) values[i] = a;
    else continue;
    has[i] = 1;
  }
  return { values, has };
}

/**
 * A question as a tree: what the parser makes of the text, the checks have looked at and the evaluator walks. Times are milliseconds;
 * every node knows its place in the text, from the first character to the one behind the last.
 */
import type { Matcher } from '../source.ts';

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export interface Place {
  readonly from: number;
  readonly to: number;
}

/** `@` a time in milliseconds, or one end of the question. */
export type At = number | 'start' | 'end';

/** What stands behind a selector or a subquery. */
export interface Shift {
  readonly offsetMs: number;
  readonly at: At | undefined;
}

export interface NumberLiteral extends Place {
  readonly kind: 'number';
  readonly value: number;
  /** Written as `5m`: a number of seconds that is printed as it was meant. */
  readonly duration: boolean;
}

export interface StringLiteral extends Place {
  readonly kind: 'string';
  readonly value: string;
}

export interface VectorSelector extends Place, Shift {
  readonly kind: 'selector';
  /** As written before the braces; empty if the name is a matcher, or there is none. */
  readonly name: string;
  /** With the name among them, as the last. */
  readonly matchers: readonly Matcher[];
}

export interface MatrixSelector extends Place {
  readonly kind: 'matrix';
  readonly selector: VectorSelector;
  readonly rangeMs: number;
}

export interface Subquery extends Place, Shift {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly rangeMs: number;
  /** 0: the default step. */
  readonly stepMs: number;
}

export interface Paren extends Place {
  readonly kind: 'paren';
  readonly expr: Expr;
}

export interface Unary extends Place {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
}

export type Card = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

export interface Matching {
  readonly card: Card;
  /** `on`: these labels must agree; else all but these (and the name). */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels that the many side gets from the one side. */
  readonly include: readonly string[];
}

export interface Binary extends Place {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  readonly bool: boolean;
  readonly matching: Matching;
}

export type BinaryOp = ArithmeticOp | CompareOp | SetOp;
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type SetOp = 'and' | 'or' | 'unless';

export interface Call extends Place {
  readonly kind: 'call';
  readonly func: string;
  readonly args: readonly Expr[];
}

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values';

export interface Aggregate extends Place {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly expr: Expr;
  readonly param: Expr | undefined;
  readonly labels: readonly string[];
  readonly without: boolean;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Paren
  | Unary
  | Binary
  | Call
  | Aggregate;

const COMPARE: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

export function isCompare(op: BinaryOp): op is CompareOp {
  return COMPARE.has(op);
}

export function isSet(op: BinaryOp): op is SetOp {
  return SETS.has(op);
}

/** Without the parentheses around it. */
export function bare(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.expr;
  return inner;
}

/** Two numbers → one, by operator; comparisons say whether. */
import type { ArithmeticOp, CompareOp } from '../../parse/ast.ts';

export type Calculate = (left: number, right: number) => number;
export type Compare = (left: number, right: number) => boolean;

export const ARITHMETIC: Readonly<Record<ArithmeticOp, Calculate>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
};

export const COMPARE: Readonly<Record<CompareOp, Compare>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** As IEEE 754 has it: one to any power is one, and so is minus one to an infinite one. */
function power(left: number, right: number): number {
  if (left === 1) return 1;
  if (left === -1 && Math.abs(right) === Number.POSITIVE_INFINITY) return 1;
  return left ** right;
}

/** What every operator of one query knows: where series come from, the whole question, the budget, and whom to tell about oddities. */
import type { Source } from '../source.ts';
import type { At, Place, Shift } from '../parse/ast.ts';
import { lineColumn } from '../parse/failure.ts';
import type { Budget } from './budget.ts';
import type { Grid } from './rows.ts';
import { endOf } from './rows.ts';

export interface Context {
  readonly source: Source;
  readonly text: string;
  /** The whole question's grid: what `@ start()` and `@ end()` mean, in subqueries too. */
  readonly whole: Grid;
  readonly lookbackMs: number;
  /** Of subqueries that name none. */
  readonly defaultStepMs: number;
  readonly budget: Budget;
  readonly notes: Notes;
}

/** Warnings and infos, each said once, with their place in the text. */
export class Notes {
  readonly warnings = new Set<string>();
  readonly infos = new Set<string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  warn(message: string, place: Place): void {
    this.warnings.add(`PromQL warning: ${message} (${lineColumn(this.#text, place.from)})`);
  }

  info(message: string, place: Place): void {
    this.infos.add(`PromQL info: ${message} (${lineColumn(this.#text, place.from)})`);
  }
}

export function atMs(at: At, whole: Grid): number {
  return at === 'start' ? whole.startMs : at === 'end' ? endOf(whole) : at;
}

/** The times that a selector looks at: those of the grid, moved by its offset, or the same one for each step. */
export function shiftedGrid(shift: Shift, grid: Grid, context: Context): Grid {
  const startMs = (shift.at === undefined ? grid.startMs : atMs(shift.at, context.whole)) - shift.offsetMs;
  return { startMs, stepMs: shift.at === undefined ? grid.stepMs : 0, steps: grid.steps };
}

/**
 * One family's numbers per group of one level: a column of doubles for each output and ratio, indexed by the group's slot.
 * Columns of outputs that keep (totals) live on from window to window; the others are cleared before each.
 */
import { grownDoubles } from './growing.ts';
import type { Plan } from './plan.ts';

export class GroupColumns {
  readonly plan: Plan;
  /** The numbers of the columns that live on from window to window. */
  readonly keptAt: readonly number[];
  readonly #kept: readonly boolean[];
  #columns: Float64Array[];

  constructor(plan: Plan, capacity: number) {
    this.plan = plan;
    this.#kept = plan.shape.columns.map((_, i) => plan.outputs[i]?.output.keeps ?? false);
    this.keptAt = this.#kept.flatMap((kept, i) => (kept ? [i] : []));
    this.#columns = plan.shape.columns.map(() => new Float64Array(capacity).fill(Number.NaN));
  }

  /** Column `i` of the plan's shape. */
  column(i: number): Float64Array {
    return this.#columns[i] as Float64Array;
  }

  /** Makes room for as many groups as the level has room for, and clears what does not live on. */
  open(capacity: number): void {
    this.#columns = this.#columns.map((column, i) => {
      const fitting = column.length < capacity ? grownDoubles(column, capacity, Number.NaN) : column;
      return this.#kept[i] ? fitting : fitting.fill(Number.NaN);
    });
  }

  /** Forgets a group. */
  clear(slot: number): void {
    for (const column of this.#columns) if (slot < column.length) column[slot] = Number.NaN;
  }
}

/**
 * The contract of an output: how the members' numbers of one column become one number per group. One file each; `index.ts`
 * lists them.
 */
import type { GroupOutput } from '../../../src/model/family.ts';
import type { Kind, Unit } from '../../../src/model/shape.ts';

/** One column of the members of one family in one window. All arrays are by place: a place is one row that was read. */
export interface Members {
  readonly size: number;
  /** The group's slot, or negative where the row has no part in this level. */
  readonly groups: Int32Array;
  /** The last value in the window, NaN where there was none. */
  readonly last: Float64Array;
  /** The largest value in the window, NaN where there was none. */
  readonly largest: Float64Array;
  /** Counters: the increase in the window; meaningful where `last` is a number. */
  readonly increases: Float64Array;
  /** Counters: the increase per second of the time between the readings; NaN where only a baseline was read. */
  readonly rates: Float64Array;
  /** 1 for one of the rows of each container that has a value, 0 for its others (further interfaces, devices). */
  readonly heads: Uint8Array;
}

/**
 * `fold` is called once per level and window, with `out` indexed by group slot. Unless `keeps`, `out` is all NaN before;
 * with `keeps` it holds what the output left there a window ago, NaN for a new group. NaN stays where there is nothing to say.
 */
export interface Output {
  /** The word in the catalogue. */
  readonly name: GroupOutput;
  /** What kind of number comes out. */
  readonly kind: Kind;
  /** The unit that comes out, where it is another one. */
  readonly unit?: Unit;
  /** The metric's or field's name, as it is called for a group. */
  named(name: string): string;
  readonly keeps: boolean;
  /** The column's help from the catalogue, as it reads for a group. */
  help(help: string): string;
  fold(members: Members, out: Float64Array): void;
}

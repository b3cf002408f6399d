/**
 * What no hardware can have counted: one such reading, taken for true, would freeze a group's total for good. The bounds are far above any
 * machine there is; what is beyond them is a broken file, a broken driver or a broken sender.
 */
import type { Unit } from '../../src/model/shape.ts';

/** How much a counter can grow in a second. */
const PER_SECOND: ReadonlyMap<Unit, number> = new Map([
  // 100 000 CPUs.
  ['seconds', 1e5],
  ['microseconds', 1e11],
  // 100 TB/s; memory gives some TB/s, a network card 0.1.
  ['bytes', 1e14],
]);
/** A million million events a second. */
const EVENTS_PER_SECOND = 1e12;

/** The largest magnitude that a number can have. */
const MOST: ReadonlyMap<Unit, number> = new Map([
  // 100 000 CPUs for ten years are 3e13; Unix times are below, too.
  ['seconds', 1e14],
  ['ratio', 1e12],
  ['cores', 1e12],
]);
/** Half of what 63 bits hold: kernels write limits and overflows as 2^63 and 2^64. */
const MOST_OTHERS = 2 ** 62;

export function mostPerSecond(unit: Unit): number {
  return PER_SECOND.get(unit) ?? EVENTS_PER_SECOND;
}

export function mostOf(unit: Unit): number {
  return MOST.get(unit) ?? MOST_OTHERS;
}

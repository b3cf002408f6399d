/**
 * The catalogue: the only list of families, and so of metric names, kinds, units and help. METRICS.md is generated from
 * it; the wire, the collector and the exposition know no other names. Adding a metric is a row in a family's file; adding a
 * family is a file and a row here.
 */
import type { Family } from '../model/family.ts';
import { cpu } from './cpu.ts';

/** Every family, in the order of METRICS.md and of the exposition. */
export const FAMILIES: readonly Family[] = [cpu];

const byName = new Map<string, Family>(FAMILIES.map((f) => [f.name, f]));

/** A family by name, or undefined. */
export function familyNamed(name: string): Family | undefined {
  return byName.get(name);
}

/**
 * Tables: the one form in which numbers travel through both programs. A table has a shape (its columns), rows (who the
 * numbers belong to) and the numbers themselves in one typed array, column after column. Absent is NaN inside a table
 * and is never emitted: what could not be measured is not a zero.
 */
import { type Labels, mergeLabels } from './labels.ts';
import type { Shape } from './shape.ts';

/** Who a row of numbers belongs to, as exposed. Kept the same object while nothing about it changes: caches hang on it. */
export interface Row {
  readonly labels: Labels;
}

/**
 * `container`: counted in every level. `host`: the whole machine (`id="/"`). `cgroup`: any other cgroup, for example a systemd unit. `sandbox`: what holds a
 * pod's network (its pause process, where there is one): groups take that from it, and neither count it nor add anything else of it.
 */
export type EntityKind = 'container' | 'host' | 'cgroup' | 'sandbox';

/** A thing that is measured: a container, the host, a systemd unit. */
export interface Entity {
  /** Unique on its node and stable for its life: the container's full id, `/` for the host, the cgroup path for others. */
  readonly key: string;
  readonly kind: EntityKind;
  /**
   * When the thing last started, in Unix milliseconds, or 0 where it is not known. Its counters began at zero then, which
   * is how the collector tells a restart from a counter that went on, and counts a newcomer's first reading whole.
   */
  readonly startMs: number;
  readonly labels: Labels;
}

/** A row that an agent made: an entity, and what tells its rows of one table apart (an interface, a device). */
export interface EntityRow extends Row {
  readonly entity: Entity;
  readonly dims: Labels;
  /**
   * What it counts, another row counts too, because it lies inside of that one (a layer over a disk, a container below a container):
   * it is shown, and groups do not add it.
   */
  readonly shownOnly?: true;
}

/** Numbers with their owners. `values[c * rows.length + r]` is column `c` of row `r`; NaN where absent. */
export interface Table<S extends Shape = Shape, R extends Row = Row> {
  readonly shape: S;
  readonly rows: readonly R[];
  /** Per row: when it was read, in integer Unix milliseconds. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

/** Makes a row; its labels are the entity's and the dimensions', the entity's first. */
export function entityRow(entity: Entity, dims: Labels, shownOnly = false): EntityRow {
  const row = { entity, dims, labels: mergeLabels(entity.labels, dims) };
  return shownOnly ? { ...row, shownOnly: true } : row;
}

/** How many numbers a table holds that are not absent. */
export function countSamples(table: Table): number {
  let count = 0;
  const { values } = table;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i] as number)) count++;
  return count;
}

/**
 * The rows of one family by slot, over all nodes: when each was last read, the baselines of its counters, and its place in the
 * window that is being closed. Columns of typed arrays; a slot of a row that went is used again.
 */
import type { Family } from '../../src/model/family.ts';
import type { EntityRow, Row } from '../../src/model/table.ts';
import type { Entities } from './entities.ts';
import { capacityFor, grownDoubles, grownIntegers } from './growing.ts';
import { type NodeState, rowsOfFamily } from './nodes.ts';

export class FamilySeries {
  readonly family: Family;
  /** Columns of a row: what it counts for the caps. */
  readonly width: number;
  /** Per slot: the row's object as the agent's session made it; undefined where the slot is free. */
  readonly rows: (EntityRow | undefined)[] = [];
  readonly nodes: (NodeState | undefined)[] = [];
  readonly exposed: (Row | undefined)[] = [];
  /** Per slot. -Infinity: never read. */
  lastMs: Float64Array = new Float64Array(0);
  /** Per slot: the entity's start as of the last reading, 0 where unknown. */
  startMs: Float64Array = new Float64Array(0);
  /** Per slot: since when the window's increases were counted; NaN if the window holds only a baseline. */
  sinceMs: Float64Array = new Float64Array(0);
  /** Per slot: the entity's slot. */
  entityOf: Int32Array = new Int32Array(0);
  /** Per slot: the number of the window in which it last had a place, and that place. */
  epochOf: Int32Array = new Int32Array(0);
  placeOf: Int32Array = new Int32Array(0);
  /** Per place: the slot; `placed` of them. */
  slotAt: Int32Array = new Int32Array(0);
  placed = 0;
  /** Per column: the baselines of a counter that groups get, by slot; undefined for other columns. */
  readonly baselines: (Float64Array | undefined)[];
  /** Per column of which rates are made, by slot: what it grew by in the row's last window. */
  readonly grown: (Float64Array | undefined)[];
  /** Per column, by slot: an implausible reading that the next one may confirm. Few or none. */
  readonly suspects: readonly Map<number, number>[];
  readonly #free: number[] = [];
  #live = 0;

  constructor(family: Family) {
    this.family = family;
    this.width = family.columns.length;
    this.suspects = family.columns.map(() => new Map());
    const counted = new Set(family.ratios.map((ratio) => family.at[ratio.of]));
    this.baselines = family.columns.map((column, c) =>
      column.kind === 'counter' && (column.groups.length > 0 || counted.has(c)) ? new Float64Array(0) : undefined,
    );
    this.grown = family.columns.map((column, c) =>
      this.baselines[c] !== undefined && (counted.has(c) || column.groups.includes('max_ratio'))
        ? new Float64Array(0)
        : undefined,
    );
  }

  /** Rows that have a slot. */
  get live(): number {
    return this.#live;
  }

  /** A slot for a new row. */
  add(row: EntityRow, node: NodeState, entitySlot: number): number {
    const slot = this.#free.pop() ?? this.rows.length;
    if (slot >= this.lastMs.length) this.#grow(slot + 1);
    this.rows[slot] = row;
    this.nodes[slot] = node;
    this.exposed[slot] = undefined;
    this.entityOf[slot] = entitySlot;
    this.epochOf[slot] = 0;
    this.forget(slot);
    rowsOfFamily(node, this.family.name).index.set(row, slot);
    node.series += this.width;
    this.#live++;
    return slot;
  }

  /** As if never read: the next reading is a first one. */
  forget(slot: number): void {
    this.lastMs[slot] = Number.NEGATIVE_INFINITY;
    this.startMs[slot] = 0;
    for (const column of this.baselines) if (column !== undefined) column[slot] = Number.NaN;
    for (const suspects of this.suspects) if (suspects.size > 0) suspects.delete(slot);
  }

  /** The clock was set back by so much. Starts stay: they are by their agents' clocks. */
  moveBack(byMs: number): void {
    for (let slot = 0; slot < this.rows.length; slot++) {
      this.lastMs[slot] = (this.lastMs[slot] as number) - byMs;
      this.sinceMs[slot] = (this.sinceMs[slot] as number) - byMs;
    }
  }

  /** Gives up the rows last read before what their node keeps; answers how many. */
  evict(entities: Entities): number {
    let evicted = 0;
    for (let slot = 0; slot < this.rows.length; slot++) {
      const row = this.rows[slot];
      if (row === undefined) continue;
      const node = this.nodes[slot] as NodeState;
      if ((this.lastMs[slot] as number) >= node.keptFromMs) continue;
      rowsOfFamily(node, this.family.name).index.delete(row);
      node.series -= this.width;
      entities.release(this.entityOf[slot] as number);
      this.rows[slot] = undefined;
      this.nodes[slot] = undefined;
      this.exposed[slot] = undefined;
      this.#free.push(slot);
      evicted++;
    }
    this.#live -= evicted;
    return evicted;
  }

  #grow(needed: number): void {
    const capacity = capacityFor(needed, this.lastMs.length);
    this.lastMs = grownDoubles(this.lastMs, capacity, Number.NEGATIVE_INFINITY);
    this.startMs = grownDoubles(this.startMs, capacity, 0);
    this.sinceMs = grownDoubles(this.sinceMs, capacity, Number.NaN);
    this.entityOf = grownIntegers(this.entityOf, capacity, 0);
    this.epochOf = grownIntegers(this.epochOf, capacity, 0);
    this.placeOf = grownIntegers(this.placeOf, capacity, 0);
    this.slotAt = grownIntegers(this.slotAt, capacity, 0);
    this.baselines.forEach((column, c) => {
      if (column !== undefined) this.baselines[c] = grownDoubles(column, capacity, Number.NaN);
    });
    this.grown.forEach((column, c) => {
      if (column !== undefined) this.grown[c] = grownDoubles(column, capacity, 0);
    });
  }
}

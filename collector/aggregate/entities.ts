/**
 * Entities by slot: which groups each belongs to, and its row as exposed. Rows of all families share their entity's slot, so
 * that labels are looked at once per entity and not once per family. Lives as long as one of its rows.
 */
import { type Labels, labels, mergeLabels } from '../../src/model/labels.ts';
import type { Entity, Row } from '../../src/model/table.ts';
import { FIRST_CAPACITY, grownIntegers } from './growing.ts';
import { type Groups, REFUSED } from './groups.ts';
import { type NodeState, within } from './nodes.ts';

export class Entities {
  /** Per level, per slot: the group's slot, or NO_GROUP, or REFUSED. */
  readonly groupOf: Int32Array[];
  /** Per slot: the window's number in which it was last read. */
  lastEpoch: Int32Array = new Int32Array(FIRST_CAPACITY);
  readonly #groups: Groups;
  readonly #cluster: string;
  readonly #entities: (Entity | undefined)[] = [];
  readonly #nodes: (NodeState | undefined)[] = [];
  readonly #exposed: (Row | undefined)[] = [];
  readonly #free: number[] = [];
  #rowCounts: Int32Array = new Int32Array(FIRST_CAPACITY);
  #live = 0;

  constructor(groups: Groups, cluster: string) {
    this.#groups = groups;
    this.#cluster = cluster;
    this.groupOf = groups.levels.map(() => new Int32Array(FIRST_CAPACITY));
  }

  get live(): number {
    return this.#live;
  }

  /** How many slots are in use or were. */
  get size(): number {
    return this.#entities.length;
  }

  /** The slot of an entity, for one row more of it. */
  acquire(node: NodeState, entity: Entity): number {
    const index = within(node.entities, entity.kind);
    let slot = index.get(entity.key);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#entities.length;
      if (slot >= this.lastEpoch.length) this.#grow();
      index.set(entity.key, slot);
      this.#nodes[slot] = node;
      this.#rowCounts[slot] = 0;
      this.lastEpoch[slot] = 0;
      for (const groupOf of this.groupOf) groupOf[slot] = REFUSED;
      this.#live++;
      this.#entities[slot] = entity;
      this.regroup(slot);
    } else {
      this.update(slot, entity);
    }
    this.#rowCounts[slot] = (this.#rowCounts[slot] as number) + 1;
    return slot;
  }

  /** The entity as it is now: other labels may mean other groups. */
  update(slot: number, entity: Entity): void {
    const known = this.#entities[slot] as Entity;
    if (known === entity) return;
    this.#entities[slot] = entity;
    if (known.labels.key === entity.labels.key) return;
    this.#exposed[slot] = undefined;
    this.regroup(slot);
  }

  /** Settles the groups anew; tells `refused` the levels that the cap on groups kept it out of. */
  regroup(slot: number, refused?: (levelAt: number, node: string) => void): void {
    const node = this.#nodes[slot] as NodeState;
    const place = { node: node.name, cluster: this.#cluster };
    this.groupOf.forEach((groupOf, levelAt) => {
      const joined = this.#groups.join(levelAt, this.#entities[slot] as Entity, place, node);
      this.#groups.leave(levelAt, groupOf[slot] as number);
      groupOf[slot] = joined;
      if (joined === REFUSED) refused?.(levelAt, node.name);
    });
  }

  /** Tries again where the cap on groups stood in the way; tells `refused` the levels that it still does. */
  retryGroups(slot: number, refused: (levelAt: number, node: string) => void): void {
    if (this.groupOf.some((groupOf) => groupOf[slot] === REFUSED)) this.regroup(slot, refused);
  }

  /** The row as exposed: the entity's labels and `node`. Shared by all families' rows without dimensions. */
  exposed(slot: number, dims: Labels): Row {
    if (dims.names.length > 0) return { labels: this.#exposedLabels(slot, dims) };
    const row = this.#exposed[slot] ?? { labels: this.#exposedLabels(slot, dims) };
    this.#exposed[slot] = row;
    return row;
  }

  /** Whether groups count an entity in use as one of their containers. */
  isCounted(slot: number): boolean {
    return this.#entities[slot]?.kind !== 'sandbox';
  }

  /** The node that an entity in use is on. */
  nodeOf(slot: number): NodeState {
    return this.#nodes[slot] as NodeState;
  }

  /** One row less; the last one takes the entity with it. */
  release(slot: number): void {
    const left = (this.#rowCounts[slot] as number) - 1;
    this.#rowCounts[slot] = left;
    if (left > 0) return;
    const { kind, key } = this.#entities[slot] as Entity;
    this.#nodes[slot]?.entities.get(kind)?.delete(key);
    for (const [levelAt, groupOf] of this.groupOf.entries()) this.#groups.leave(levelAt, groupOf[slot] as number);
    this.#entities[slot] = undefined;
    this.#nodes[slot] = undefined;
    this.#exposed[slot] = undefined;
    this.#free.push(slot);
    this.#live--;
  }

  #exposedLabels(slot: number, dims: Labels): Labels {
    const node = labels([['node', (this.#nodes[slot] as NodeState).name]]);
    return mergeLabels(node, mergeLabels((this.#entities[slot] as Entity).labels, dims));
  }

  #grow(): void {
    const capacity = this.lastEpoch.length * 2;
    this.lastEpoch = grownIntegers(this.lastEpoch, capacity, 0);
    this.#rowCounts = grownIntegers(this.#rowCounts, capacity, 0);
    this.groupOf.forEach((groupOf, i) => {
      this.groupOf[i] = grownIntegers(groupOf, capacity, 0);
    });
  }
}

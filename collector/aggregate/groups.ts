/**
 * Groups: the services, pods, nodes … of each level, by slot. Owns their labels, their number of members and when a member was
 * last read; capped over all levels together; dropped when silent for too long. Totals hang on a group's slot, see totals.ts. A group counts
 * for the node whose container was its first: a fair share of the cap is a node's.
 */
import { type Labels, labelValue } from '../../src/model/labels.ts';
import type { Entity, Row } from '../../src/model/table.ts';
import { FIRST_CAPACITY, grownDoubles, grownIntegers } from './growing.ts';
import { mayHave } from '../../src/model/share.ts';
import { groupLabels, type LevelDef, nodeLabel, type Place } from './levels.ts';

/** No part in the level: a label is missing, or it is not of the level's kind. */
export const NO_GROUP = -1;
/** Would be a new group beyond the cap. */
export const REFUSED = -2;

/** The groups of one level. `rows[slot]` is undefined where the slot is free. */
export interface LevelGroups {
  readonly level: LevelDef;
  readonly index: Map<string, number>;
  readonly rows: (Row | undefined)[];
  readonly keys: string[];
  readonly free: number[];
  /** The label that names the one node that a group is of; undefined at a level whose groups may span several. */
  readonly nodeLabel: string | undefined;
  /** At such a level, the node of each group. */
  readonly nodeOf: (string | undefined)[];
  /** Whose share each counts in; undefined where it is free, or the level has no cap. */
  readonly founders: (Founder | undefined)[];
  /** Whether its groups count for the cap. Those of nodes and the cluster are as few as nodes, and never refused. */
  readonly capped: boolean;
  capacity: number;
  /** Entities that belong to the group now, read or not. */
  members: Int32Array;
  lastReadMs: Float64Array;
}

export interface GroupsOptions {
  readonly levels: readonly LevelDef[];
  readonly maxGroups: number;
  /** How many nodes share the cap. */
  readonly holders: () => number;
}

/** A node, as far as groups know it. */
export interface Founder {
  groups: number;
}

export class Groups {
  readonly levels: readonly LevelGroups[];
  readonly #options: GroupsOptions;
  #live = 0;
  /** Of them, those that count for the cap. */
  #held = 0;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.levels = options.levels.map(emptyLevel);
  }

  /** How many groups there are, over all levels. */
  get live(): number {
    return this.#live;
  }

  /** The slot of the entity's group at a level, made if need be and counted as one member more; or NO_GROUP, or REFUSED. */
  join(levelAt: number, entity: Entity, place: Place, founder: Founder): number {
    const groups = this.levels[levelAt] as LevelGroups;
    const labels = groupLabels(groups.level, entity, place);
    if (labels === undefined) return NO_GROUP;
    let slot = groups.index.get(labels.key);
    if (slot === undefined) {
      if (groups.capped && !this.#admits(founder)) return REFUSED;
      slot = this.#found(groups, labels, founder);
    }
    groups.members[slot] = (groups.members[slot] as number) + 1;
    return slot;
  }

  /** A group as it was, without members yet. */
  restore(
    levelAt: number,
    { labels, founder, lastReadMs }: { labels: Labels; founder: Founder; lastReadMs: number },
  ): void {
    const groups = this.levels[levelAt] as LevelGroups;
    if (groups.index.has(labels.key) || (groups.capped && this.#held >= this.#options.maxGroups)) return;
    groups.lastReadMs[this.#found(groups, labels, founder)] = lastReadMs;
  }

  #found(groups: LevelGroups, labels: Labels, founder: Founder): number {
    const slot = groups.free.pop() ?? groups.rows.length;
    if (slot >= groups.capacity) grow(groups);
    groups.rows[slot] = { labels };
    groups.keys[slot] = labels.key;
    groups.nodeOf[slot] = groups.nodeLabel === undefined ? undefined : labelValue(labels, groups.nodeLabel);
    groups.index.set(labels.key, slot);
    this.#count(groups, slot, founder);
    return slot;
  }

  #admits({ groups: own }: Founder): boolean {
    const { maxGroups: cap, holders } = this.#options;
    return mayHave({ cap, held: this.#held, own, holders: holders(), wish: 1 });
  }

  #count(groups: LevelGroups, slot: number, founder: Founder): void {
    this.#live++;
    if (!groups.capped) return;
    groups.founders[slot] = founder;
    founder.groups++;
    this.#held++;
  }

  #uncount(groups: LevelGroups, slot: number): void {
    this.#live--;
    const founder = groups.founders[slot];
    if (founder === undefined) return;
    groups.founders[slot] = undefined;
    founder.groups--;
    this.#held--;
  }

  /** One member less. The group stays until it is stale. */
  leave(levelAt: number, slot: number): void {
    const { members } = this.levels[levelAt] as LevelGroups;
    if (slot >= 0) members[slot] = (members[slot] as number) - 1;
  }

  /** Frees the groups that have no member and were last read before `beforeMs`; tells `freed` each. */
  evict(beforeMs: number, freed: (levelAt: number, slot: number) => void): void {
    this.levels.forEach((groups, levelAt) => {
      for (let slot = 0; slot < groups.rows.length; slot++) {
        if (groups.rows[slot] === undefined || groups.members[slot] !== 0) continue;
        if ((groups.lastReadMs[slot] as number) >= beforeMs) continue;
        groups.index.delete(groups.keys[slot] as string);
        groups.rows[slot] = undefined;
        groups.keys[slot] = '';
        groups.lastReadMs[slot] = 0;
        groups.free.push(slot);
        this.#uncount(groups, slot);
        freed(levelAt, slot);
      }
    });
  }

  /** The clock was set back by so much. */
  moveBack(byMs: number): void {
    for (const { lastReadMs } of this.levels)
      for (let i = 0; i < lastReadMs.length; i++) lastReadMs[i] = (lastReadMs[i] as number) - byMs;
  }
}

function emptyLevel(level: LevelDef): LevelGroups {
  return {
    level,
    index: new Map(),
    rows: [],
    keys: [],
    free: [],
    nodeLabel: nodeLabel(level),
    nodeOf: [],
    founders: [],
    capped: level.by.some(({ from, or = from }) => [from, or].some((label) => label !== 'node' && label !== 'cluster')),
    capacity: FIRST_CAPACITY,
    members: new Int32Array(FIRST_CAPACITY),
    lastReadMs: new Float64Array(FIRST_CAPACITY),
  };
}

function grow(groups: LevelGroups): void {
  groups.capacity *= 2;
  groups.members = grownIntegers(groups.members, groups.capacity, 0);
  groups.lastReadMs = grownDoubles(groups.lastReadMs, groups.capacity, 0);
}

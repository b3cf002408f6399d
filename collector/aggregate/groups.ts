/**
 * Groups: the services, pods, nodes … of each level, by slot. Owns their labels, their number of members and when a member was
 * last read; capped over all levels together; dropped when silent for too long. Totals hang on a group's slot, see totals.ts.
 */
import type { Entity, Row } from '../../src/model/table.ts';
import { FIRST_CAPACITY, grownDoubles, grownIntegers } from './growing.ts';
import { groupLabels, type LevelDef, type Place } from './levels.ts';

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
  capacity: number;
  /** Entities that belong to the group now, read or not. */
  members: Int32Array;
  lastReadMs: Float64Array;
}

export interface GroupsOptions {
  readonly levels: readonly LevelDef[];
  readonly maxGroups: number;
}

export class Groups {
  readonly levels: readonly LevelGroups[];
  readonly #maxGroups: number;
  #live = 0;

  constructor(options: GroupsOptions) {
    this.#maxGroups = options.maxGroups;
    this.levels = options.levels.map(emptyLevel);
  }

  /** How many groups there are, over all levels. */
  get live(): number {
    return this.#live;
  }

  /** The slot of the entity's group at a level, made if need be and counted as one member more; or NO_GROUP, or REFUSED. */
  join(levelAt: number, entity: Entity, place: Place): number {
    const groups = this.levels[levelAt] as LevelGroups;
    const labels = groupLabels(groups.level, entity, place);
    if (labels === undefined) return NO_GROUP;
    let slot = groups.index.get(labels.key);
    if (slot === undefined) {
      if (this.#live >= this.#maxGroups) return REFUSED;
      slot = groups.free.pop() ?? groups.rows.length;
      if (slot >= groups.capacity) grow(groups);
      groups.rows[slot] = { labels };
      groups.keys[slot] = labels.key;
      groups.index.set(labels.key, slot);
      this.#live++;
    }
    groups.members[slot] = (groups.members[slot] as number) + 1;
    return slot;
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
        this.#live--;
        freed(levelAt, slot);
      }
    });
  }

  /** After the clock was set back: no group was read later than `timeMs`. */
  clampTimes(timeMs: number): void {
    for (const { lastReadMs } of this.levels) {
      for (let i = 0; i < lastReadMs.length; i++) lastReadMs[i] = Math.min(lastReadMs[i] as number, timeMs);
    }
  }
}

function emptyLevel(level: LevelDef): LevelGroups {
  return {
    level,
    index: new Map(),
    rows: [],
    keys: [],
    free: [],
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

/** The tables of a closed window: groups' columns compacted to the groups that have a number, in arrays of the frame's own. */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import type { Shape } from '../../src/model/shape.ts';
import { countSamples, type Row } from '../../src/model/table.ts';
import type { LevelGroups } from './groups.ts';
import type { NodeState } from './nodes.ts';
import type { ResolvedWindow } from './resolved.ts';
import type { AggregatorState } from './state.ts';

/** What a level's table is made of. `columns` are indexed by group slot. */
export interface LevelColumns {
  readonly groups: LevelGroups;
  readonly shape: Shape;
  readonly columns: readonly Float64Array[];
  readonly timeMs: number;
  /** Which groups have a part in it; all if not given. */
  readonly shows?: ((slot: number) => boolean) | undefined;
}

/** The table of the groups that have a number in one of the columns; undefined if there is none. */
export function levelTable({ groups, shape, columns, timeMs, shows }: LevelColumns): LevelTable | undefined {
  const slots: number[] = [];
  const rows: Row[] = [];
  groups.rows.forEach((row, slot) => {
    if (row === undefined || !columns.some((column) => !Number.isNaN(column[slot] as number))) return;
    if (shows !== undefined && !shows(slot)) return;
    slots.push(slot);
    rows.push(row);
  });
  if (rows.length === 0) return undefined;
  const values = new Float64Array(columns.length * rows.length);
  columns.forEach((column, c) => {
    slots.forEach((slot, r) => {
      const value = column[slot] as number;
      values[c * rows.length + r] = Number.isFinite(value) ? value : Number.NaN;
    });
  });
  return { level: groups.level.name, shape, rows, timesMs: new Float64Array(rows.length).fill(timeMs), values };
}

/** How many containers each group of a level had in the window, and on how many nodes; also notes that the group was read. */
export function membersTable(state: AggregatorState, window: ResolvedWindow, levelAt: number): LevelTable | undefined {
  const groups = state.groups.levels[levelAt] as LevelGroups;
  const endMs = window.startMs + state.options.windowMs;
  const groupOf = state.entities.groupOf[levelAt] as Int32Array;
  const column = new Float64Array(groups.capacity).fill(Number.NaN);
  for (const entity of window.entities) {
    const group = groupOf[entity] as number;
    if (group < 0) continue;
    groups.lastReadMs[group] = Math.max(groups.lastReadMs[group] as number, endMs);
    if (!state.entities.isCounted(entity)) continue;
    const before = column[group] as number;
    column[group] = Number.isNaN(before) ? 1 : before + 1;
  }
  const shape = state.groupShapes[levelAt] as Shape;
  const columns = shape.columns.length > 1 ? [column, nodesColumn(state, window, levelAt)] : [column];
  return levelTable({ groups, shape, columns, timeMs: endMs });
}

/** On how many nodes each group of a level was read. */
function nodesColumn({ entities, groups }: AggregatorState, window: ResolvedWindow, levelAt: number): Float64Array {
  const { capacity } = groups.levels[levelAt] as LevelGroups;
  const groupOf = entities.groupOf[levelAt] as Int32Array;
  const column = new Float64Array(capacity).fill(Number.NaN);
  const seen = new Map<number, Set<NodeState>>();
  // Entities come node by node, mostly: most groups are asked for a node that they have just had.
  const latest: (NodeState | undefined)[] = [];
  for (const entity of window.entities) {
    const group = groupOf[entity] as number;
    const node = entities.nodeOf(entity);
    if (group < 0 || latest[group] === node) continue;
    latest[group] = node;
    const nodes = seen.get(group) ?? new Set();
    seen.set(group, nodes.add(node));
    column[group] = nodes.size;
  }
  return column;
}

/** A frame of the tables there are. */
export function frameOf(startMs: number, endMs: number, tables: readonly (LevelTable | undefined)[]): Frame {
  const present = tables.filter((table) => table !== undefined);
  return { startMs, endMs, tables: present, samples: present.reduce((sum, table) => sum + countSamples(table), 0) };
}

/** Closing a window: its batches in, its frame out, and what went stale given up. In pieces, so that the caller may breathe. */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { frameOf, levelTable, membersTable } from './frame.ts';
import type { LevelGroups } from './groups.ts';
import { journalOf } from './journal.ts';
import { type PendingBatch, samplesOf } from './pending.ts';
import { reduceFamily } from './reduce.ts';
import { resolveWindow } from './resolve.ts';
import type { FamilySeries } from './series.ts';
import type { AggregatorState } from './state.ts';
import type { GroupColumns } from './totals.ts';

/** What closing needs beside the state. */
export interface ClosingWindow {
  readonly startMs: number;
  readonly batches: readonly PendingBatch[];
  /** Whether the groups' numbers are whole: not of a window that had begun before we did. */
  readonly withGroups: boolean;
}

/** Closes one window. Yields the number of steps done since the last time. */
export function* closeWindow(
  state: AggregatorState,
  { startMs, batches, withGroups }: ClosingWindow,
): Generator<number, Frame> {
  const endMs = startMs + state.options.windowMs;
  state.closing = samplesOf(batches);
  const window = yield* resolveWindow(state, startMs, batches);
  for (const entity of window.entities) {
    state.entities.retryGroups(entity, (levelAt, node) => {
      state.groupsRefused.add(state.options.levels[levelAt]?.name ?? '');
      state.refusals.add('groups', node, 1);
    });
  }
  const containers = new Map<FamilySeries, LevelTable | undefined>();
  const families = state.inOrder();
  for (const series of families) {
    const family = window.families.get(series) ?? { series, tables: [], readings: 0 };
    containers.set(series, yield* reduceFamily(state, family));
  }
  const levels: (LevelTable | undefined)[] = [];
  const groups = new Map<GroupColumns, LevelTable | undefined>();
  for (let levelAt = 0; levelAt < state.groups.levels.length; levelAt++) {
    levels.push(membersTable(state, window, levelAt));
    for (const series of families) {
      const columns = state.groupColumns.get(series)?.[levelAt];
      const table = columns && familyTable(state, columns, { levelAt, timeMs: endMs });
      levels.push(table);
      if (columns !== undefined && withGroups) groups.set(columns, table);
      yield (state.groups.levels[levelAt]?.capacity ?? 0) * series.width;
    }
  }
  state.processed += state.closing;
  state.closing = 0;
  state.evict(endMs);
  const frame = frameOf(startMs, endMs, [...containers.values(), ...(withGroups ? levels : [])]);
  if (!state.options.journal) return frame;
  return { ...frame, journal: yield* journalOf(state, { endMs, containers, groups }) };
}

function familyTable(
  state: AggregatorState,
  columns: GroupColumns,
  { levelAt, timeMs }: { levelAt: number; timeMs: number },
): LevelTable | undefined {
  const groups = state.groups.levels[levelAt] as LevelGroups;
  const { shape } = columns.plan;
  return levelTable({ groups, shape, columns: shape.columns.map((_, i) => columns.column(i)), timeMs });
}

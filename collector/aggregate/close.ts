/** Closing a window: its batches in, its frame out, and what went stale given up. In pieces, so that the caller may breathe. */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { frameOf, type LevelColumns, levelTable, membersTable } from './frame.ts';
import type { LevelGroups } from './groups.ts';
import { journalOf } from './journal.ts';
import { type PendingBatch, samplesOf } from './pending.ts';
import { reduceFamily } from './reduce.ts';
import { resolveWindow } from './resolve.ts';
import type { ResolvedWindow } from './resolved.ts';
import type { FamilySeries } from './series.ts';
import type { AggregatorState } from './state.ts';
import type { GroupColumns } from './totals.ts';

/** What closing needs beside the state. */
export interface ClosingWindow {
  readonly startMs: number;
  readonly batches: readonly PendingBatch[];
  /** Whether the groups' numbers are whole: not of a window that had begun before we did. */
  readonly withGroups: boolean;
  /** It was closed before, without these nodes: a late frame comes of it. */
  readonly late?: ReadonlySet<string>;
  /** Of those, what was in it nevertheless. */
  readonly again?: readonly PendingBatch[];
  /** Nodes that are behind: it will be closed for them later. */
  readonly without?: ReadonlySet<string>;
  /** Before it is over, at a stop: more may come for it. */
  readonly early?: boolean;
}

/** Lets other work run between two pieces. */
export type Breathe = () => Promise<void>;

/** Steps (numbers gone through) between two breaths: a few milliseconds. */
const STEPS_PER_BREATH = 100_000;

/** Closes one window, with breaths. */
export async function closeInPieces(state: AggregatorState, window: ClosingWindow, breathe: Breathe): Promise<Frame> {
  const pieces = closeWindow(state, window);
  let steps = 0;
  for (let piece = pieces.next(); ; piece = pieces.next()) {
    if (piece.done) return piece.value;
    steps += piece.value;
    if (steps < STEPS_PER_BREATH) continue;
    steps = 0;
    await breathe();
  }
}

/** Closes one window. Yields the number of steps done since the last time. */
function* closeWindow(
  state: AggregatorState,
  { startMs, batches, withGroups, late, again, without, early }: ClosingWindow,
): Generator<number, Frame> {
  const endMs = startMs + state.options.windowMs;
  state.closing = samplesOf(batches);
  const window = yield* resolveWindow(state, { startMs, batches, again: again ?? [], only: late, without });
  for (const entity of window.entities) {
    state.entities.retryGroups(entity, (levelAt, node) => {
      state.groupsRefused.add(state.options.levels[levelAt]?.name ?? '');
      state.refusals.add('groups', node, 1);
      state.pressed = true;
    });
  }
  const containers = new Map<FamilySeries, LevelTable | undefined>();
  const families = state.inOrder();
  for (const series of families) {
    const family = window.families.get(series) ?? { series, tables: [], readings: 0 };
    containers.set(series, yield* reduceFamily(state, family, late !== undefined));
  }
  const levels: (LevelTable | undefined)[] = [];
  const groups = new Map<GroupColumns, LevelTable | undefined>();
  for (const [levelAt, { nodeLabel }] of state.groups.levels.entries()) {
    const members = membersTable(state, window, levelAt);
    if (late !== undefined && nodeLabel === undefined) continue;
    levels.push(members);
    const shows = showing(state, window, levelAt);
    for (const series of families) {
      const columns = state.groupColumns.get(series)?.[levelAt];
      const table = columns && familyTable(state, columns, { levelAt, timeMs: endMs, shows });
      levels.push(table);
      if (columns !== undefined && withGroups) groups.set(columns, table);
      yield (state.groups.levels[levelAt]?.capacity ?? 0) * series.width;
    }
  }
  state.processed += state.closing;
  if (late !== undefined) state.late += state.closing;
  state.closing = 0;
  noteParts(state, window, { batches: [...(again ?? []), ...batches], early: early ?? false });
  const frame = frameOf(startMs, endMs, [...containers.values(), ...(withGroups ? levels : [])]);
  if (late !== undefined) return { ...frame, late: [...late].sort() };
  state.evict(endMs);
  if (!state.options.journal) return frame;
  return { ...frame, journal: yield* journalOf(state, { endMs, containers, groups }) };
}

function familyTable(
  state: AggregatorState,
  columns: GroupColumns,
  { levelAt, timeMs, shows }: { levelAt: number; timeMs: number } & Pick<LevelColumns, 'shows'>,
): LevelTable | undefined {
  const groups = state.groups.levels[levelAt] as LevelGroups;
  const { shape } = columns.plan;
  return levelTable({ groups, shape, columns: shape.columns.map((_, i) => columns.column(i)), timeMs, shows });
}

/**
 * Which groups the window shows. One of a node that had no part in it shows nothing, because what it was then may come yet; and one that was not
 * read for so long that it would be dropped, if its members did not wait for that.
 */
function showing(state: AggregatorState, { startMs, nodes }: ResolvedWindow, levelAt: number): LevelColumns['shows'] {
  const { maxLateMs, groupStaleAfterMs, windowMs } = state.options;
  if (maxLateMs === 0) return undefined;
  const { nodeLabel, nodeOf, lastReadMs } = state.groups.levels[levelAt] as LevelGroups;
  if (nodeLabel !== undefined) return (slot) => nodes.has(nodeOf[slot] ?? '');
  return (slot) => (lastReadMs[slot] as number) >= startMs + windowMs - groupStaleAfterMs;
}

/** Takes note of what nodes had for the window, in case that some more comes for it. */
function noteParts(
  state: AggregatorState,
  { startMs }: ResolvedWindow,
  { batches, early }: { readonly batches: readonly PendingBatch[]; readonly early: boolean },
): void {
  const own = new Map<string, PendingBatch[]>();
  for (const batch of batches) {
    const before = own.get(batch.node);
    if (before === undefined) own.set(batch.node, [batch]);
    else before.push(batch);
  }
  for (const [name, parts] of own) {
    const node = state.nodes.known(name);
    if (node === undefined) continue;
    const endMs = startMs + state.options.windowMs;
    // What it read after its last batch is in none: the next run takes it, on time or late.
    node.closedMs = Math.max(node.closedMs, early ? Math.min(endMs, node.lastBatchMs + 1) : endMs);
    if (state.options.maxLateMs > 0) node.last = { startMs, batches: parts };
  }
}

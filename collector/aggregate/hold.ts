/**
 * Nodes that tick less often than windows close: what their last tick read holds until the next one is due, so that a group that spans nodes
 * of different pace has all its members in every window. A held reading is the reading it was: counters grow by nothing.
 */
import type { EntityRow } from '../../src/model/table.ts';
import type { Family } from '../../src/model/family.ts';
import { type NodeState, rowsOfFamily } from './nodes.ts';
import type { PendingBatch } from './pending.ts';
import { familyOf, giveAPlace, type ResolvedWindow } from './resolved.ts';
import type { AggregatorState } from './state.ts';

/** Takes note of a batch of the node: a tick begins a new hold, what comes between ticks ends that of what it is about. */
export function noteTick(state: AggregatorState, node: NodeState, batch: PendingBatch): void {
  const { intervalMs, session, seq, tickMs, tables } = batch;
  const { held } = node;
  if (intervalMs === undefined) {
    for (const { table } of tables) for (const { entity } of table.rows) held?.ended.add(entity.key);
    return;
  }
  const { windowMs, staleAfterMs } = state.options;
  node.intervalMs = Math.min(intervalMs, staleAfterMs);
  if (node.intervalMs <= windowMs) release(state, node);
  else if (held?.session === session && held.seq === seq) held.tables.push(...tables);
  else {
    node.held = { session, seq, untilMs: tickMs + node.intervalMs, tables: [...tables], ended: new Set() };
    state.nodes.holding.add(node);
  }
}

/** Which nodes a window is closed for. */
export interface Concerned {
  /** Those alone: the window was closed before, without them. */
  readonly only?: ReadonlySet<string> | undefined;
  /** All but those: they are behind, and it will be closed for them later. */
  readonly without?: ReadonlySet<string> | undefined;
}

/** Gives held readings a place in a window that has none of their rows; answers how many rows it went through. */
export function holdTicks(state: AggregatorState, window: ResolvedWindow, { only, without }: Concerned = {}): number {
  let steps = 0;
  for (const node of state.nodes.holding) {
    if (without?.has(node.name) || !(only?.has(node.name) ?? true)) continue;
    if ((node.held?.untilMs ?? 0) <= window.startMs) {
      release(state, node);
      continue;
    }
    window.nodes.add(node.name);
    node.closedMs = Math.max(node.closedMs, window.startMs + state.options.windowMs);
    for (const { table, picked } of node.held?.tables ?? []) {
      const series = state.seriesOf(table.shape as Family);
      const known = rowsOfFamily(node, series.family.name);
      const places = new Int32Array(table.rows.length).fill(-1);
      const family = familyOf(window, series);
      const rows = picked ?? table.rows.keys();
      for (const r of rows) {
        const row = table.rows[r] as EntityRow;
        const slot = known.index.get(row);
        if (slot === undefined || series.lastMs[slot] !== table.timesMs[r]) continue;
        if (series.epochOf[slot] === state.epoch || node.held?.ended.has(row.entity.key)) continue;
        giveAPlace(state, window, { series, slot });
        places[r] = series.placeOf[slot] as number;
        family.readings++;
      }
      const none = { lives: new Uint8Array(table.rows.length), spans: new Float64Array(table.rows.length) };
      family.tables.push({ table, places, ...none });
      steps += table.rows.length;
    }
  }
  return steps;
}

function release(state: AggregatorState, node: NodeState): void {
  node.held = undefined;
  state.nodes.holding.delete(node);
}

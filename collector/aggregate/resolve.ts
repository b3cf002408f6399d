/**
 * First half of closing a window: which row is which. Goes through the window's batches in event order and gives every row
 * that was read a slot, a place in the window and the life of its reading; what cannot be taken is counted. No value is looked at.
 */
import type { Family } from '../../src/model/family.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { mayHave } from '../../src/model/share.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { countedSince, lifeOf } from './increase.ts';
import { type NodeRows, type NodeState, rowsOfFamily } from './nodes.ts';
import { countRow, type PendingBatch, type PendingRows } from './pending.ts';
import type { FamilySeries } from './series.ts';
import type { AggregatorState } from './state.ts';

/** A table of which every row is settled. */
export interface ResolvedTable {
  readonly table: FamilyTable;
  /** Per row of the table: its place, or -1. */
  readonly places: Int32Array;
  readonly lives: Uint8Array;
}

/** One family's part of a window. */
export interface ResolvedFamily {
  readonly series: FamilySeries;
  readonly tables: ResolvedTable[];
  /** Rows taken; equal to the number of places when no row was read twice. */
  readings: number;
}

export interface ResolvedWindow {
  readonly startMs: number;
  readonly families: Map<FamilySeries, ResolvedFamily>;
  /** Slots of the entities that were read. */
  readonly entities: number[];
}

const KEPT_OUT = -1;
/** What settling a row costs, in numbers gone through. */
const STEPS_PER_ROW = 8;

/** Settles all rows of a window; yields how much it did since the last time, so that the caller may breathe. */
export function* resolveWindow(
  state: AggregatorState,
  startMs: number,
  batches: readonly PendingBatch[],
): Generator<number, ResolvedWindow> {
  const window: ResolvedWindow = { startMs, families: new Map(), entities: [] };
  state.epoch++;
  for (const family of state.series.values()) family.placed = 0;
  for (const batch of batches) {
    const node = state.nodes.seen(batch.node, batch.tickMs);
    let steps = 0;
    for (const pending of batch.tables) {
      steps += pending.table.rows.length * STEPS_PER_ROW;
      if (node === undefined) drop(state, 'node_limit', pending.samples);
      else resolveTable(state, { window, node, pending });
    }
    yield steps;
  }
  return window;
}

interface TableContext {
  readonly window: ResolvedWindow;
  readonly node: NodeState;
  readonly pending: PendingRows;
}

function resolveTable(state: AggregatorState, { window, node, pending }: TableContext): void {
  const { table, picked } = pending;
  const series = state.seriesOf(table.shape as Family);
  const resolved = familyOf(window, series);
  const length = table.rows.length;
  const places = new Int32Array(length).fill(KEPT_OUT);
  const lives = new Uint8Array(length);
  const known = rowsOfFamily(node, series.family.name);
  if (known.hints.length < length) known.hints = new Int32Array(length).fill(-1);
  const count = picked?.length ?? length;
  for (let i = 0; i < count; i++) {
    const r = picked === undefined ? i : (picked[i] as number);
    const row = table.rows[r] as EntityRow;
    const slot = slotOf(state, { series, node, known, row, at: r });
    const timeMs = table.timesMs[r] as number;
    if (slot < 0) noRoom(state, node, countRow(table, r));
    else if (!(timeMs > (series.lastMs[slot] as number))) drop(state, 'duplicate_time', countRow(table, r));
    else {
      lives[r] = read(state, { window, series, node, slot, row, timeMs });
      places[r] = series.placeOf[slot] as number;
      resolved.readings++;
    }
  }
  resolved.tables.push({ table, places, lives });
}

interface RowContext {
  readonly series: FamilySeries;
  readonly node: NodeState;
  readonly known: NodeRows;
  readonly row: EntityRow;
  /** The row's number in its table. */
  readonly at: number;
}

/** The row's slot, -1 if it is new and over a cap. Mostly the slot that the same line of the last table had. */
function slotOf(state: AggregatorState, context: RowContext): number {
  const { series, node, known, row, at } = context;
  const hint = known.hints[at] as number;
  if (hint >= 0 && series.rows[hint] === row && series.nodes[hint] === node) return hint;
  let slot = known.index.get(row);
  if (slot === undefined) slot = admit(state, context);
  else if (series.rows[slot] !== row) replace(state, context, slot);
  known.hints[at] = slot;
  return slot;
}

function admit(state: AggregatorState, { series, node, row }: RowContext): number {
  const { maxSeries, maxSeriesPerNode } = state.options;
  const wish = series.width;
  if (node.series + wish > maxSeriesPerNode) return -1;
  const holders = state.nodes.live;
  if (!mayHave({ cap: maxSeries, held: state.liveSeries, own: node.series, holders, wish })) return -1;
  state.liveSeries += series.width;
  return series.add(row, node, state.entities.acquire(node, row.entity));
}

/** The same row under a new object: labels may have changed, the counters go on. */
function replace(state: AggregatorState, { series, row }: RowContext, slot: number): void {
  const before = series.rows[slot] as EntityRow;
  series.rows[slot] = row;
  state.entities.update(series.entityOf[slot] as number, row.entity);
  if (before.labels.key !== row.labels.key) series.exposed[slot] = undefined;
}

interface ReadingContext {
  readonly window: ResolvedWindow;
  readonly series: FamilySeries;
  readonly node: NodeState;
  readonly slot: number;
  readonly row: EntityRow;
  readonly timeMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** Takes one reading of a row: its place, its times, its entity seen. Answers its life. */
function read(state: AggregatorState, { window, series, node, slot, row, timeMs }: ReadingContext): number {
  const { staleAfterMs, windowMs } = state.options;
  if (timeMs - (series.lastMs[slot] as number) > staleAfterMs && series.lastMs[slot] !== NEVER) {
    series.forget(slot);
    state.evicted.add('stale_row');
  }
  const previousMs = series.lastMs[slot] as number;
  if (previousMs < window.startMs - windowMs && previousMs !== NEVER) state.increases.gaps++;
  const startMs = row.entity.startMs;
  const { moment } = state;
  moment.previousMs = previousMs;
  moment.previousStartMs = series.startMs[slot] as number;
  moment.timeMs = timeMs;
  moment.startMs = startMs;
  moment.replaceable = row.dims.names.length > 0;
  moment.watchedSinceMs = node.watchedSinceMs;
  const life = lifeOf(moment, staleAfterMs);
  giveAPlace(state, window, { series, slot });
  if (Number.isNaN(series.sinceMs[slot] as number)) series.sinceMs[slot] = countedSince(moment, life);
  series.lastMs[slot] = timeMs;
  if (startMs > 0) series.startMs[slot] = startMs;
  return life;
}

/** On the row's first reading in this window: its place, and its entity counted as read. */
function giveAPlace(state: AggregatorState, window: ResolvedWindow, at: { series: FamilySeries; slot: number }): void {
  const { series, slot } = at;
  if (series.epochOf[slot] === state.epoch) return;
  series.epochOf[slot] = state.epoch;
  series.placeOf[slot] = series.placed;
  series.slotAt[series.placed] = slot;
  series.placed++;
  series.sinceMs[slot] = Number.NaN;
  const entity = series.entityOf[slot] as number;
  if (state.entities.lastEpoch[entity] === state.epoch) return;
  state.entities.lastEpoch[entity] = state.epoch;
  window.entities.push(entity);
}

function familyOf(window: ResolvedWindow, series: FamilySeries): ResolvedFamily {
  let family = window.families.get(series);
  if (family === undefined) {
    family = { series, tables: [], readings: 0 };
    window.families.set(series, family);
  }
  return family;
}

function noRoom(state: AggregatorState, node: NodeState, samples: number): void {
  drop(state, 'series_limit', samples);
  state.refusals.add('series', node.name, samples);
}

function drop(state: AggregatorState, reason: string, samples: number): void {
  state.dropped.add(reason, samples);
  state.closing -= samples;
}

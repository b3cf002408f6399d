/**
 * First half of closing a window: which row is which. Goes through the window's batches in event order and gives every row
 * that was read a slot, a place in the window and the life of its reading; what cannot be taken is counted. No value is looked at.
 */
import type { Family } from '../../src/model/family.ts';
import { mayHave } from '../../src/model/share.ts';
import type { EntityRow } from '../../src/model/table.ts';
import { type Concerned, holdTicks, noteTick } from './hold.ts';
import { countedSince, lifeOf, spanOf } from './increase.ts';
import { type NodeRows, type NodeState, rowsOfFamily } from './nodes.ts';
import { countRow, type PendingBatch, type PendingRows } from './pending.ts';
import type { FamilySeries } from './series.ts';
import { familyOf, giveAPlace, type ResolvedWindow } from './resolved.ts';
import type { AggregatorState } from './state.ts';

const KEPT_OUT = -1;
const NEVER = Number.NEGATIVE_INFINITY;
/** What settling a row costs, in numbers gone through. */
const STEPS_PER_ROW = 8;

/** What is to be settled. */
export interface Settling extends Concerned {
  readonly startMs: number;
  readonly batches: readonly PendingBatch[];
  /** What was settled before, when the window was closed without the rest. */
  readonly again?: readonly PendingBatch[];
}

/** Settles all rows of a window; yields how much it did since the last time, so that the caller may breathe. */
export function* resolveWindow(
  state: AggregatorState,
  { startMs, batches, again = [], ...concerned }: Settling,
): Generator<number, ResolvedWindow> {
  const window: ResolvedWindow = { startMs, families: new Map(), entities: [], nodes: new Set() };
  state.epoch++;
  state.current = window.nodes;
  for (const family of state.series.values()) family.placed = 0;
  for (const batch of again) yield placeAgain(state, window, batch);
  for (const batch of batches) {
    if (!window.nodes.has(batch.node)) state.nodes.begin(batch.node);
    window.nodes.add(batch.node);
    const node = state.seen(batch.node, batch.tickMs);
    const taken = node === undefined || isInOrder(state, node, batch);
    let steps = 0;
    for (const pending of batch.tables) {
      steps += pending.table.rows.length * STEPS_PER_ROW;
      if (node === undefined) drop(state, 'node_limit', pending.samples);
      else if (!taken) drop(state, 'clock_set_back', pending.samples);
      else resolveTable(state, { window, node, pending });
    }
    if (node !== undefined && taken) noteTick(state, node, batch);
    yield steps;
  }
  yield holdTicks(state, window, concerned);
  return window;
}

/** Offsets that are learnt anew of the same clocks differ by less. */
const SAME_CLOCK_MS = 1000;

/**
 * Where a clock was set back a little, an agent's later batches have earlier times. What was read before one that was counted, and is later by the clock, is
 * not in order: false.
 */
function isInOrder(state: AggregatorState, node: NodeState, { session, seq, tickMs, offsetMs }: PendingBatch): boolean {
  const { newest } = node;
  const sessionId = idOf(session);
  if (sessionId === newest.sessionId && seq < newest.seq) return tickMs <= newest.tickMs;
  node.newest = { sessionId, seq, tickMs };
  // Starts of before are by another clock than those that come, and to compare them would make a restart of what has gone on. Values tell alone.
  if (!(Math.abs(offsetMs - node.offsetMs) <= SAME_CLOCK_MS)) state.forgetStarts(node);
  node.offsetMs = offsetMs;
  return true;
}

/** A number for a session that a journal can hold: FNV-1a of its name. */
function idOf(session: string): number {
  let id = 0x811c9dc5;
  for (let i = 0; i < session.length; i++) id = Math.imul(id ^ session.charCodeAt(i), 0x01000193);
  return id >>> 0;
}

/** Readings that were counted before have a place once more, so that what is made of all of a window's gauges has them. */
function placeAgain(state: AggregatorState, window: ResolvedWindow, { node: name, tables }: PendingBatch): number {
  const node = state.nodes.known(name);
  let steps = 0;
  for (const { table, picked } of node === undefined ? [] : tables) {
    const series = state.seriesOf(table.shape as Family);
    const known = rowsOfFamily(node as NodeState, series.family.name);
    const family = familyOf(window, series);
    const length = table.rows.length;
    const places = new Int32Array(length).fill(KEPT_OUT);
    for (const r of picked ?? table.rows.keys()) {
      const slot = known.index.get(table.rows[r] as EntityRow);
      if (slot === undefined || (series.lastMs[slot] as number) < (table.timesMs[r] as number)) continue;
      const sinceMs = series.sinceMs[slot] as number;
      const placed = series.epochOf[slot] === state.epoch;
      giveAPlace(state, window, { series, slot });
      if (!placed) series.sinceMs[slot] = sinceMs;
      places[r] = series.placeOf[slot] as number;
      family.readings++;
    }
    const none = { lives: new Uint8Array(length), spans: new Float64Array(length) };
    family.tables.push({ table, places, ...none, again: true });
    steps += length;
  }
  return steps;
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
  const spans = new Float64Array(length);
  const known = rowsOfFamily(node, series.family.name);
  if (known.hints.length < length) known.hints = new Int32Array(length).fill(-1);
  const count = picked?.length ?? length;
  for (let i = 0; i < count; i++) {
    const r = picked === undefined ? i : (picked[i] as number);
    const row = table.rows[r] as EntityRow;
    const slot = slotOf(state, { series, node, known, row, at: r });
    const timeMs = table.timesMs[r] as number;
    const lastMs = slot < 0 ? NEVER : (series.lastMs[slot] as number);
    if (slot < 0) noRoom(state, node, countRow(table, r));
    else if (timeMs === lastMs) state.repeated += countRow(table, r);
    else if (!(timeMs > lastMs)) drop(state, 'duplicate_time', countRow(table, r));
    else {
      lives[r] = read(state, { window, series, node, slot, row, timeMs });
      spans[r] = spanOf(state.moment, lives[r] as number);
      places[r] = series.placeOf[slot] as number;
      resolved.readings++;
    }
  }
  resolved.tables.push({ table, places, lives, spans });
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
  const { maxSeries: cap, maxSeriesPerNode } = state.options;
  const wish = series.width;
  if (node.series + wish > maxSeriesPerNode) return -1;
  while (!mayHave({ cap, held: state.liveSeries, own: node.series, holders: state.nodes.live, wish }))
    if (!state.giveUpSilent()) return -1;
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

/** Takes one reading of a row: its place, its times, its entity seen. Answers its life. */
function read(state: AggregatorState, { window, series, node, slot, row, timeMs }: ReadingContext): number {
  const { staleAfterMs, windowMs } = state.options;
  if (series.lastMs[slot] !== NEVER && state.isStale(node, series.lastMs[slot] as number, timeMs)) {
    series.forget(slot);
    state.evicted.add('stale_row');
  }
  const previousMs = series.lastMs[slot] as number;
  if (previousMs < window.startMs - Math.max(windowMs, node.intervalMs) && previousMs !== NEVER) state.increases.gaps++;
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

function noRoom(state: AggregatorState, node: NodeState, samples: number): void {
  drop(state, 'series_limit', samples);
  state.refusals.add('series', node.name, samples);
}

function drop(state: AggregatorState, reason: string, samples: number): void {
  state.dropped.add(reason, samples);
  state.closing -= samples;
}

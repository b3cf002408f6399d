/** What a window's rows have been settled to: which of them have a place in it, by family. */
import type { FamilyTable } from '../../src/model/batch.ts';
import type { FamilySeries } from './series.ts';
import type { AggregatorState } from './state.ts';

/** A table of which every row is settled. */
export interface ResolvedTable {
  readonly table: FamilyTable;
  /** Per row of the table: its place, or -1. */
  readonly places: Int32Array;
  readonly lives: Uint8Array;
  /** Per row of the table: the seconds over which its counters can have grown. */
  readonly spans: Float64Array;
  /** Its readings were counted when the window was closed before: they are there for the gauges. */
  readonly again?: true;
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
  /** Names of the nodes that have a part in it: a batch, or readings that hold. */
  readonly nodes: Set<string>;
}

/** On the row's first reading in this window: its place, and its entity counted as read. */
export function giveAPlace(
  state: AggregatorState,
  window: ResolvedWindow,
  at: { series: FamilySeries; slot: number },
): void {
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

export function familyOf(window: ResolvedWindow, series: FamilySeries): ResolvedFamily {
  let family = window.families.get(series);
  if (family === undefined) {
    family = { series, tables: [], readings: 0 };
    window.families.set(series, family);
  }
  return family;
}

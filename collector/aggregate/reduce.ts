/**
 * Second half of closing a window: the numbers. Family by family and column by column, the readings become the containers'
 * table and, through the outputs, the groups' columns. No row is looked at by name.
 */
import type { LevelTable } from '../../src/model/batch.ts';
import type { EntityRow, Row } from '../../src/model/table.ts';
import { addIncreases, goingOn } from './increase.ts';
import { CONTAINER_LEVEL } from './levels.ts';
import { MemberColumns } from './members.ts';
import { mostOf, mostPerSecond } from './plausible.ts';
import type { ResolvedFamily } from './resolved.ts';
import type { FamilySeries } from './series.ts';
import type { AggregatorState } from './state.ts';
import type { GroupColumns } from './totals.ts';

/**
 * Reduces one family's part of a window into its groups' columns, and answers the containers' table if frames are to have
 * it. Yields after each column how many numbers it went through.
 */
export function* reduceFamily(
  state: AggregatorState,
  family: ResolvedFamily,
  late = false,
): Generator<number, LevelTable | undefined> {
  const { series, tables } = family;
  const columns = state.groupColumns.get(series) ?? [];
  for (const [levelAt, groups] of columns.entries()) groups?.open(state.groups.levels[levelAt]?.capacity ?? 0);
  if (series.placed === 0) return undefined;
  const steps = series.placed * (1 + columns.length);
  const members = new MemberColumns(state.entities, family);
  // Of a window of the past, groups that span nodes take what their totals need, and their gauges stay as they were.
  const takes = (levelAt: number, keeps: boolean): boolean =>
    !late || keeps || state.groups.levels[levelAt]?.nodeLabel !== undefined;
  for (let c = 0; c < series.width; c++) {
    const most = mostOf(series.family.columns[c]?.unit ?? 'none');
    const last = members.last(c);
    const into = { last, largest: members.readOnce ? undefined : members.largest, most };
    for (const { table, places } of tables) collect(into, table.values, places, c * places.length);
    count(state, members, family, { c, late });
    foldColumn(columns, members, { c, takes });
    yield steps;
  }
  foldRatios(columns, members, takes);
  yield steps;
  return state.options.containers ? containerTable(state, series, members) : undefined;
}

/** Where a column's readings go. */
interface Places {
  readonly last: Float64Array;
  /** Undefined where the last one is the largest. */
  readonly largest: Float64Array | undefined;
  /** Magnitudes beyond it cannot be; they were counted as dropped when they came. */
  readonly most: number;
}

/** Copies a column's readings, which begin at `offset`, to their places: the last one of the window stays. */
function collect({ last, largest, most }: Places, values: Float64Array, places: Int32Array, offset: number): void {
  for (let r = 0; r < places.length; r++) {
    const place = places[r] as number;
    const value = values[offset + r] as number;
    if (place < 0 || !(Math.abs(value) <= most)) continue;
    last[place] = value;
    if (largest !== undefined && !(value <= (largest[place] as number))) largest[place] = value;
  }
}

/** The increases of column `c`, where it is a counter that someone asks for. */
function count(
  state: AggregatorState,
  members: MemberColumns,
  { series, tables }: ResolvedFamily,
  { c, late }: { readonly c: number; readonly late: boolean },
): void {
  const baselines = series.baselines[c];
  if (baselines === undefined) return;
  const increases = members.openIncreases(c);
  const slots = series.slotAt;
  const { unit = 'none', acrossStarts } = series.family.columns[c] ?? {};
  const bounds = {
    perSecond: mostPerSecond(unit),
    most: mostOf(unit),
    suspects: series.suspects[c] as Map<number, number>,
  };
  const grown = series.grown[c];
  if (grown !== undefined && tables.some(({ again }) => again))
    members.addBefore(c, before(tables, grown, slots.subarray(0, members.size)));
  for (const { table, places, lives: known, spans, again } of tables) {
    if (again) continue;
    const offset = c * places.length;
    const lives = acrossStarts ? known.map(goingOn) : known;
    const column = { values: table.values, offset, places, lives, spans, slots, baselines, increases, ...bounds };
    addIncreases(column, state.increases);
  }
  if (late) for (const increase of increases) if (increase > 0) state.increases.late++;
  if (grown === undefined) return;
  const earlier = members.before(c);
  for (let place = 0; place < members.size; place++)
    grown[slots[place] as number] = (increases[place] as number) + (earlier?.[place] ?? 0);
}

/** What rows that are in the window once more grew by in it before; by place. */
function before(tables: ResolvedFamily['tables'], grown: Float64Array, slots: Int32Array): Float64Array {
  const result = new Float64Array(slots.length);
  for (const { places, again } of tables) {
    if (!again) continue;
    for (const place of places) if (place >= 0) result[place] = grown[slots[place] as number] as number;
  }
  return result;
}

/** Whether a level's groups take an output; `keeps`: it lives on from window to window. */
type Takes = (levelAt: number, keeps: boolean) => boolean;

function foldColumn(
  columns: readonly (GroupColumns | undefined)[],
  members: MemberColumns,
  { c, takes }: { readonly c: number; readonly takes: Takes },
): void {
  columns.forEach((groups, levelAt) => {
    groups?.plan.outputs.forEach(({ output, of }, i) => {
      if (of === c && takes(levelAt, output.keeps)) output.fold(members.of(c, levelAt), groups.column(i));
    });
  });
  members.close();
}

function foldRatios(columns: readonly (GroupColumns | undefined)[], members: MemberColumns, takes: Takes): void {
  columns.forEach((groups, levelAt) => {
    if (!takes(levelAt, false)) return;
    groups?.plan.ratios.forEach(({ of, against, fold }, i) => {
      const column = groups.column(groups.plan.outputs.length + i);
      fold(
        { size: members.size, groups: members.groups(levelAt), of: members.used(of), against: members.last(against) },
        column,
      );
    });
  });
}

/** The rows as they were read, under their agent's labels and `node`. */
function containerTable(state: AggregatorState, series: FamilySeries, members: MemberColumns): LevelTable {
  const rows: Row[] = [];
  const sources: EntityRow[] = [];
  const timesMs = new Float64Array(members.size);
  for (let place = 0; place < members.size; place++) {
    const slot = series.slotAt[place] as number;
    rows.push(exposedRow(state, series, slot));
    sources.push(series.rows[slot] as EntityRow);
    timesMs[place] = series.lastMs[slot] as number;
  }
  return { level: CONTAINER_LEVEL, shape: series.family, rows, sources, timesMs, values: members.values };
}

/** The row in a slot as exposed. */
export function exposedRow(state: AggregatorState, series: FamilySeries, slot: number): Row {
  const known = series.exposed[slot];
  if (known !== undefined) return known;
  const dims = series.rows[slot]?.dims;
  if (dims === undefined) throw new Error(`no row in slot ${slot} of ${series.family.name}`);
  const row = state.entities.exposed(series.entityOf[slot] as number, dims);
  series.exposed[slot] = row;
  return row;
}

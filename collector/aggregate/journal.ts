/**
 * What the aggregation remembers, as tables beside a window's own: with both, the state after the window is known, and a restart goes on from there
 * (restore.ts). A number that stands in the window's tables already is absent here, so that mostly nothing is written twice.
 */
import type { LevelTable } from '../../src/model/batch.ts';
import { NO_LABELS } from '../../src/model/labels.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import type { EntityRow, Row } from '../../src/model/table.ts';
import type { LevelGroups } from './groups.ts';
import type { NodeState } from './nodes.ts';
import { exposedRow } from './reduce.ts';
import type { FamilySeries } from './series.ts';
import type { SetBack } from './ownclock.ts';
import type { AggregatorState } from './state.ts';
import type { GroupColumns } from './totals.ts';

/** The levels of these tables: no name that a level of groups may have. */
export const ROWS = '#rows';
export const GROUPS = '#groups';
export const TOTALS = '#totals';
export const NODES = '#nodes';
export const CLOCK = '#clock';
/** The columns beside those of the family. A suspect's is its column's with this before it. */
export const START = '#start';
export const SUSPECT = '#suspect ';

const GROUP_FIELDS = ['read', 'founder'] as const;
const NODE_FIELDS = ['watched', 'batch', 'interval', 'closed', 'offset', 'session', 'seq', 'tick'] as const;

/** A window that has just been closed, with its tables. */
export interface Closed {
  readonly endMs: number;
  readonly containers: ReadonlyMap<FamilySeries, LevelTable | undefined>;
  /** Per totals, the table of groups that shows them. */
  readonly groups: ReadonlyMap<GroupColumns, LevelTable | undefined>;
}

/** Yields the number of steps done since the last time. */
export function* journalOf(state: AggregatorState, closed: Closed): Generator<number, LevelTable[]> {
  const nodes = state.nodes.all();
  const tables = [clockTable(state.setBack, closed.endMs), nodesTable(nodes, closed.endMs)];
  for (const groups of state.groups.levels) tables.push(groupsTable(groups, nodes, closed.endMs));
  for (const series of state.inOrder()) {
    if (series.live > 0) tables.push(rowsTable(state, series, closed));
    yield series.live * series.width;
    for (const [levelAt, columns] of (state.groupColumns.get(series) ?? []).entries()) {
      const groups = state.groups.levels[levelAt] as LevelGroups;
      if (columns === undefined || columns.keptAt.length === 0) continue;
      tables.push(totalsTable({ groups, columns, series }, closed));
      yield groups.rows.length * columns.keptAt.length;
    }
  }
  return tables.filter(({ rows }) => rows.length > 0);
}

/** There only while the collector's clock is set back. */
function clockTable(setBack: SetBack | undefined, endMs: number): LevelTable {
  const rows = setBack === undefined ? [] : [CLOCK_ROW];
  const values = Float64Array.from(setBack === undefined ? [] : [setBack.fromMs, setBack.byMs]);
  return { level: CLOCK, shape: CLOCK_SHAPE, rows, timesMs: all(rows.length, endMs), values };
}

function nodesTable(nodes: readonly NodeState[], endMs: number): LevelTable {
  const rows = nodes.map((node) => node.row);
  const values = [
    ...nodes.map((n) => n.watchedSinceMs),
    ...nodes.map((n) => n.lastBatchMs),
    ...nodes.map((n) => n.intervalMs),
    ...nodes.map((n) => n.closedMs),
    ...nodes.map((n) => n.offsetMs),
    ...nodes.map((n) => n.newest.sessionId),
    ...nodes.map((n) => n.newest.seq),
    ...nodes.map((n) => n.newest.tickMs),
  ];
  return {
    level: NODES,
    shape: NODES_SHAPE,
    rows,
    timesMs: all(nodes.length, endMs),
    values: Float64Array.from(values),
  };
}

function groupsTable(
  { level, rows, lastReadMs, founders }: LevelGroups,
  nodes: readonly NodeState[],
  endMs: number,
): LevelTable {
  const at = new Map<unknown, number>(nodes.map((node, i) => [node, i]));
  const slots = slotsOf(rows);
  const read = slots.map((slot) => lastReadMs[slot] as number);
  const founder = slots.map((slot) => at.get(founders[slot]) ?? Number.NaN);
  const shape = shapeOf(`${GROUPS} ${level.name}`, () => ({
    measurement: level.name,
    columns: GROUP_FIELDS.map(column),
  }));
  const values = Float64Array.from([...read, ...founder]);
  return {
    level: GROUPS,
    shape,
    rows: slots.map((slot) => rows[slot] as Row),
    timesMs: all(slots.length, endMs),
    values,
  };
}

/** Times: the window's end for a row that was read in it, else the last reading's. */
function rowsTable(state: AggregatorState, series: FamilySeries, { endMs, containers }: Closed): LevelTable {
  const slots = slotsOf(series.rows);
  const shown = containers.get(series);
  const counted = series.baselines.flatMap((baselines, c) => (baselines === undefined ? [] : [c]));
  const shape = shapeOf(`${ROWS} ${series.family.name}`, () => rowsShape(series, counted));
  const n = slots.length;
  const values = new Float64Array(shape.columns.length * n).fill(Number.NaN);
  const timesMs = all(n, endMs);
  const rows: Row[] = [];
  const sources: EntityRow[] = [];
  slots.forEach((slot, r) => {
    rows.push(exposedRow(state, series, slot));
    sources.push(series.rows[slot] as EntityRow);
    if (series.epochOf[slot] !== state.epoch) timesMs[r] = series.lastMs[slot] as number;
    const startMs = series.startMs[slot] as number;
    if (startMs !== series.rows[slot]?.entity.startMs) values[r] = startMs;
  });
  counted.forEach((c, i) => {
    const baselines = series.baselines[c] as Float64Array;
    const suspects = series.suspects[c] as Map<number, number>;
    slots.forEach((slot, r) => {
      const suspect = suspects.get(slot);
      const baseline = baselines[slot] as number;
      if (suspect !== undefined) values[(1 + counted.length + i) * n + r] = suspect;
      const read =
        series.epochOf[slot] === state.epoch
          ? shown?.values[c * shown.rows.length + (series.placeOf[slot] as number)]
          : undefined;
      if (suspect !== undefined || read !== baseline) values[(1 + i) * n + r] = baseline;
    });
  });
  return { level: ROWS, shape, rows, sources, timesMs, values };
}

function totalsTable(
  { groups, columns, series }: { groups: LevelGroups; columns: GroupColumns; series: FamilySeries },
  { endMs, groups: shownBy }: Closed,
): LevelTable {
  const slots = slotsOf(groups.rows);
  const rows = slots.map((slot) => groups.rows[slot] as Row);
  const shown = shownBy.get(columns);
  const shownAt = new Map(shown?.rows.map((row, r) => [row, r]));
  const shape = shapeOf(`${TOTALS} ${series.family.name} ${groups.level.name}`, () => ({
    measurement: `${series.family.name} ${groups.level.name}`,
    columns: columns.keptAt.map((c) => column(columns.plan.shape.columns[c]?.field ?? '')),
  }));
  const values = new Float64Array(slots.length * columns.keptAt.length).fill(Number.NaN);
  columns.keptAt.forEach((c, i) => {
    const totals = columns.column(c);
    slots.forEach((slot, r) => {
      const at = shownAt.get(rows[r] as Row);
      const total = slot < totals.length ? (totals[slot] as number) : Number.NaN;
      const read = at === undefined ? undefined : shown?.values[c * shown.rows.length + at];
      if (read !== total) values[i * slots.length + r] = total;
    });
  });
  return { level: TOTALS, shape, rows, timesMs: all(slots.length, endMs), values };
}

/** Shapes stay the same objects: the log knows tables by them. */
const SHAPES = new Map<string, Shape>();

function shapeOf(key: string, make: () => Shape): Shape {
  const known = SHAPES.get(key) ?? make();
  SHAPES.set(key, known);
  return known;
}

function rowsShape({ family }: FamilySeries, counted: readonly number[]): Shape {
  const fields = counted.map((c) => family.columns[c]?.field ?? '');
  const columns = [START, ...fields, ...fields.map((field) => SUSPECT + field)].map(column);
  return { measurement: family.name, columns };
}

function column(field: string): Column {
  return { metric: field, field, labels: [], kind: 'gauge', unit: 'none', help: '' };
}

const CLOCK_SHAPE: Shape = { measurement: 'clock', columns: ['from', 'by'].map(column) };
const CLOCK_ROW: Row = { labels: NO_LABELS };

const NODES_SHAPE: Shape = { measurement: 'nodes', columns: NODE_FIELDS.map(column) };

function slotsOf(rows: readonly (Row | undefined)[]): number[] {
  return rows.flatMap((row, slot) => (row === undefined ? [] : [slot]));
}

function all(count: number, timeMs: number): Float64Array {
  return new Float64Array(count).fill(timeMs);
}

/**
 * The state after a window, from the window's tables and its journal: a restart goes on as if it had not been. What is no longer there (a level, a
 * family, a column) is passed over; what a cap of now has no room for, too.
 */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { labelValue } from '../../src/model/labels.ts';
import type { EntityRow, Row } from '../../src/model/table.ts';
import { CLOCK, GROUPS, NODES, ROWS, START, SUSPECT, TOTALS } from './journal.ts';
import { CONTAINER_LEVEL } from './levels.ts';
import type { NodeState } from './nodes.ts';
import type { AggregatorState } from './state.ts';

export interface Restored {
  readonly frame: Frame;
  readonly familyNamed: (name: string) => Family | undefined;
}

export function restoreState(state: AggregatorState, { frame, familyNamed }: Restored): void {
  const { journal = [], tables } = frame;
  const of = (level: string): LevelTable[] => journal.filter((table) => table.level === level);
  for (const table of of(CLOCK)) {
    const at = cells(table);
    state.setBack = { fromMs: at('from', 0), byMs: at('by', 0) };
  }
  const nodes = of(NODES).flatMap((table) => restoreNodes(state, table, frame.endMs));
  for (const table of of(GROUPS)) restoreGroups(state, table, nodes);
  for (const table of of(TOTALS)) restoreTotals(state, table, { tables, familyNamed });
  for (const table of of(ROWS)) {
    const family = familyNamed(table.shape.measurement);
    const shown = tables.find(
      ({ level, shape }) => level === CONTAINER_LEVEL && shape.measurement === family?.measurement,
    );
    if (family !== undefined) restoreRows(state, { family, table, shown, endMs: frame.endMs });
  }
}

function restoreNodes(state: AggregatorState, table: LevelTable, endMs: number): (NodeState | undefined)[] {
  const at = cells(table);
  return table.rows.map(({ labels }, r) => {
    const node = state.nodes.seen(labelValue(labels, 'node') ?? '', at('batch', r));
    if (node === undefined) return undefined;
    node.watchedSinceMs = at('watched', r);
    node.intervalMs = at('interval', r);
    node.offsetMs = at('offset', r);
    node.newest = { sessionId: at('session', r), seq: at('seq', r), tickMs: at('tick', r) };
    node.closedMs = either(at('closed', r), endMs);
    return node;
  });
}

function restoreGroups(state: AggregatorState, table: LevelTable, nodes: readonly (NodeState | undefined)[]): void {
  const levelAt = levelNamed(state, table.shape.measurement);
  if (levelAt < 0) return;
  const at = cells(table);
  table.rows.forEach(({ labels }, r) => {
    const founder = nodes[at('founder', r)] ?? { groups: 0 };
    state.groups.restore(levelAt, { labels, founder, lastReadMs: at('read', r) });
  });
}

function restoreTotals(
  state: AggregatorState,
  table: LevelTable,
  { tables, familyNamed }: Pick<Restored, 'familyNamed'> & Pick<Frame, 'tables'>,
): void {
  const [familyName = '', levelName = ''] = table.shape.measurement.split(' ');
  const family = familyNamed(familyName);
  const levelAt = levelNamed(state, levelName);
  if (family === undefined || levelAt < 0) return;
  const columns = state.groupColumns.get(state.seriesOf(family))?.[levelAt];
  const groups = state.groups.levels[levelAt];
  if (columns === undefined || groups === undefined) return;
  columns.open(groups.capacity);
  const { shape } = columns.plan;
  const shown = tables.find((one) => one.level === levelName && one.shape.measurement === shape.measurement);
  const read = shownCells(shown);
  const at = cells(table);
  for (const c of columns.keptAt) {
    const field = shape.columns[c]?.field ?? '';
    const totals = columns.column(c);
    table.rows.forEach((row, r) => {
      const slot = groups.index.get(row.labels.key);
      if (slot !== undefined) totals[slot] = either(at(field, r), read(row, field));
    });
  }
}

interface Rows {
  readonly family: Family;
  readonly table: LevelTable;
  /** The window's table of the same family. */
  readonly shown: LevelTable | undefined;
  readonly endMs: number;
}

function restoreRows(state: AggregatorState, { family, table, shown, endMs }: Rows): void {
  const series = state.seriesOf(family);
  const at = cells(table);
  const read = shownCells(shown);
  const shownTimes = new Map(shown?.rows.map((row, r) => [row.labels.key, shown.timesMs[r] as number]));
  table.rows.forEach((row, r) => {
    const source = table.sources?.[r] as EntityRow;
    const node = state.nodes.known(labelValue(row.labels, 'node') ?? '');
    if (node === undefined || state.liveSeries + series.width > state.options.maxSeries) return;
    state.liveSeries += series.width;
    const slot = series.add(source, node, state.entities.acquire(node, source.entity));
    const timeMs = table.timesMs[r] as number;
    const readNow = timeMs === endMs;
    series.lastMs[slot] = readNow ? (shownTimes.get(row.labels.key) ?? timeMs) : timeMs;
    series.startMs[slot] = either(at(START, r), source.entity.startMs);
    series.baselines.forEach((baselines, c) => {
      if (baselines === undefined) return;
      const field = family.columns[c]?.field ?? '';
      const suspect = at(SUSPECT + field, r);
      if (!Number.isNaN(suspect)) series.suspects[c]?.set(slot, suspect);
      const literal = at(field, r);
      baselines[slot] = !Number.isNaN(suspect) || !readNow ? literal : either(literal, read(row, field));
    });
  });
}

function levelNamed(state: AggregatorState, name: string): number {
  return state.options.levels.findIndex((level) => level.name === name);
}

/** Cells by field and row; absent for a field that is not there. */
function cells({ shape, rows, values }: LevelTable): (field: string, r: number) => number {
  const at = new Map(shape.columns.map(({ field }, c) => [field, c * rows.length]));
  return (field, r) => {
    const from = at.get(field);
    return from === undefined ? Number.NaN : (values[from + r] as number);
  };
}

/** The same by the row's labels. */
function shownCells(table: LevelTable | undefined): (row: Row, field: string) => number {
  if (table === undefined) return () => Number.NaN;
  const at = cells(table);
  const places = new Map(table.rows.map(({ labels }, r) => [labels.key, r]));
  return (row, field) => {
    const place = places.get(row.labels.key);
    return place === undefined ? Number.NaN : at(field, place);
  };
}

function either(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

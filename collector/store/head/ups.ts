/**
 * `up`, as scrapes would have left it: 1 for the collector and for each node that has something in the window, 0 for a node that has nothing any more, for
 * as long as a group without members is remembered.
 */
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { labelValue, labels } from '../../../src/model/labels.ts';
import type { Shape } from '../../../src/model/shape.ts';
import type { Row } from '../../../src/model/table.ts';
import { AGENT_JOB, COLLECTOR_JOBS } from '../shown.ts';

/** The level of the table: its rows have `job` and `instance` of their own. */
export const UP_LEVEL = 'up';

/** The table that a window gets. */
export type Ups = (frame: Frame) => LevelTable;

/** A node that says nothing for so long is taken to have gone for good. */
const FORGET_MS = 3_600_000;

const SHAPE: Shape = {
  measurement: 'up',
  columns: [
    {
      metric: 'up',
      field: 'up',
      labels: [],
      kind: 'gauge',
      unit: 'none',
      help: '1 if the collector, or the agent of a node, gave something in the window, else 0.',
    },
  ],
};

export function createUps(instance: string): Ups {
  const nodes = new Map<string, { readonly row: Row; seenMs: number }>();
  const within = new WeakMap<LevelTable['rows'], readonly string[]>();
  const own = COLLECTOR_JOBS.map((job) => ({
    labels: labels([
      ['instance', instance],
      ['job', job],
    ]),
  }));
  let before: readonly Row[] = [];

  return (frame) => {
    const { endMs } = frame;
    for (const { level, rows } of frame.tables) {
      if (level !== 'container') continue;
      const found = within.get(rows) ?? nodesIn(rows);
      within.set(rows, found);
      for (const node of found) {
        const known = nodes.get(node);
        if (known) known.seenMs = endMs;
        else nodes.set(node, { row: rowOf(node), seenMs: endMs });
      }
    }
    for (const [node, { seenMs }] of nodes) if (endMs - seenMs > FORGET_MS) nodes.delete(node);
    const seen = [...nodes.values()];
    const all = [...own, ...seen.map(({ row }) => row)];
    // The same array while they are the same rows: whoever has placed them once need not again.
    if (all.length !== before.length || all.some((row, i) => row !== before[i])) before = all;
    return {
      level: UP_LEVEL,
      shape: SHAPE,
      rows: before,
      timesMs: new Float64Array(all.length).fill(endMs),
      values: Float64Array.from([...own.map(() => 1), ...seen.map(({ seenMs }) => (seenMs === endMs ? 1 : 0))]),
    };
  };
}

/** Of a window that comes late: the nodes that have something in it were there after all. */
export function lateUps({ endMs, tables }: Frame): LevelTable {
  const nodes = new Set(tables.flatMap(({ level, rows }) => (level === 'container' ? nodesIn(rows) : [])));
  return {
    level: UP_LEVEL,
    shape: SHAPE,
    rows: [...nodes].map(rowOf),
    timesMs: new Float64Array(nodes.size).fill(endMs),
    values: new Float64Array(nodes.size).fill(1),
  };
}

function rowOf(node: string): Row {
  return {
    labels: labels([
      ['instance', node],
      ['job', AGENT_JOB],
      ['node', node],
    ]),
  };
}

function nodesIn(rows: LevelTable['rows']): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    const node = labelValue(row.labels, 'node');
    if (node !== undefined) found.add(node);
  }
  return [...found];
}

/**
 * The sessions of agents, as a table beside a window's own in the log: the last batch of each that is durable with that window. A restart so knows
 * what has been taken, and whom to wait for.
 */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { labels, labelValue } from '../../src/model/labels.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import type { Row } from '../../src/model/table.ts';
import type { RememberedSession } from './sessions.ts';

/** No name that a level of groups may have. */
const SESSIONS = '#sessions';

const SHAPE: Shape = { measurement: 'sessions', columns: ['seq', 'live', 'ended'].map(column) };

/** Answers the table of sessions as they are when windows are on disk up to `endMs`. Rows stay the same objects: the log knows them by that. */
export function createSessionsJournal(): (sessions: readonly RememberedSession[], endMs: number) => LevelTable {
  let known = new Map<string, Row>();
  return (sessions, endMs) => {
    const now = new Map<string, Row>();
    const rows = sessions.map(({ node, session }) => {
      const key = JSON.stringify([node, session]);
      const row = known.get(key) ?? rowOf(node, session);
      now.set(key, row);
      return row;
    });
    known = now;
    const values = Float64Array.from([
      ...sessions.map(({ seq }) => seq),
      ...sessions.map(({ live }) => (live ? 1 : 0)),
      ...sessions.map(({ endedMs = Number.NaN }) => endedMs),
    ]);
    return { level: SESSIONS, shape: SHAPE, rows, timesMs: new Float64Array(rows.length).fill(endMs), values };
  };
}

/** The sessions in the journal of a window of an earlier run. */
export function sessionsIn({ journal = [] }: Frame): RememberedSession[] {
  return journal
    .filter(({ level }) => level === SESSIONS)
    .flatMap(({ rows, values }) =>
      rows.map((row, r) => ({
        node: labelValue(row.labels, 'node') ?? '',
        session: labelValue(row.labels, 'session') ?? '',
        seq: values[r] as number,
        live: values[rows.length + r] === 1,
        ...endedAt(values[2 * rows.length + r]),
      })),
    );
}

/** Absent for one that is live, and in journals that know nothing of it. */
function endedAt(endedMs = Number.NaN): Pick<RememberedSession, 'endedMs'> {
  return Number.isNaN(endedMs) ? {} : { endedMs };
}

function rowOf(node: string, session: string): Row {
  return {
    labels: labels([
      ['node', node],
      ['session', session],
    ]),
  };
}

function column(field: string): Column {
  return { metric: field, field, labels: [], kind: 'gauge', unit: 'none', help: '' };
}

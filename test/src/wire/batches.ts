/** Batches for the tests of the wire, of the sender and of the ingest. */
import { family } from '../../../src/model/family.ts';
import type { Batch, FamilyTable } from '../../../src/model/batch.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../../src/model/table.ts';

export const NODE = 'node-1';
export const SESSION = 'session-1';
export const T0 = 1_700_000_000_000;

export const load = family({
  name: 'load',
  help: 'For tests.',
  dims: ['device'],
  metrics: {
    bytes: { metric: 'container_load_bytes_total', kind: 'counter', unit: 'bytes', help: 'Bytes.', source: 'test' },
    seconds: {
      metric: 'container_load_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      help: 'Seconds.',
      source: 'test',
    },
    ratio: { metric: 'container_load_ratio', kind: 'gauge', unit: 'ratio', help: 'Ratio.', source: 'test' },
  },
});

export const state = family({
  name: 'state',
  help: 'For tests.',
  metrics: {
    running: { metric: 'container_state_running', kind: 'gauge', unit: 'none', help: 'Running.', source: 'test' },
  },
});

export function familyNamed(name: string): Family | undefined {
  return name === 'load' ? load : name === 'state' ? state : undefined;
}

export function container(name: string, startMs = T0 - 60_000): Entity {
  return {
    key: name.padEnd(64, '0'),
    kind: 'container',
    startMs,
    labels: labels([
      ['id', name.padEnd(64, '0')],
      ['name', name],
    ]),
  };
}

export function rowOf(name: string, device?: string): EntityRow {
  return entityRow(container(name), device === undefined ? NO_LABELS : labels([['device', device]]));
}

/** A table of rows with a list of numbers each, undefined where absent. */
export function table(
  shape: Family,
  rows: readonly (readonly [EntityRow, ...(number | undefined)[]])[],
  timeMs = T0,
): FamilyTable {
  const values = new Float64Array(rows.length * shape.columns.length).fill(Number.NaN);
  rows.forEach(([, ...numbers], r) => {
    numbers.forEach((value, c) => {
      if (value !== undefined) values[c * rows.length + r] = value;
    });
  });
  return { shape, rows: rows.map(([row]) => row), timesMs: new Float64Array(rows.length).fill(timeMs), values };
}

export function batch(seq: number, tables: readonly FamilyTable[], more: Partial<Batch> = {}): Batch {
  return { node: NODE, session: SESSION, seq, timeMs: T0 + (seq - 1) * 10_000, tables, ...more };
}

/** What a batch says, without objects' identity and typed arrays, for comparing; -0 and 0 differ. */
export function plain(of: Batch): unknown {
  return {
    ...of,
    tables: of.tables.map(({ shape, rows, timesMs, values }) => ({
      family: shape.name,
      rows: rows.map(({ entity, dims, labels: all, shownOnly }) => ({ entity, dims, labels: all, shownOnly })),
      times: [...timesMs],
      values: [...values].map((value) => (Object.is(value, -0) ? '-0' : value)),
    })),
  };
}

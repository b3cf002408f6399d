/** Rows for tests of the page: what a test says, and nothing known besides. */
import { FIELDS } from '../../../collector/page/rows.ts';
import { type Cell, type Identity, type Row, rowOf } from '../../../dashboards/web/live/message.ts';

let n = 0;

export function row(given: Partial<Row>): Row {
  const { name = 'web', node = 'web-1', kind = 'container', state = 'running', ...rest } = given;
  const number = n++;
  const identity: Identity = { n: number, kind, node, id: `/docker/${number}`, name };
  const known = rowOf(identity, FIELDS, cells({ state }));
  return { ...known, cpuTrail: [], memoryTrail: [], ...rest };
}

export function cells(given: Readonly<Record<string, Cell>>): Cell[] {
  return FIELDS.map((field) => given[field] ?? null);
}

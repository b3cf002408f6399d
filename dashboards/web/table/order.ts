/** Rows in an order, and in groups with their sums: what the table shows, from top to bottom. Pure. */
import type { Row } from '../live/message.ts';
import type { Grouping, Subject } from '../state/address.ts';
import { added } from './filter.ts';

export type SortKey = (row: Row) => number | string | null;

/** What is known comes first whichever way it is sorted; names decide what is equal, so that rows do not jump. */
export function sorted(rows: readonly Row[], key: SortKey, upwards: boolean): Row[] {
  const keyed = rows.map((row) => [key(row), row] as const);
  keyed.sort(([a, first], [b, second]) => {
    if (a === null || b === null) return a === b ? byName(first, second) : a === null ? 1 : -1;
    const order = typeof a === 'string' || typeof b === 'string' ? compareText(String(a), String(b)) : a - b;
    return (upwards ? order : -order) || byName(first, second);
  });
  return keyed.map(([, row]) => row);
}

function byName(a: Row, b: Row): number {
  return compareText(a.name, b.name) || compareText(a.node, b.node) || a.n - b.n;
}

const collator = new Intl.Collator('en', { numeric: true });

/** web-2 before web-10. */
function compareText(a: string, b: string): number {
  return collator.compare(a, b);
}

export interface Group {
  readonly key: string;
  readonly title: string;
  readonly subject: Subject | undefined;
  readonly members: readonly Row[];
  readonly running: number;
  readonly bad: number;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly rx: number | null;
  readonly tx: number | null;
}

export type Item = { readonly kind: 'group'; readonly group: Group } | { readonly kind: 'row'; readonly row: Row };

const NONE: Readonly<Record<Grouping, string>> = {
  service: 'of no service',
  project: 'of no project',
  host: 'of no host',
  namespace: 'of no namespace',
};

/** Rows stay in their order within a group; groups come in the order of their sums of what is sorted by, if that can be added, else by name. */
export function grouped(rows: readonly Row[], by: Grouping, sort: { key: SortKey; upwards: boolean }): Group[] {
  const members = new Map<string, Row[]>();
  for (const row of rows) {
    const key = groupKey(row, by);
    const known = members.get(key);
    if (known) known.push(row);
    else members.set(key, [row]);
  }
  const groups = [...members].map(([key, own]) => groupOf(key, by, own));
  const weight = new Map(groups.map((group) => [group, weightOf(group, sort.key)]));
  return groups.sort((a, b) => {
    const order = (weight.get(b) ?? 0) - (weight.get(a) ?? 0);
    return (sort.upwards ? -order : order) || compareText(a.title, b.title);
  });
}

export function groupKey(row: Row, by: Grouping): string {
  if (by === 'host') return row.node;
  if (by === 'project') return row.project ?? '';
  if (by === 'namespace') return row.namespace ?? '';
  return JSON.stringify([row.project ?? row.namespace ?? '', row.service ?? row.pod ?? '']);
}

function groupOf(key: string, by: Grouping, members: readonly Row[]): Group {
  const first = members[0] as Row;
  const sum = (of: (row: Row) => number | null): number | null => added(...members.map(of));
  const subject = subjectOf(first, by);
  return {
    key,
    title: titleOf(first, by),
    subject,
    members,
    running: members.filter(({ runs }) => runs).length,
    bad: members.filter(({ health }) => health === 'unhealthy').length,
    cpu: sum((row) => row.cpu),
    memory: sum((row) => row.memory),
    rx: sum((row) => row.rx),
    tx: sum((row) => row.tx),
  };
}

function titleOf(row: Row, by: Grouping): string {
  if (by === 'host') return row.node || NONE.host;
  if (by === 'project') return row.project ?? NONE.project;
  if (by === 'namespace') return row.namespace ?? NONE.namespace;
  const own = row.service ?? row.pod;
  const above = row.project ?? row.namespace;
  return own === undefined ? NONE.service : above && !own.startsWith(`${above}_`) ? `${above}/${own}` : own;
}

export function subjectOf(row: Row, by: Grouping): Subject | undefined {
  if (by === 'host') return { kind: 'host', node: row.node };
  if (by === 'project') return row.project === undefined ? undefined : { kind: 'project', project: row.project };
  if (by === 'namespace')
    return row.namespace === undefined ? undefined : { kind: 'namespace', namespace: row.namespace };
  return row.service === undefined ? undefined : { kind: 'service', project: row.project ?? '', service: row.service };
}

function weightOf({ members }: Group, key: SortKey): number {
  return members.reduce((sum, row) => {
    const value = key(row);
    return typeof value === 'number' ? sum + value : sum;
  }, 0);
}

/** Groups with their rows below them, but for those that are folded. */
export function itemsOf(groups: readonly Group[], folded: ReadonlySet<string>): Item[] {
  return groups.flatMap((group): Item[] => [
    { kind: 'group', group },
    ...(folded.has(group.key) ? [] : group.members.map((row): Item => ({ kind: 'row', row }))),
  ]);
}

/**
 * Which row is drawn by which element: `count` rows from `from` on, each by the element with its number modulo `count`, so that one who scrolls
 * by three rows changes three elements.
 */
export function shownIn({ from, count, all }: { from: number; count: number; all: number }): number[] {
  const first = Math.ceil(from / count) * count;
  const numbers = Array.from({ length: count }, (_, slot) => first + slot - (first + slot >= from + count ? count : 0));
  return all < count ? numbers.filter((at) => at < all) : numbers;
}

/** What happened lately: containers that ended, were started again, lost a process for want of memory, or were removed. Two windows are compared. */
import type { Row } from './message.ts';

export interface Happening {
  /** Unix seconds. */
  readonly at: number;
  readonly n: number;
  readonly name: string;
  readonly node: string;
  readonly id: string;
  readonly words: string;
  /** Somebody should look: an exit code that is no success, a kill. */
  readonly bad: boolean;
}

/** What ended before the page was opened counts if it is not older. */
const LATELY = 3600;
const MOST = 50;

/** Newest first. */
export function happenings(
  now: readonly Row[],
  before: ReadonlyMap<number, Row>,
  { end, known }: { readonly end: number; readonly known: readonly Happening[] },
): Happening[] {
  const here = new Set(now.map(({ n }) => n));
  const nodes = new Set(now.map(({ node }) => node));
  const fresh = [
    ...now.flatMap((row) => [...ended(row, end, known), ...changed(row, before.get(row.n), end)]),
    // Of a host that says nothing any more its containers have not gone: nobody knows.
    ...[...before.values()].flatMap((row) =>
      row.kind === 'container' && row.runs && !here.has(row.n) && nodes.has(row.node)
        ? [happening(row, end, 'gone', false)]
        : [],
    ),
  ];
  if (fresh.length === 0) return known as Happening[];
  return [...fresh, ...known].sort((a, b) => b.at - a.at).slice(0, MOST);
}

function ended(row: Row, end: number, known: readonly Happening[]): Happening[] {
  const { finished, runs } = row;
  if (runs || finished === null || finished < end - LATELY) return [];
  if (known.some(({ n, at }) => n === row.n && at === finished)) return [];
  return [happening(row, finished, endWords(row), isBadEnd(row))];
}

/** 130, 137 and 143 are what a stop by hand leaves: not bad, unless memory was short. */
export function isBadEnd({ exit, oomKilled }: Pick<Row, 'exit' | 'oomKilled'>): boolean {
  return oomKilled === 1 || (exit !== null && ![0, 130, 137, 143].includes(exit));
}

/** `exited with 137, killed for want of memory`. */
export function endWords({ exit, oomKilled, state }: Pick<Row, 'exit' | 'oomKilled' | 'state'>): string {
  const how = exit === null ? (state ?? 'ended') : `exited with ${exit}`;
  return oomKilled === 1 ? `${how}, killed for want of memory` : how;
}

function changed(row: Row, before: Row | undefined, end: number): Happening[] {
  if (before === undefined || !row.runs) return [];
  const restarts = (row.restarts ?? 0) - (before.restarts ?? row.restarts ?? 0);
  const kills = (row.oom ?? 0) - (before.oom ?? row.oom ?? 0);
  return [
    ...(restarts > 0
      ? [happening(row, row.start ?? end, restarts === 1 ? 'restarted' : `restarted ${restarts} times`, true)]
      : []),
    ...(kills > 0 ? [happening(row, end, `${kills} killed in it for want of memory`, true)] : []),
  ];
}

function happening({ n, name, node, id }: Row, at: number, words: string, bad: boolean): Happening {
  return { at, n, name, node, id, words, bad };
}

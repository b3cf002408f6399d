/** What happened lately: containers that ended, were restarted, went away or had a process killed. Seen by comparing two readings. */
import type { Row } from './row.ts';

export interface Happening {
  readonly atMs: number;
  readonly key: string;
  readonly name: string;
  readonly node: string;
  /** `exited with 137`, `gone`, `restarted`. */
  readonly words: string;
  /** Whether somebody should look: an exit code other than 0, a kill. */
  readonly isBad: boolean;
}

/** What ended before `top` was started, and is still known, counts if it is not older. */
const LATELY_MS = 15 * 60_000;
const MOST = 100;

/** Newest first. `before` is undefined at the first reading. */
export function happenings(
  now: readonly Row[],
  before: ReadonlyMap<string, Row> | undefined,
  { timeMs, known }: { readonly timeMs: number; readonly known: readonly Happening[] },
): Happening[] {
  const containers = now.filter(({ kind }) => kind === 'container');
  const seen = new Set(containers.map(({ key }) => key));
  const fresh = [
    ...containers.flatMap((row) => [...ended(row, timeMs, known), ...changed(row, before?.get(row.key), timeMs)]),
    ...vanished(
      now,
      [...(before?.values() ?? [])].filter(({ key }) => !seen.has(key)),
      timeMs,
    ),
  ];
  return [...fresh, ...known].sort((a, b) => b.atMs - a.atMs).slice(0, MOST);
}

/** Of a run that has ended the engine tells when, so that it is one happening in however many readings. */
function ended(row: Row, timeMs: number, known: readonly Happening[]): Happening[] {
  const { key, finishedMs, runs } = row;
  if (runs || finishedMs === undefined || finishedMs < timeMs - LATELY_MS) return [];
  if (known.some((other) => other.key === key && other.atMs === finishedMs)) return [];
  return [happening(row, finishedMs, endWords(row), (row.exitCode ?? 0) !== 0)];
}

/** `exited with 137, killed for want of memory`. */
export function endWords({ exitCode, oomKilled, state }: Row): string {
  const how = exitCode === undefined ? state || 'ended' : `${state === 'dead' ? 'dead' : 'exited'} with ${exitCode}`;
  return oomKilled ? `${how}, killed for want of memory` : how;
}

function changed(row: Row, earlier: Row | undefined, timeMs: number): Happening[] {
  if (earlier === undefined || !row.runs) return [];
  const restarts = (row.restarts ?? 0) - (earlier.restarts ?? row.restarts ?? 0);
  const kills = (row.oomEvents ?? 0) - (earlier.oomEvents ?? row.oomEvents ?? 0);
  const at = row.startMs !== undefined && restarts > 0 ? row.startMs : timeMs;
  return [
    ...(restarts > 0 ? [happening(row, at, restarts === 1 ? 'restarted' : `restarted ${restarts} times`, true)] : []),
    ...(kills > 0 ? [happening(row, timeMs, `${kills} killed in it for want of memory`, true)] : []),
  ];
}

/** Removed between two readings: how it ended only the collector and its sinks know. Of a host that says nothing any more it is one happening. */
function vanished(now: readonly Row[], missing: readonly Row[], timeMs: number): Happening[] {
  const nodes = new Set(now.map(({ node }) => node));
  const silent = new Set<string>();
  return missing.flatMap((row) => {
    if (row.kind === 'container' && row.runs && nodes.has(row.node)) return [happening(row, timeMs, 'gone', false)];
    if (nodes.has(row.node) || row.kind === 'group' || silent.has(row.node)) return [];
    silent.add(row.node);
    return [{ ...happening(row, timeMs, 'host no longer seen', true), name: row.node, node: '' }];
  });
}

function happening({ key, name, node }: Row, atMs: number, words: string, isBad: boolean): Happening {
  return { atMs, key, name, node, words, isBad };
}

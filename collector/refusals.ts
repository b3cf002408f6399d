/**
 * Says whom a cap keeps out, and what to do: once for each node and cap, and again when it still does ten minutes later. Counts are in the
 * metrics; here is what somebody who wonders where a container went should read.
 */
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import type { Config } from '../src/config/schema.ts';
import type { Refusal, Shared } from './aggregate/refusals.ts';

const AGAIN_MS = 10 * 60_000;
/** Names are foreign: so many are remembered, and lines written, in that time. */
const MAX_LINES = 100;

export interface RefusalLog {
  /** What the aggregation kept out. */
  report(refusals: readonly Refusal[]): void;
  /** What the ingest did. */
  say(node: string, reason: string, detail: string): void;
}

export function createRefusalLog(
  settings: Config['collector'],
  { clock, log }: { clock: Clock; log: Log },
): RefusalLog {
  let said = new Set<string>();
  let sinceMs = Number.NEGATIVE_INFINITY;

  function isNew(what: string, node: string): boolean {
    const nowMs = clock.monotonic();
    if (nowMs - sinceMs >= AGAIN_MS) {
      said = new Set();
      sinceMs = nowMs;
    }
    const key = `${what} ${node}`;
    if (said.has(key) || said.size >= MAX_LINES) return false;
    said.add(key);
    if (said.size === MAX_LINES) log.warn({ lines: MAX_LINES }, 'more nodes are kept out than are named here');
    return true;
  }

  return {
    report(refusals) {
      for (const { what, node, count } of refusals) {
        if (isNew(what, node)) log.warn({ node, count, remedy: remedy(what, settings) }, WORDS[what]);
      }
    },
    say(node, reason, detail) {
      if (isNew(reason, node)) log.warn({ node, remedy: detail }, INGEST_WORDS.get(reason) ?? `refused: ${reason}`);
    },
  };
}

const WORDS: Readonly<Record<Shared, string>> = {
  waiting: 'no room for readings of this node while their windows are open: samples dropped (pending_limit)',
  series: 'no room for new series of this node: samples dropped (series_limit)',
  groups: 'no room for new groups: containers of this node are left out of their service, pod or other level',
};

const INGEST_WORDS: ReadonlyMap<string, string> = new Map([
  ['dictionary_limit', 'no room for what this node describes: its batches are refused (dictionary_limit)'],
  ['series_limit', WORDS.series],
]);

/** The keys with their present values. */
function remedy(
  what: Shared,
  { max_waiting, max_series, max_series_per_node, max_groups }: Config['collector'],
): string {
  if (what === 'waiting') return `raise collector.max_waiting (${max_waiting} bytes), or have the agent send less`;
  if (what === 'groups')
    return `raise collector.max_groups (${max_groups}), or switch levels off with collector.levels`;
  return `raise collector.max_series_per_node (${max_series_per_node}) or collector.max_series (${max_series}), or let the agent read less`;
}

/**
 * What the processes under test say of themselves, over all their lives: counters of a process that was killed are those it said last. They are asked
 * all the while, and once more just before a process is ended.
 */
import { readFileSync } from 'node:fs';
import { fetchText } from '../support/http.ts';
import { type Page, pageOf } from '../support/page.ts';
import type { AgentStatus } from './agent.ts';

export interface Counts {
  /** Asks all that live. */
  look(): Promise<void>;
  /** The collector's page as it was last seen. */
  readonly page: Page | undefined;
  /** The agent's last word; undefined before the first. */
  agent(node: number): AgentStatus | undefined;
  /** Samples dropped by agents and collector, by reason, over all their lives. */
  dropped(): ReadonlyMap<string, number>;
  /** Files of agents' spools that were found damaged, over all their lives: how many samples a damaged batch held it no longer says. */
  damagedSpools(): number;
  /** Of one sink, by reason; its books go on across restarts. */
  sinkDropped(sink: string): ReadonlyMap<string, number>;
}

export interface CountsOptions {
  readonly collectorUrl: string;
  /** Of the process that lives, 0 if none does. */
  readonly collectorPid: () => number;
  /** By node. */
  readonly statusFiles: readonly string[];
}

const DROPPED = 'plimsoll_collector_samples_dropped_total';

export function createCounts({ collectorUrl, collectorPid, statusFiles }: CountsOptions): Counts {
  /** By process. */
  const collectors = new Map<number, ReadonlyMap<string, number>>();
  /** By session. */
  const agents = new Map<string, AgentStatus>();
  const latest: (AgentStatus | undefined)[] = statusFiles.map(() => undefined);
  let page: Page | undefined;

  async function lookAtCollector(): Promise<void> {
    const pid = collectorPid();
    if (pid === 0) return;
    try {
      const { text } = await fetchText(`${collectorUrl}/metrics`, { signal: AbortSignal.timeout(500) });
      page = pageOf(text);
      collectors.set(pid, byLabel(page, DROPPED, 'reason'));
    } catch {
      // It starts, stands still or has just been killed.
    }
  }

  function lookAtAgent(file: string, node: number): void {
    const status = statusIn(file);
    if (status === undefined) return;
    agents.set(status.session, status);
    latest[node] = status;
  }

  return {
    async look() {
      statusFiles.forEach(lookAtAgent);
      await lookAtCollector();
    },
    get page() {
      return page;
    },
    agent: (node) => latest[node],
    dropped() {
      const sum = new Map<string, number>();
      const add = (reason: string, samples: number): void => void sum.set(reason, (sum.get(reason) ?? 0) + samples);
      for (const one of collectors.values()) for (const [reason, samples] of one) add(reason, samples);
      // What the collector dropped, it has counted itself.
      for (const { dropped } of agents.values())
        for (const [reason, samples] of Object.entries(dropped))
          if (!reason.startsWith('collector_')) add(`agent ${reason}`, samples);
      return sum;
    },
    damagedSpools: () => [...agents.values()].reduce((sum, { spoolDamaged }) => sum + spoolDamaged, 0),
    sinkDropped: (sink) =>
      page === undefined ? new Map() : byLabel(page, 'plimsoll_sink_samples_dropped_total', 'reason', { sink }),
  };
}

function byLabel(
  page: Page,
  metric: string,
  label: string,
  match: Readonly<Record<string, string>> = {},
): Map<string, number> {
  return new Map(
    page
      .all(metric, match)
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [labels.get(label) ?? '', value]),
  );
}

export function statusIn(file: string): AgentStatus | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AgentStatus;
  } catch {
    // It has not said anything yet.
    return undefined;
  }
}

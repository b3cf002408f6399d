/** What the start says, in plain words: what was found on this machine, which addresses to open, and what is in trouble. */
import { foundLines } from '../../agents/found.ts';
import type { Collector } from '../../collector/main.ts';
import type { SinkStats } from '../../collector/sinks/account.ts';
import type { Agent } from '../../agents/main.ts';
import type { Config } from '../config/schema.ts';
import { slowTicks } from './slow.ts';
import { unreadLevels } from './unread.ts';

export interface GreetingParts {
  readonly agent: Agent | undefined;
  readonly collector: (Pick<Collector, 'url'> & Partial<Pick<Collector, 'sinks' | 'dataDir' | 'store'>>) | undefined;
  readonly config: Config;
}

/** The lines. */
export function greeting({ agent, collector, config }: GreetingParts): string[] {
  const lines: string[] = collector
    ? [`Open:      ${collector.url}/  (in a browser: which container uses what, and what is wrong)`]
    : [];
  if (agent)
    lines.push(
      ...foundLines(agent.found()),
      `Agent:     ${agent.url}/metrics  (this machine's containers, every ${config.agent.interval / 1000} s)`,
    );
  if (collector) {
    lines.push(
      `Collector: ${collector.url}/metrics  (services, pods, nodes, the cluster, in windows of ${config.collector.window / 1000} s)`,
      ...(config.collector.containers
        ? [`           ${collector.url}/metrics/containers  (every container of every host)`]
        : []),
    );
    const sinks = Object.entries(config.sinks).map(([name, sink]) => `${name} (${sink.kind})`);
    lines.push(
      sinks.length > 0
        ? `Sinks:     ${sinks.join(', ')}`
        : 'Sinks:     none configured; Prometheus can scrape the addresses above.',
      ...(collector.sinks?.() ?? []).flatMap(sinkTrouble),
      collector.dataDir === undefined
        ? 'Kept:      nothing (data_dir is none, or cannot be used): what a sink has not taken is in memory, and gone with a restart'
        : `Kept:      in ${collector.dataDir}, ${sinks.length > 0 ? 'until every sink has taken it' : 'so that totals go on after a restart'}`,
      ...(collector.store === undefined
        ? []
        : [
            `History:   every container’s, for the page, plimsoll query, and Grafana (as a Prometheus: ${collector.url})`,
          ]),
    );
  }
  const notes = agent && collector ? [...unreadLevels(config), ...slowTicks(config)] : [];
  lines.push(...notes.map((words) => `Note:      ${words}`));
  return lines;
}

/** What is in trouble at the moment; nothing while all is well. */
function sinkTrouble({ sink, up, lastError, queuedFrames }: SinkStats): string[] {
  if (up) return [];
  const waiting = queuedFrames === 1 ? '1 window waits' : `${queuedFrames} windows wait`;
  return [`TROUBLE:   sink ${sink}: ${lastError ?? 'takes nothing'}; ${waiting}`];
}

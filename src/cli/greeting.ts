/** What the start says, in plain words: what was found on this machine, and which addresses to open. */
import { makesCgroups } from '../../agents/docker/status.ts';
import type { Agent } from '../../agents/main.ts';
import type { Found } from '../../agents/parts.ts';
import type { Config } from '../config/schema.ts';
import { unreadLevels } from './unread.ts';

export interface GreetingParts {
  readonly agent: Agent | undefined;
  readonly collector: { readonly url: string } | undefined;
  readonly config: Config;
}

/** The lines. */
export function greeting({ agent, collector, config }: GreetingParts): string[] {
  const lines: string[] = [];
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
    );
  }
  if (agent && collector) lines.push(...unreadLevels(config).map((words) => `Note:      ${words}`));
  return lines;
}

/** Engine, cgroup version, containers: one line each. */
export function foundLines(found: Found): string[] {
  const alone = !found.engines.some(({ status }) => status.connected);
  const engines = found.engines.flatMap((engine) => engineLines(engine, alone));
  return [
    ...(engines.length > 0 ? engines : ['No container engine is configured: serving the host alone.']),
    cgroupLine(found),
    `Host:      ${found.host}`,
    ...found.lacking.map((line) => `Note:      ${line}`),
  ];
}

function engineLines({ endpoint, status, containers }: Found['engines'][number], alone: boolean): string[] {
  if (!status.connected && status.lastError !== '') {
    const host = alone ? 'The host alone is served; an engine' : 'It';
    const known = containers.size > 0 ? 'Its containers keep their names; it' : host;
    return [`Engine:    not answering: ${status.lastError}. ${known} is picked up when it starts.`];
  }
  const name = status.podman ? 'Podman' : 'Docker';
  const counts = [...containers].map(([state, count]) => `${count} ${state}`);
  const what = counts.length > 0 ? counts.join(', ') : 'no containers yet';
  const rootless = status.rootless ? ', rootless' : '';
  const line = `Engine:    ${name} ${status.version} (API ${status.apiVersion}${rootless}) at ${endpoint}: ${what}`;
  return makesCgroups(status) ? [line] : [line, `Note:      ${NO_CGROUPS}`];
}

const NO_CGROUPS =
  'that engine cannot give its containers cgroups (without root’s rights it takes cgroup v2): their states, networks and room on disk' +
  ' are shown, but nobody knows their CPU, memory, block io and processes.';

function cgroupLine({ cgroup }: Found): string {
  const words = {
    v1: 'cgroup v1, a hierarchy for each controller',
    v2: 'cgroup v2, unified',
    hybrid: 'cgroup v1 with the unified hierarchy beside it (hybrid)',
    none: 'no cgroup hierarchy is visible here: containers’ numbers come from the engine’s stats where it answers',
  };
  return `Kernel:    ${words[cgroup]}`;
}

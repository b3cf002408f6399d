/** What was found on this machine, in plain words: for the start, `plimsoll check` and the page at `/`. */
import { IGNORE_LABEL } from './docker/filter.ts';
import { makesCgroups } from './docker/status.ts';
import type { FoundEngine } from './engines.ts';
import type { Found } from './parts.ts';

/** Engine, cgroup version, containers: one line each. */
export function foundLines(found: Found): string[] {
  const alone = !found.engines.some(({ status }) => status.connected);
  const engines = found.engines.flatMap((engine) => engineLines(engine, alone));
  return [
    ...(engines.length > 0 ? engines : ['No container engine is configured: serving the host alone.']),
    ...(found.pods ?? []),
    cgroupLine(found),
    `Host:      ${found.host}`,
    ...found.lacking.map((line) => `Note:      ${line}`),
  ];
}

function engineLines({ endpoint, status, containers, leftOut }: FoundEngine, alone: boolean): string[] {
  if (!status.connected && status.lastError !== '') {
    const host = alone ? 'The host alone is served; an engine' : 'It';
    const known = containers.size > 0 ? 'Its containers keep their names; it' : host;
    return [`Engine:    not answering: ${status.lastError}. ${known} is picked up when it starts.`];
  }
  if (status.runtime !== '')
    return [`Runtime:   ${status.runtime}, by its files in ${endpoint}: ${containersWords(containers, leftOut)}`];
  const name = status.podman ? 'Podman' : 'Docker';
  const rootless = status.rootless ? ', rootless' : '';
  const line = `Engine:    ${name} ${status.version} (API ${status.apiVersion}${rootless}) at ${endpoint}: ${containersWords(containers, leftOut)}`;
  return makesCgroups(status) ? [line] : [line, `Note:      ${NO_CGROUPS}`];
}

/** `3 running, 1 exited`; and that some are left out, which is not the same as that there are none. */
function containersWords(containers: ReadonlyMap<string, number>, leftOut: number): string {
  const counts = [...containers].map(([state, count]) => `${count} ${state}`);
  const out = leftOut > 0 ? [`${leftOut} left out (agent.include, agent.exclude or their label ${IGNORE_LABEL})`] : [];
  return [...counts, ...out].join(', ') || 'no containers yet';
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

/** What the cgroup tests share: a recorded host's containers as the source wants them, and a table's numbers by metric. */
import { type CgroupMounts, findMounts } from '../../../agents/cgroup/mounts.ts';
import { cgroupPathsOf } from '../../../agents/cgroup/locate.ts';
import { CGROUP_FAMILIES } from '../../../agents/cgroup/reader.ts';
import { type CgroupSource, type CgroupSourceOptions, createCgroupSource } from '../../../agents/cgroup/source.ts';
import type { Container } from '../../../agents/container.ts';
import { silent } from '../../../src/log.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import { breathe, systemClock } from '../../../src/run/clock.ts';
import { type HostVersion, type Moment, type RecordedHost, recordedHost } from '../../support/fixture.ts';

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number; readonly Running: boolean; readonly StartedAt: string };
  readonly HostConfig: { readonly CpuShares: number };
}

export interface ContainerOptions {
  readonly id: string;
  readonly pid?: number;
  readonly cgroup: Container['cgroup'];
  readonly cpuShares?: number;
  readonly startMs?: number;
}

/** A container with nothing but what the cgroup source looks at; its name is its id unless given. */
export function container(name: string, options: ContainerOptions): Container {
  const { id, pid = 1, cgroup, cpuShares = 0, startMs = 1000 } = options;
  const entity = { key: id, kind: 'container', startMs, labels: labels([['name', name]]) } as const;
  return { id, name, entity, state: 'running', pid, cgroup, ownNetwork: true, cpuShares, details: undefined };
}

/** The running containers of a recorded moment. */
export function recordedContainers(host: RecordedHost): Container[] {
  const listed = host.api('containers') as { Id: string }[];
  return listed.flatMap(({ Id }) => {
    const { Name, State, HostConfig } = host.api(`inspect-${Id}`) as Inspected;
    if (!State.Running) return [];
    const cgroup = cgroupPathsOf(host.procRoot, State.Pid);
    const startMs = Date.parse(State.StartedAt);
    return [container(Name.slice(1), { id: Id, pid: State.Pid, cgroup, cpuShares: HostConfig.CpuShares, startMs })];
  });
}

/** A source with every family on, unless `options` says otherwise. */
export function sourceOf(mounts: CgroupMounts, options: Partial<CgroupSourceOptions>): CgroupSource {
  const around = { deviceName: () => undefined, pageBytes: 4096 };
  const families = CGROUP_FAMILIES;
  return createCgroupSource({
    mounts,
    families,
    around,
    clock: systemClock,
    log: silent,
    breathe,
    containers: () => [],
    ...options,
  });
}

/** Everything that the source says about a recorded moment. */
export async function readRecorded(version: HostVersion, moment: Moment): Promise<FamilyTable[]> {
  const host = recordedHost(version, moment);
  const containers = recordedContainers(host);
  const deviceName = (major: number, minor: number) => (major === 254 && minor === 0 ? 'vda' : undefined);
  const source = sourceOf(findMounts(host), { containers: () => containers, around: { deviceName, pageBytes: 4096 } });
  const tables = await source.read({ timeMs: host.timeMs, signal: new AbortController().signal });
  await source.close();
  return tables;
}

/**
 * The numbers of the rows named `name`, by metric with its labels in the order of their names:
 * `container_memory_failures_total{failure_type="pgfault",scope="container"}`. Absent ones are not in it.
 */
export function numbersOf(tables: readonly FamilyTable[], name: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { shape, rows, values } of tables) {
    rows.forEach((row, r) => {
      if (!row.entity.labels.values.includes(name)) return;
      shape.columns.forEach((column, c) => {
        const value = values[c * rows.length + r] as number;
        if (Number.isNaN(value)) return;
        const dims = row.dims.names.map((label, i): [string, string] => [label, row.dims.values[i] as string]);
        const pairs = [...column.labels, ...dims].sort(([a], [b]) => (a < b ? -1 : 1));
        const suffix = pairs.map(([label, text]) => `${label}="${text}"`).join(',');
        numbers.set(suffix === '' ? column.metric : `${column.metric}{${suffix}}`, value);
      });
    });
  }
  return numbers;
}

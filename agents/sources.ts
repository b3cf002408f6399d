/**
 * The list of sources. Adding one is a file that makes it, its test, and a row here; a row answers undefined where its source has
 * nothing to read, because of the configuration or of what this machine is.
 */
import { dirname } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Entity } from '../src/model/table.ts';
import { breathe, type Clock } from '../src/run/clock.ts';
import type { CgroupMounts } from './cgroup/mounts.ts';
import { pageBytes } from './cgroup/pagesize.ts';
import { pidsOf } from './cgroup/pids.ts';
import { createCgroupSource } from './cgroup/source.ts';
import { createSubtrees } from './cgroup/subtrees.ts';
import type { Container, NamedCgroup } from './container.ts';
import { detailsOf } from './docker/identity.ts';
import { createAdvtcpSource } from './network/advtcp.ts';
import { createDevices } from './kernel/devices.ts';
import { createStack } from './kernel/stack.ts';
import { createFilesystemSource } from './filesystem/filesystem.ts';
import { createHardwareSource } from './host/hardware.ts';
import { createHostSource } from './host/host.ts';
import { createNetworkSource } from './network/network.ts';
import { createProcessSource } from './process/process.ts';
import { createSchedSource } from './process/sched.ts';
import { createTcpSource } from './network/tcp.ts';
import { createUdpSource } from './network/udp.ts';
import { whatAndWhy } from './lacking.ts';
import type { Nested } from './nesting.ts';
import type { Source } from './source.ts';

/** What sources are made of. */
export interface Surroundings {
  readonly settings: Config['agent'];
  readonly mounts: CgroupMounts;
  /** Everything that runs now and whose files are within reach, of all engines. */
  readonly running: () => Iterable<Container>;
  /** Cgroups of groups of containers that have a name: pods. */
  readonly named: () => Iterable<NamedCgroup>;
  /** Which of them lie inside of others. */
  readonly nested: () => Nested;
  /** Whether a container is left out by the configuration or by a label of its own. */
  readonly isIgnored: (id: string) => boolean;
  readonly host: Entity;
  /** Those that answer, with their versions. */
  readonly engines: () => string;
  /** What this machine's kernel does not tell, a line each. */
  readonly lacking: readonly string[];
  /** The families that are switched on. */
  readonly families: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}

type Row = (around: Surroundings) => Source | undefined;

/** Makes a source only if one of its families is on. */
function when(families: readonly string[], make: (around: Surroundings) => Source): Row {
  return (around) => (families.some((family) => around.families.has(family)) ? make(around) : undefined);
}

const processOptions = (around: Surroundings) => ({
  procRoot: around.settings.proc,
  containers: around.running,
  pidsOf: (container: Container) => pidsOf(around.mounts, container),
  nested: () => around.nested().cgroups,
  clock: around.clock,
});

const namespaceOptions = (around: Surroundings) => ({
  procRoot: around.settings.proc,
  containers: around.running,
  host: around.host,
  clock: around.clock,
});

export const SOURCES: readonly Row[] = [
  (around) => cgroupSource(around),
  when(['network'], (around) => createNetworkSource({ ...namespaceOptions(around), sysRoot: around.settings.sys })),
  ({ settings, host, clock, engines, lacking }) =>
    createHostSource({
      ...{ procRoot: settings.proc, sysRoot: settings.sys, rootfs: settings.rootfs, entity: host, clock },
      ...{ engines, absent: lacking.map(whatAndWhy) },
    }),
  when(['topology'], ({ settings, host, clock }) =>
    createHardwareSource({ sysRoot: settings.sys, entity: host, clock }),
  ),
  (around) => (around.settings.filesystem.enabled ? filesystemSource(around) : undefined),
  when(['process', 'ulimit'], (around) => createProcessSource(processOptions(around))),
  when(['sched'], (around) => createSchedSource(processOptions(around))),
  when(['tcp'], (around) => createTcpSource(namespaceOptions(around))),
  when(['udp'], (around) => createUdpSource(namespaceOptions(around))),
  when(['advtcp'], (around) => createAdvtcpSource(namespaceOptions(around))),
];

/**
 * A reading must leave room for the rest of its tick, and be done before its deadline; other cgroups than containers are, at long intervals,
 * not given all the time that there is.
 */
const CGROUP_SHARE = 0.7;
const DEADLINE_SHARE = 0.8;
const CGROUP_MS = 1500;

function cgroupSource({ settings, mounts, running, named, nested, isIgnored, families, clock, log }: Surroundings) {
  const devices = createDevices({ procRoot: settings.proc, sysRoot: settings.sys, clock });
  const stack = createStack({ procRoot: settings.proc, sysRoot: settings.sys, clock });
  const patterns = settings.cgroups;
  return createCgroupSource({
    mounts,
    containers: running,
    named,
    nested: () => nested().isBelow,
    isIgnored,
    families,
    clock,
    log,
    around: {
      deviceName: (major, minor) => devices.nameOf(major, minor),
      below: (major, minor) => stack.below(`${major}:${minor}`),
      pageBytes: pageBytes(settings.proc),
    },
    breathe,
    budgetMs: Math.min(CGROUP_MS, settings.interval * CGROUP_SHARE),
    containersMs: Math.min(settings.deadline * DEADLINE_SHARE, settings.interval * CGROUP_SHARE),
    subtrees: patterns.length > 0 ? createSubtrees({ mounts, patterns, breathe, log }) : undefined,
  });
}

function filesystemSource({ settings, running, host, clock, families }: Surroundings) {
  const { interval, budget, inodes } = settings.filesystem;
  const placesOf = (container: Container) => detailsOf(container).places;
  return createFilesystemSource({
    procRoot: settings.proc,
    rootfs: settings.rootfs,
    containers: running,
    host,
    clock,
    periodMs: interval,
    budget: { maxInodes: inodes, maxMs: budget },
    upperDirOf: (container) => placesOf(container).upperDir || undefined,
    otherDirsOf: (container) => logPlace(placesOf(container).logPath, container.id),
    ...(families.has('volume') ? { volumesOf: (container: Container) => placesOf(container).volumes } : {}),
  });
}

/** What a container's log takes: its folder, where the parts rotated away are, if the folder is the container's own; else the file. */
export function logPlace(logPath: string, id: string): string[] {
  if (logPath === '') return [];
  const folder = dirname(logPath);
  return [folder.includes(id) ? folder : logPath];
}

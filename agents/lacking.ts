/**
 * What this machine's kernel does not tell although it is asked for: what was seen of it comes in, a line for each thing that will be
 * absent goes out, with the remedy. For the start, `plimsoll check` and the log: a family that stays empty is no riddle then.
 */
import type { CgroupMounts } from './cgroup/mounts.ts';

export interface Seen {
  readonly version: CgroupMounts['version'];
  /** The controllers that have a v1 hierarchy here, and those in the unified one's `cgroup.controllers`. */
  readonly controllers: ReadonlySet<string>;
  /** `/proc/cgroups`: whether a controller is switched on. One that is not in it was not built in, or has no v1 any more. */
  readonly enabled: ReadonlyMap<string, boolean>;
  /** The kernel's command line. */
  readonly cmdline: string;
  readonly hasPressure: boolean;
  readonly hasSchedstat: boolean;
  readonly hasSwap: boolean;
  /** The names of the files in a cgroup below the root, by controller; undefined where there is none to look at. */
  readonly filesOf: (controller: string) => ReadonlySet<string> | undefined;
}

interface Need {
  /** On v1, and what v2 calls it. */
  readonly controller: string;
  readonly unified: string;
  readonly families: readonly string[];
  readonly what: string;
  readonly option: string;
}

const NEEDS: readonly Need[] = [
  {
    controller: 'memory',
    unified: 'memory',
    families: ['memory', 'memstat', 'oom'],
    what: 'containers’ memory, its limits and OOM kills',
    option: 'CONFIG_MEMCG',
  },
  {
    controller: 'cpu',
    unified: 'cpu',
    families: ['cpu'],
    what: 'containers’ CPU limits, shares and throttling',
    option: 'CONFIG_CGROUP_SCHED',
  },
  // On v2 the kernel counts CPU time without a controller.
  {
    controller: 'cpuacct',
    unified: '',
    families: ['cpu'],
    what: 'containers’ CPU time',
    option: 'CONFIG_CGROUP_CPUACCT',
  },
  {
    controller: 'blkio',
    unified: 'io',
    families: ['diskio', 'blkio'],
    what: 'what containers read from and write to disks',
    option: 'CONFIG_BLK_CGROUP',
  },
  {
    controller: 'pids',
    unified: 'pids',
    families: ['pids'],
    what: 'containers’ threads and their limit',
    option: 'CONFIG_CGROUP_PIDS',
  },
  {
    controller: 'hugetlb',
    unified: 'hugetlb',
    families: ['hugetlb'],
    what: 'containers’ huge pages',
    option: 'CONFIG_CGROUP_HUGETLB',
  },
  {
    controller: 'cpuset',
    unified: 'cpuset',
    families: ['cpuset'],
    what: 'the CPUs and memory nodes of containers',
    option: 'CONFIG_CPUSETS',
  },
];

/** One line each, the most important first; none where everything that is switched on can be had. */
export function lackingLines(seen: Seen, families: ReadonlySet<string>): string[] {
  // Without any hierarchy the engine is asked, and the start says so.
  if (seen.version === 'none') return [];
  const wanted = (names: readonly string[]): boolean => names.some((name) => families.has(name));
  const controllers = NEEDS.flatMap((need) => (wanted(need.families) ? controllerLine(seen, need) : []));
  const pressure = families.has('pressure') ? pressureLine(seen) : [];
  const sched = families.has('sched') && !seen.hasSchedstat ? [NO_SCHEDSTAT] : [];
  return [...controllers, ...fileLines(seen, families), ...pressure, ...sched];
}

function controllerLine(seen: Seen, { controller, unified, what, option }: Need): string[] {
  const name = seen.version === 'v2' ? unified : controller;
  if (name === '' || seen.controllers.has(name) || (unified !== '' && seen.controllers.has(unified))) return [];
  const isOff = seen.enabled.get(controller) === false || isDisabled(seen.cmdline, controller);
  const why = isOff ? switchedOff(controller) : missing(seen, { name, controller, option });
  return [`absent: ${what}: the cgroup controller “${name}” ${why}`];
}

/** `cgroup_disable=cpu,memory`. */
function isDisabled(cmdline: string, controller: string): boolean {
  return [...cmdline.matchAll(/(?:^|\s)cgroup_disable=(\S+)/g)].some(([, list = '']) =>
    list.split(',').includes(controller),
  );
}

function switchedOff(controller: string): string {
  if (controller !== 'memory')
    return `is switched off: take cgroup_disable=${controller} out of the kernel’s command line and boot again.`;
  return (
    'is switched off: add cgroup_enable=memory to the kernel’s command line and boot again (Raspberry Pi: ' +
    '“cgroup_enable=memory cgroup_memory=1” at the end of the line in /boot/firmware/cmdline.txt; elsewhere take out cgroup_disable=memory).'
  );
}

function missing(
  seen: Seen,
  { name, controller, option }: { name: string; controller: string; option: string },
): string {
  if (seen.enabled.get(controller) !== true) {
    const hint = controller === 'memory' ? ', or is started without cgroup_enable=memory' : '';
    return `is not there: this kernel is built without ${option}${hint}.`;
  }
  if (seen.version === 'v2')
    return `is not handed down to where this runs: with systemd, Delegate=${name} for the unit or the slice above; in a container, run with the host’s cgroup namespace.`;
  return `is not mounted here: mount -t cgroup -o ${name} ${name} /sys/fs/cgroup/${name}, or show a container the host’s /sys/fs/cgroup.`;
}

/** `absent: containers’ swap: the kernel …` as what and why. */
export function whatAndWhy(line: string): readonly [what: string, why: string] {
  const [, what = '', why = ''] = /^absent: ([^:]*): (.*)$/s.exec(line) ?? [];
  return [what, why];
}

/** Files that a controller has only in some kernels. */
function fileLines(seen: Seen, families: ReadonlySet<string>): string[] {
  const lacks = (controller: string, sign: string, file: string): boolean => {
    const files = seen.filesOf(controller);
    return files?.has(sign) === true && !files.has(file);
  };
  const isV2 = seen.version === 'v2';
  const lines: string[] = [];
  const noSwap = isV2
    ? lacks('memory', 'memory.current', 'memory.swap.current')
    : lacks('memory', 'memory.usage_in_bytes', 'memory.memsw.usage_in_bytes');
  if (families.has('memory') && seen.hasSwap && noSwap)
    lines.push('absent: containers’ swap: the kernel does not count it; start it with swapaccount=1.');
  const noQuota = isV2 ? lacks('cpu', 'cpu.weight', 'cpu.max') : lacks('cpu', 'cpu.shares', 'cpu.cfs_quota_us');
  if (families.has('cpu') && noQuota)
    lines.push('absent: containers’ CPU limits and throttling: this kernel is built without CONFIG_CFS_BANDWIDTH.');
  const noNuma = lacks('memory', isV2 ? 'memory.current' : 'memory.usage_in_bytes', 'memory.numa_stat');
  if (families.has('numa') && noNuma)
    lines.push('absent: containers’ memory by NUMA node: it takes CONFIG_NUMA, and on cgroup v2 Linux 5.8.');
  return lines;
}

function pressureLine({ version, hasPressure }: Seen): string[] {
  if (!hasPressure)
    return ['absent: pressure: start the kernel with psi=1 (it takes Linux 4.20, built with CONFIG_PSI).'];
  if (version !== 'v1') return [];
  return [
    'absent: containers’ pressure (the machine’s is there): it takes cgroup v2 (systemd.unified_cgroup_hierarchy=1 on the kernel’s command line).',
  ];
}

const NO_SCHEDSTAT =
  'absent: how long containers’ threads wait for a CPU: this kernel is built without CONFIG_SCHED_INFO (/proc/self/schedstat).';

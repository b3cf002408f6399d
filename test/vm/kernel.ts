/**
 * What the kernel says about one container on cgroup v2, under the names under which the agent must expose it. An independent reading:
 * it knows the files' documentation and nothing of our code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { interfaceBytes } from '../support/cgroupfiles.ts';
import type { Running } from '../support/engine.ts';

/** `up`: only grows, so a later reading lies between an earlier and a later one. `level`: goes either way. */
export type Behaviour = 'up' | 'level';

export interface Fact {
  readonly file: string;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly behaviour: Behaviour;
  readonly value: number;
}

/** File, key in it, metric, and what the file's number is divided by to come to the base unit. */
type Row = readonly [key: string, metric: string, divisor?: number, labels?: Readonly<Record<string, string>>];

const CPU: readonly Row[] = [
  ['usage_usec', 'container_cpu_usage_seconds_total', 1e6],
  ['user_usec', 'container_cpu_user_seconds_total', 1e6],
  ['system_usec', 'container_cpu_system_seconds_total', 1e6],
];
const QUOTA: readonly Row[] = [
  ['nr_periods', 'container_cpu_cfs_periods_total'],
  ['nr_throttled', 'container_cpu_cfs_throttled_periods_total'],
  ['throttled_usec', 'container_cpu_cfs_throttled_seconds_total', 1e6],
];
const FAULTS: readonly Row[] = [
  ['pgfault', 'container_memory_failures_total', 1, { failure_type: 'pgfault', scope: 'hierarchy' }],
  ['pgmajfault', 'container_memory_failures_total', 1, { failure_type: 'pgmajfault', scope: 'hierarchy' }],
];
const MEMORY: readonly Row[] = [
  ['anon', 'container_memory_rss'],
  ['file', 'container_memory_cache'],
  ['file_mapped', 'container_memory_mapped_file'],
  ['inactive_file', 'container_memory_total_inactive_file_bytes'],
];
const EVENTS: readonly Row[] = [
  ['oom_kill', 'container_oom_events_total'],
  ['max', 'container_memory_failcnt'],
];
const IO: readonly Row[] = [
  ['rbytes', 'container_fs_reads_bytes_total'],
  ['wbytes', 'container_fs_writes_bytes_total'],
  ['rios', 'container_fs_reads_total'],
  ['wios', 'container_fs_writes_total'],
];

/** Every number of a running container that is to be compared. */
export function factsOf(container: Running): Fact[] {
  const scope = join('/sys/fs/cgroup', cgroupPath(container));
  // crun sets the limits on a cgroup of its own below systemd's scope.
  const below = join(scope, 'container');
  return [...factsIn(existsSync(below) ? below : scope), ...network(container.pid)];
}

/** The path of a container's cgroup: of those that its first process is in, the one that carries the id. */
export function cgroupPath({ id, pid }: Pick<Running, 'id' | 'pid'>): string {
  const text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const path = new RegExp(`^0::(.*${id}[^/\\n]*)`, 'm').exec(text)?.[1];
  if (path === undefined) throw new Error(`process ${pid} is in no cgroup of ${id}: ${text}`);
  return path;
}

/** Every number of a cgroup v2 folder; where a controller is not switched on there is no file, and nothing to be shown. */
export function factsIn(dir: string): Fact[] {
  const has = (file: string): boolean => existsSync(join(dir, file));
  const single = (file: string, metric: string, behaviour: Behaviour = 'level'): Fact[] =>
    has(file) ? one(dir, file, { metric, behaviour }) : [];
  return [
    ...flat(dir, 'cpu.stat', CPU, 'up'),
    ...(has('cpu.max') ? bandwidth(dir) : []),
    ...single('cpu.weight', 'container_spec_cpu_weight'),
    ...(has('memory.stat') ? flat(dir, 'memory.stat', FAULTS, 'up') : []),
    ...(has('memory.stat') ? flat(dir, 'memory.stat', MEMORY, 'level') : []),
    ...(has('memory.events') ? flat(dir, 'memory.events', EVENTS, 'up') : []),
    ...single('memory.current', 'container_memory_usage_bytes'),
    ...single('memory.peak', 'container_memory_max_usage_bytes', 'up'),
    ...single('memory.max', 'container_spec_memory_limit_bytes'),
    ...single('memory.swap.max', 'container_spec_memory_swap_limit_bytes'),
    ...single('pids.current', 'container_threads'),
    ...single('pids.max', 'container_threads_max'),
    ...['cpu', 'memory', 'io'].flatMap((resource) => pressure(dir, resource)),
    ...(has('io.stat') ? io(dir) : []),
  ];
}

/** `20000 100000`, or `max 100000` without a quota: then the periods are not counted either. */
function bandwidth(dir: string): Fact[] {
  const [quota = '', period] = only(dir, 'cpu.max').split(' ');
  const common = { file: 'cpu.max', labels: {}, behaviour: 'level' as const };
  const facts: Fact[] = [{ ...common, metric: 'container_spec_cpu_period', value: Number(period) }];
  if (quota === 'max') return facts;
  return [
    ...facts,
    { ...common, metric: 'container_spec_cpu_quota', value: Number(quota) },
    ...flat(dir, 'cpu.stat', QUOTA, 'up'),
  ];
}

/** The name below /dev of a device by its number. */
export function deviceName(number: string): string {
  const uevent = readFileSync(`/sys/dev/block/${number}/uevent`, 'utf8');
  return /^DEVNAME=(.+)$/m.exec(uevent)?.[1] ?? number;
}

function only(dir: string, file: string): string {
  return readFileSync(join(dir, file), 'utf8').trim();
}

function flat(dir: string, file: string, rows: readonly Row[], behaviour: Behaviour): Fact[] {
  const values = new Map(
    only(dir, file)
      .split('\n')
      .map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
  );
  return rows.flatMap(([key, metric, divisor = 1, labels = {}]) => {
    const value = values.get(key);
    return value === undefined ? [] : [{ file, metric, labels, behaviour, value: value / divisor }];
  });
}

/** A file of one number; `max` is no limit, which is not exposed at all. */
function one(dir: string, file: string, { metric, behaviour }: Pick<Fact, 'metric' | 'behaviour'>): Fact[] {
  const text = only(dir, file);
  return text === 'max' ? [] : [{ file, metric, labels: {}, behaviour, value: Number(text) }];
}

/** `some avg10=… total=<microseconds>`, `full …`. */
function pressure(dir: string, resource: string): Fact[] {
  const file = `${resource}.pressure`;
  if (!existsSync(join(dir, file))) return [];
  const kinds = new Map([
    ['some', 'waiting'],
    ['full', 'stalled'],
  ]);
  return only(dir, file)
    .split('\n')
    .map((line) => {
      const [kind = ''] = line.split(' ');
      const metric = `container_pressure_${resource}_${kinds.get(kind)}_seconds_total`;
      return { file, metric, labels: {}, behaviour: 'up', value: Number(/total=(\d+)/.exec(line)?.[1]) / 1e6 };
    });
}

/** `254:0 rbytes=… wbytes=… rios=… wios=…` */
function io(dir: string): Fact[] {
  const lines = only(dir, 'io.stat')
    .split('\n')
    .filter((line) => line.includes('='));
  return lines.flatMap((line) => {
    const labels = { device: `/dev/${deviceName(line.split(' ')[0] ?? '')}` };
    return IO.map(([key, metric]) => {
      const value = Number(new RegExp(`${key}=(\\d+)`).exec(line)?.[1]);
      return { file: 'io.stat', metric, labels, behaviour: 'up' as const, value };
    });
  });
}

/** Every interface but the loopback. */
function network(pid: number): Fact[] {
  const names = [...readFileSync(`/proc/${pid}/net/dev`, 'utf8').matchAll(/^ *([^:\s]+):/gm)].map(
    ([, name = '']) => name,
  );
  return names
    .filter((name) => name !== 'lo')
    .flatMap((name) => {
      const { received, transmitted } = interfaceBytes(pid, name);
      const common = { file: 'net/dev', labels: { interface: name }, behaviour: 'up' as const };
      return [
        { ...common, metric: 'container_network_receive_bytes_total', value: received },
        { ...common, metric: 'container_network_transmit_bytes_total', value: transmitted },
      ];
    });
}

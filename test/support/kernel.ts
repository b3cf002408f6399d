/**
 * What the kernel says of a container, on either cgroup version, under the names of the metrics that show it: read here anew each
 * time, by the kernel's documentation and not by the agent's code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shown } from './bracket.ts';
import { cgroupDir, interfaceBytes, keyIn, numberIn } from './cgroupfiles.ts';

/** Whether the machine has cgroup v2 alone. */
export const V2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

/** Of the clock ticks in `cpuacct.stat`, this many are a second, on every architecture that runs Docker. */
const USER_HZ = 100;

/** The path of a file in the container's cgroup; the controller counts on v1 only. */
export function kernelFile(id: string, controller: string, file: string): string {
  return join(cgroupDir(id, V2 ? '' : controller), file);
}

/** Reads the CPU seconds used; the file is looked for once. */
export function cpuReader(id: string): () => number {
  const file = kernelFile(id, 'cpuacct', V2 ? 'cpu.stat' : 'cpuacct.usage');
  return V2 ? () => keyIn(file, 'usage_usec') / 1e6 : () => numberIn(file) / 1e9;
}

/** Processes killed for want of memory. */
export function oomKills(id: string): number {
  return keyIn(kernelFile(id, 'memory', V2 ? 'memory.events' : 'memory.oom_control'), 'oom_kill');
}

/** CPU counters of a container with a quota. */
export function cpuCounters(id: string): Shown[] {
  const stat = kernelFile(id, 'cpu', 'cpu.stat');
  const share = (mode: 'user' | 'system') => () =>
    V2 ? keyIn(stat, `${mode}_usec`) / 1e6 : keyIn(kernelFile(id, 'cpuacct', 'cpuacct.stat'), mode) / USER_HZ;
  const throttled = V2 ? () => keyIn(stat, 'throttled_usec') / 1e6 : () => keyIn(stat, 'throttled_time') / 1e9;
  return [
    { metric: 'container_cpu_usage_seconds_total', kernel: cpuReader(id) },
    { metric: 'container_cpu_user_seconds_total', kernel: share('user') },
    { metric: 'container_cpu_system_seconds_total', kernel: share('system') },
    { metric: 'container_cpu_cfs_periods_total', kernel: () => keyIn(stat, 'nr_periods') },
    { metric: 'container_cpu_cfs_throttled_periods_total', kernel: () => keyIn(stat, 'nr_throttled') },
    { metric: 'container_cpu_cfs_throttled_seconds_total', kernel: throttled },
  ];
}

/** Memory gauges of a container with a limit. */
export function memoryGauges(id: string): Shown[] {
  const file = (name: string) => kernelFile(id, 'memory', name);
  const stat = (v2: string, v1: string) => () => keyIn(file('memory.stat'), V2 ? v2 : v1);
  const usage = () => numberIn(file(V2 ? 'memory.current' : 'memory.usage_in_bytes'));
  const inactive = stat('inactive_file', 'total_inactive_file');
  return [
    { metric: 'container_memory_usage_bytes', kernel: usage },
    { metric: 'container_memory_working_set_bytes', kernel: () => usage() - inactive() },
    { metric: 'container_memory_rss', kernel: stat('anon', 'total_rss') },
    { metric: 'container_memory_cache', kernel: stat('file', 'total_cache') },
    { metric: 'container_memory_mapped_file', kernel: stat('file_mapped', 'total_mapped_file') },
    { metric: 'container_memory_total_inactive_file_bytes', kernel: inactive },
    { metric: 'container_memory_total_active_file_bytes', kernel: stat('active_file', 'total_active_file') },
    {
      metric: 'container_spec_memory_limit_bytes',
      kernel: () => numberIn(file(V2 ? 'memory.max' : 'memory.limit_in_bytes')),
    },
    {
      metric: 'container_memory_max_usage_bytes',
      kernel: () => numberIn(file(V2 ? 'memory.peak' : 'memory.max_usage_in_bytes')),
    },
  ];
}

/** Bytes and operations on all disks. */
export function diskCounters(id: string): Shown[] {
  const v1 = (file: string, operation: string): number =>
    total(kernelFile(id, 'blkio', `blkio.throttle.${file}`), new RegExp(`^\\d+:\\d+ ${operation} (\\d+)$`, 'gm'));
  const v2 = (key: string): number => total(kernelFile(id, '', 'io.stat'), new RegExp(` ${key}=(\\d+)`, 'g'));
  const row = (metric: string, key: string, [file, operation]: readonly [string, string]): Shown => ({
    metric,
    kernel: () => (V2 ? v2(key) : v1(file, operation)),
  });
  return [
    row('container_fs_writes_bytes_total', 'wbytes', ['io_service_bytes', 'Write']),
    row('container_fs_writes_total', 'wios', ['io_serviced', 'Write']),
  ];
}

/** What came and went over one interface of a process's network. */
export function networkCounters(pid: number, name = 'eth0'): Shown[] {
  const labels = { interface: name };
  return [
    { metric: 'container_network_receive_bytes_total', labels, kernel: () => interfaceBytes(pid, name).received },
    { metric: 'container_network_transmit_bytes_total', labels, kernel: () => interfaceBytes(pid, name).transmitted },
  ];
}

function total(file: string, pattern: RegExp): number {
  return [...readFileSync(file, 'utf8').matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

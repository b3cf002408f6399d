/** Processes of a container: how many, their descriptors and sockets, and the limits of the first one. */
import { family, type GroupOutput, type MetricDef } from '../model/family.ts';

const gauge = (metric: string, grouped: readonly GroupOutput[], help: string, source: string): MetricDef => ({
  metric,
  kind: 'gauge',
  unit: 'none',
  grouped,
  help,
  source,
});

export const processes = family({
  name: 'process',
  help: 'Processes, open descriptors and sockets. Costs a few system calls per process and one per descriptor.',
  byDefault: false,
  metrics: {
    processes: gauge('container_processes', ['sum'], 'Processes in the container’s cgroup and below.', 'cgroup.procs'),
    descriptors: gauge(
      'container_file_descriptors',
      ['sum', 'max'],
      'Open file descriptors of all processes.',
      '/proc/<pid>/fd',
    ),
    sockets: gauge(
      'container_sockets',
      ['sum'],
      'Open descriptors that are sockets.',
      '/proc/<pid>/fd, links to socket:',
    ),
  },
});

export const ulimit = family({
  name: 'ulimit',
  help: 'Soft limits of the container’s first process.',
  dims: ['ulimit'],
  byDefault: false,
  metrics: {
    soft: {
      metric: 'container_ulimits_soft',
      kind: 'gauge',
      unit: 'none',
      help: 'Soft limit: max_open_files, max_processes, max_locked_memory and max_core_file_size (bytes); absent when unlimited.',
      source: '/proc/<pid>/limits',
    },
  },
});

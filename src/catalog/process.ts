/** Processes of a container: how many, what their threads do, their descriptors and sockets, and the limits of the first one. */
import { family, type GroupOutput, type MetricDef } from '../model/family.ts';

const gauge = (metric: string, grouped: readonly GroupOutput[], help: string, source: string): MetricDef => ({
  metric,
  kind: 'gauge',
  unit: 'none',
  grouped,
  help,
  source,
});

function tasks(state: string, letters: string): MetricDef {
  return {
    metric: 'container_tasks_state',
    kind: 'gauge',
    unit: 'none',
    labels: { state },
    help: 'Threads by what they do. cAdvisor’s iowaiting is absent: procfs does not tell it from uninterruptible.',
    source: `/proc/<pid>/task/<tid>/stat, ${letters}`,
  };
}

export const processes = family({
  name: 'process',
  help: 'Processes, what their threads do, open descriptors and sockets. Costs a few system calls per process, three per thread and one per descriptor.',
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
    sleeping: tasks('sleeping', 'S'),
    running: tasks('running', 'R'),
    stopped: tasks('stopped', 'T, t'),
    uninterruptible: tasks('uninterruptible', 'D'),
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

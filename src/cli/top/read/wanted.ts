/** Which metrics the table is made of, and whose a sample is: a container's or the host's, a group's, or the pipeline's own. */

import { copied } from './promtext.ts';

/** What `container_` and a group's prefix stand before. */
const STEMS = [
  'containers',
  'cpu_usage_seconds_total',
  'cpu_cfs_periods_total',
  'cpu_cfs_throttled_periods_total',
  'spec_cpu_limit_cores',
  'memory_working_set_bytes',
  'memory_rss',
  'memory_cache',
  'memory_swap',
  'spec_memory_limit_bytes',
  'memory_limit_utilization_ratio',
  'oom_events_total',
  'pressure_cpu_waiting_seconds_total',
  'pressure_memory_waiting_seconds_total',
  'pressure_io_waiting_seconds_total',
  'pressure_cpu_waiting_max_ratio',
  'pressure_memory_waiting_max_ratio',
  'pressure_io_waiting_max_ratio',
  'threads',
  'threads_max',
  'network_receive_bytes_total',
  'network_transmit_bytes_total',
  'fs_reads_bytes_total',
  'fs_writes_bytes_total',
  'fs_usage_bytes',
  'last_seen',
  'start_time_seconds',
  'finished_time_seconds',
  'state',
  'health_status',
  'health_failing_streak',
  'restarts_total',
  'exit_code',
  'oom_killed',
] as const;
const OF_A_MACHINE = ['load1', 'load5', 'load15', 'cpu_cores', 'memory_bytes', 'memory_available_bytes'] as const;

/** A metric's name without what stands before it. */
export type Stem = (typeof STEMS)[number] | `machine_${(typeof OF_A_MACHINE)[number]}`;

/** Whose a metric is: `container`, `machine`, a group's prefix (`service`), or `plimsoll`. */
export interface Owned {
  readonly prefix: string;
  readonly stem: string;
}

export const CONTAINER = 'container';
export const MACHINE = 'machine';
export const PIPELINE = 'plimsoll';

/** Those of containers and machines, as a regular expression. */
export const CONTAINER_METRICS = `${CONTAINER}_(?:${STEMS.join('|')})|${MACHINE}_(?:${OF_A_MACHINE.join('|')})`;

const STEMS_SET: ReadonlySet<string> = new Set(STEMS);
const MACHINE_SET: ReadonlySet<string> = new Set(OF_A_MACHINE);
/** Names are asked about line by line; a page has some hundreds of them. */
const MAX_REMEMBERED = 10_000;

/** A function that says whose a metric is; undefined for what the table does not need. */
export function ownerOf(): (metric: string) => Owned | undefined {
  const remembered = new Map<string, Owned | undefined>();
  return (metric) => {
    if (remembered.has(metric)) return remembered.get(metric);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const owned = split(metric);
    remembered.set(copied(metric), owned);
    return owned;
  };
}

function split(metric: string): Owned | undefined {
  const first = metric.slice(0, metric.indexOf('_'));
  const rest = metric.slice(first.length + 1);
  if (first === PIPELINE) return { prefix: PIPELINE, stem: rest };
  if (first === MACHINE) return MACHINE_SET.has(rest) ? { prefix: MACHINE, stem: metric } : undefined;
  if (first === CONTAINER) return STEMS_SET.has(rest) ? { prefix: CONTAINER, stem: rest } : undefined;
  return first === '' || first === 'process' || first === 'nodejs' ? undefined : groupsOwn(metric);
}

/** A prefix may hold underscores (`node_containers_cpu_…`): the shortest one before a stem that is known. */
function groupsOwn(metric: string): Owned | undefined {
  for (let at = metric.indexOf('_'); at > 0; at = metric.indexOf('_', at + 1)) {
    const stem = metric.slice(at + 1);
    // `node_containers` counts the containers of a node, and so its prefix ends one word earlier than those of its other metrics.
    if (STEMS_SET.has(stem)) return { prefix: metric.slice(0, at), stem };
  }
  return undefined;
}

/** Which numbers of a frame the page shows of a container or host: metric in, place in a row of numbers out. */

/** In the order in which they stand in a {@link Thing}'s numbers. */
const WANTED = [
  'container_cpu_usage_seconds_total',
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_spec_cpu_limit_cores',
  'container_memory_working_set_bytes',
  'container_memory_cache',
  'container_memory_swap',
  'container_spec_memory_limit_bytes',
  'container_oom_events_total',
  'container_pressure_cpu_waiting_seconds_total',
  'container_pressure_memory_waiting_seconds_total',
  'container_pressure_memory_stalled_seconds_total',
  'container_pressure_io_waiting_seconds_total',
  'container_pressure_io_stalled_seconds_total',
  'container_threads',
  'container_threads_max',
  'container_network_receive_bytes_total',
  'container_network_transmit_bytes_total',
  'container_fs_reads_bytes_total',
  'container_fs_writes_bytes_total',
  'container_fs_usage_bytes',
  'container_fs_limit_bytes',
  'container_start_time_seconds',
  'container_finished_time_seconds',
  'container_creation_time_seconds',
  'container_restarts_total',
  'container_exit_code',
  'container_oom_killed',
  'container_state',
  'container_health_status',
  'machine_cpu_cores',
  'machine_memory_bytes',
  'machine_memory_available_bytes',
  'machine_load1',
  'machine_boot_time_seconds',
] as const;

export type Wanted = (typeof WANTED)[number];

export const PLACES = WANTED.length;

const AT: ReadonlyMap<string, number> = new Map(WANTED.map((metric, i) => [metric, i]));

/** Undefined for what the page does not show. */
export function placeOf(metric: string): number | undefined {
  return AT.get(metric);
}

/** The same of a metric that is wanted. */
export function at(metric: Wanted): number {
  return AT.get(metric) as number;
}

/** States by their number: what is exposed as one series a state is one number here. */
export const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;
export const HEALTH = ['none', 'starting', 'healthy', 'unhealthy'] as const;

/** The number of a state in its own list; undefined where the column is no state. */
export function stateOf(metric: string, labels: readonly (readonly [string, string])[]): number | undefined {
  const value = labels.find(([name]) => name === 'state' || name === 'status')?.[1] ?? '';
  if (metric === 'container_state') return (STATES as readonly string[]).indexOf(value);
  if (metric === 'container_health_status') return (HEALTH as readonly string[]).indexOf(value);
  return undefined;
}

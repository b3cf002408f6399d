/** What cAdvisor exposes and we do not, and why: for METRICS.md, and for the test that holds cAdvisor's list against the catalogue. */

export interface Absent {
  readonly metrics: readonly string[];
  readonly why: string;
}

export const ABSENT: readonly Absent[] = [
  {
    metrics: ['container_cpu_load_average_10s', 'container_cpu_load_d_average_10s'],
    why: 'cAdvisor’s are 0 unless its load reader is on, and that knows cgroup v1 only. The family `pressure` says who waits for what, and for how long.',
  },
  {
    metrics: [
      'container_perf_events_total',
      'container_perf_events_scaling_ratio',
      'container_perf_uncore_events_total',
      'container_perf_uncore_events_scaling_ratio',
    ],
    why: 'Hardware counters take a native library, a list of events for each processor and the right to watch every process.',
  },
  {
    metrics: [
      'container_memory_bandwidth_bytes',
      'container_memory_bandwidth_local_bytes',
      'container_llc_occupancy_bytes',
    ],
    why: 'The kernel’s resctrl counts only for groups that somebody makes, and the agent changes nothing on the machine.',
  },
  {
    metrics: ['container_referenced_bytes'],
    why: 'It takes reading every mapping of every process and resetting marks in the kernel, seconds for a large container. `container_memory_working_set_bytes` and `container_memory_total_active_file_bytes` come without that.',
  },
  {
    metrics: ['machine_nvm_capacity', 'machine_nvm_avg_power_budget_watts'],
    why: 'Persistent memory modules are no longer made; cAdvisor’s are always 0.',
  },
];

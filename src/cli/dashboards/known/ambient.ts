/** Metrics that are there whoever is scraped: Prometheus' own about its targets and alerts, and what every program of Node says of itself. */

interface Ambient {
  readonly metric: string;
  readonly labels: readonly string[];
}

const plain = (...metrics: string[]): Ambient[] => metrics.map((metric) => ({ metric, labels: [] }));

/** Made by Prometheus for each target that it scrapes and each alert that it evaluates, with whatever labels these have. */
export const ALWAYS_THERE: readonly Ambient[] = [
  ...plain(
    'up',
    'scrape_duration_seconds',
    'scrape_samples_scraped',
    'scrape_samples_post_metric_relabeling',
    'scrape_series_added',
    'scrape_timeout_seconds',
    'scrape_sample_limit',
    'scrape_body_size_bytes',
    'ALERTS',
    'ALERTS_FOR_STATE',
  ),
];

/** Of the agent's and the collector's own process (src/self/process.ts). */
export const OWN_PROCESS: readonly Ambient[] = [
  ...plain(
    'process_cpu_user_seconds_total',
    'process_cpu_system_seconds_total',
    'process_cpu_seconds_total',
    'process_start_time_seconds',
    'process_resident_memory_bytes',
    'process_virtual_memory_bytes',
    'process_heap_bytes',
    'process_open_fds',
    'process_max_fds',
    'nodejs_heap_size_total_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_external_memory_bytes',
    'nodejs_eventloop_lag_seconds',
    ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((what) => `nodejs_eventloop_lag_${what}_seconds`),
    'nodejs_active_resources_total',
    'nodejs_active_handles_total',
    'nodejs_active_requests_total',
  ),
  { metric: 'nodejs_active_resources', labels: ['type'] },
  { metric: 'nodejs_active_handles', labels: ['type'] },
  { metric: 'nodejs_active_requests', labels: ['type'] },
  { metric: 'nodejs_heap_space_size_total_bytes', labels: ['space'] },
  { metric: 'nodejs_heap_space_size_used_bytes', labels: ['space'] },
  { metric: 'nodejs_heap_space_size_available_bytes', labels: ['space'] },
  { metric: 'nodejs_version_info', labels: ['version', 'major', 'minor', 'patch'] },
  ...['_bucket', '_sum', '_count'].map((end) => ({
    metric: `nodejs_gc_duration_seconds${end}`,
    labels: ['kind', 'le'],
  })),
];

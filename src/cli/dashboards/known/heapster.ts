/**
 * Heapster's measurements and tags in InfluxDB, and those of cAdvisor's own InfluxDB driver. A Heapster measurement is the metric
 * (`cpu/usage_rate`, field `value`), or with its option withfields the part before the slash, the rest being the field. What it is about stood
 * in the tag `type`; here each level has measurements of its own. `<level>` in a name is put in by whoever looks it up.
 */
import { type Other, row } from './other.ts';
import { measurement, type Schema } from './schema.ts';

/** What the tag `type` was, and the prefix that means the same here. A node was the whole machine, hence its container metrics. */
export const HEAPSTER_LEVELS: ReadonlyMap<string, string> = new Map([
  ['pod', 'pod'],
  ['pod_container', 'container'],
  ['ns', 'namespace'],
  ['node', 'container'],
  ['cluster', 'cluster'],
  ['sys_container', 'container'],
]);

const RATE = 'Rates are not stored: the counter is, in seconds; its rate is cores, a thousandth of it a millicore.';
const PER_SECOND = 'Rates are not stored: the counter is.';
const API = 'Requests, limits and allocatable of Kubernetes’ API are not read.';

const METRICS: readonly (readonly [stem: string, use: string | undefined, why: string])[] = [
  ['uptime', 'time() - container_start_time_seconds', 'The start is there, in Unix seconds; of containers only.'],
  [
    'restart_count',
    '<level>_restarts_total',
    'Restarts by the engine’s restart policy; those that Kubernetes makes are new containers.',
  ],
  ['cpu/usage', '<level>_cpu_usage_seconds_total', 'Seconds, not nanoseconds.'],
  ['cpu/usage_rate', 'rate(<level>_cpu_usage_seconds_total[1m]) * 1000', RATE],
  [
    'cpu/load',
    undefined,
    'It was 0 but for cAdvisor’s load reader; container_pressure_cpu_waiting_seconds_total says who waits.',
  ],
  ['cpu/limit', '<level>_spec_cpu_limit_cores', 'The limit that the kernel enforces, in cores, not millicores.'],
  ['cpu/request', undefined, `${API} The kernel’s weight of it is container_spec_cpu_shares.`],
  ['cpu/node_capacity', 'machine_cpu_cores', 'Cores, not millicores.'],
  ['cpu/node_allocatable', 'machine_cpu_cores', `${API} All cores there are.`],
  [
    'cpu/node_utilization',
    'rate(container_cpu_usage_seconds_total{id="/"}[1m]) / machine_cpu_cores',
    'A share is a division.',
  ],
  ['cpu/node_reservation', undefined, API],
  ['memory/usage', '<level>_memory_usage_bytes', 'Bytes, page cache included, as Heapster’s.'],
  ['memory/working_set', '<level>_memory_working_set_bytes', 'Another name.'],
  ['memory/rss', '<level>_memory_rss', 'Another name.'],
  ['memory/cache', '<level>_memory_cache', 'Another name.'],
  ['memory/limit', '<level>_spec_memory_limit_bytes', 'The limit that the kernel enforces; absent without one.'],
  ['memory/request', undefined, API],
  ['memory/page_faults', 'container_memory_failures_total{failure_type="pgfault"}', 'A counter; of containers only.'],
  ['memory/page_faults_rate', 'rate(container_memory_failures_total{failure_type="pgfault"}[1m])', PER_SECOND],
  ['memory/major_page_faults', '<level>_memory_failures_total{failure_type="pgmajfault"}', 'A counter.'],
  ['memory/major_page_faults_rate', 'rate(<level>_memory_failures_total{failure_type="pgmajfault"}[1m])', PER_SECOND],
  ['memory/node_capacity', 'machine_memory_bytes', 'Another name.'],
  ['memory/node_allocatable', 'machine_memory_bytes', `${API} All memory there is.`],
  [
    'memory/node_utilization',
    '1 - machine_memory_available_bytes / machine_memory_bytes',
    'A share is a division; Heapster’s counted the page cache as used.',
  ],
  ['memory/node_reservation', undefined, API],
  ...(['rx receive', 'tx transmit'] as const).flatMap((pair) => {
    const [short, long] = pair.split(' ') as [string, string];
    const bytes = `<level>_network_${long}_bytes_total`;
    const errors = `<level>_network_${long}_errors_total`;
    return [
      [`network/${short}`, bytes, 'Another name.'],
      [`network/${short}_rate`, `rate(${bytes}[1m])`, PER_SECOND],
      [`network/${short}_errors`, errors, 'Another name.'],
      [`network/${short}_errors_rate`, `rate(${errors}[1m])`, PER_SECOND],
    ] as const;
  }),
  [
    'filesystem/usage',
    '<level>_fs_usage_bytes',
    'What containers have written into their layer; of the host by the tag device, not resource_id.',
  ],
  ['filesystem/limit', 'container_fs_limit_bytes', 'By the tag device, not resource_id.'],
  [
    'filesystem/available',
    'container_fs_limit_bytes - container_fs_usage_bytes',
    'By the tag device, not resource_id.',
  ],
  ['filesystem/inodes', 'container_fs_inodes_total', 'By the tag device, not resource_id.'],
  ['filesystem/inodes_free', 'container_fs_inodes_free', 'By the tag device, not resource_id.'],
  ['disk/io_read_bytes', '<level>_fs_reads_bytes_total', 'A counter.'],
  ['disk/io_write_bytes', '<level>_fs_writes_bytes_total', 'A counter.'],
  ['disk/io_read_bytes_rate', 'rate(<level>_fs_reads_bytes_total[1m])', PER_SECOND],
  ['disk/io_write_bytes_rate', 'rate(<level>_fs_writes_bytes_total[1m])', PER_SECOND],
  ['ephemeral_storage/usage', '<level>_fs_usage_bytes', 'What containers have written into their layer.'],
];

const NO_MORE: Omit<Other, 'names'> = { why: 'Heapster’s, and not here.' };
const FAMILIES = [
  'uptime',
  'cpu',
  'memory',
  'network',
  'filesystem',
  'disk',
  'ephemeral_storage',
  'accelerator',
  'custom',
];

/** Without withfields: the measurement is the metric. */
const plain = METRICS.map(([name, use, why]) => measurement(name, [row(/^value$/, use, why)]));
/** With it: `cpu` and field `usage_rate`. Those that Telegraf has too are told apart by their fields. */
const withFields = FAMILIES.map((family) => {
  const own = METRICS.filter(([name]) => name.startsWith(`${family}/`));
  return measurement(
    family,
    own.map(([name, use, why]) => row(name.slice(family.length + 1), use, why)),
  );
});

export const HEAPSTER: Schema = {
  from: 'Heapster',
  measurements: [
    ...plain,
    { names: new RegExp(`^(${FAMILIES.join('|')}|[\\w.-]+\\.[\\w.-]+)/`), fields: [], rest: NO_MORE },
    measurement('log/events', [], { why: 'Events of Kubernetes are not read.' }),
    ...withFields,
  ],
  tags: new Map([
    [
      'type',
      {
        why: 'No tag: each level has measurements of its own, container_…, pod_…, namespace_…, node_containers_…, cluster_….',
      },
    ],
    [
      'pod_name',
      { use: 'pod', why: 'The tag of the levels pod; of containers container_label_io_kubernetes_pod_name.' },
    ],
    [
      'namespace_name',
      {
        use: 'namespace',
        why: 'The tag of the levels pod and namespace; of containers container_label_io_kubernetes_pod_namespace.',
      },
    ],
    ['container_name', { use: 'container_label_io_kubernetes_container_name', why: 'Labels have this prefix.' }],
    ['container_base_image', { use: 'image', why: 'Another name.' }],
    ['nodename', { use: 'node', why: 'Another name.' }],
    ['hostname', { use: 'node', why: 'Another name.' }],
    ['host_id', { use: 'node', why: 'Another name.' }],
    ['cluster_name', { use: 'cluster', why: 'The tag of the level cluster.' }],
    ['resource_id', { use: 'device', why: 'Another name.' }],
    ['labels', { why: 'Pods’ labels are Kubernetes’ API’s, which is not read.' }],
    ['pod_id', { use: 'container_label_io_kubernetes_pod_uid', why: 'Labels have this prefix.' }],
  ]),
};

const cadvisorValue = (name: string, use: string | undefined, why = 'Another name.') =>
  measurement(name, [row(/^value$/, use, why)]);

/** cAdvisor's storage driver: one measurement for each number, field `value`, tags `machine` and `container_name`. */
export const CADVISOR_INFLUX: Schema = {
  from: 'cAdvisor’s InfluxDB driver',
  measurements: [
    cadvisorValue('cpu_usage_total', 'container_cpu_usage_seconds_total', 'Seconds, not nanoseconds.'),
    cadvisorValue('cpu_usage_system', 'container_cpu_system_seconds_total', 'Seconds, not nanoseconds.'),
    cadvisorValue('cpu_usage_user', 'container_cpu_user_seconds_total', 'Seconds, not nanoseconds.'),
    cadvisorValue('cpu_usage_per_cpu', 'container_cpu_usage_seconds_total', 'Over all CPUs; there is none per CPU.'),
    cadvisorValue(
      'load_average',
      undefined,
      'It is 0 but for cAdvisor’s load reader; container_pressure_cpu_waiting_seconds_total says who waits.',
    ),
    cadvisorValue('memory_usage', 'container_memory_usage_bytes'),
    cadvisorValue('memory_max_usage', 'container_memory_max_usage_bytes'),
    cadvisorValue('memory_working_set', 'container_memory_working_set_bytes'),
    cadvisorValue('memory_cache', 'container_memory_cache'),
    cadvisorValue('memory_rss', 'container_memory_rss'),
    cadvisorValue('memory_swap', 'container_memory_swap'),
    cadvisorValue('memory_mapped_file', 'container_memory_mapped_file'),
    cadvisorValue('memory_total_active_file', 'container_memory_total_active_file_bytes'),
    cadvisorValue('memory_total_inactive_file', 'container_memory_total_inactive_file_bytes'),
    cadvisorValue('memory_failcnt', 'container_memory_failcnt'),
    cadvisorValue('memory_failure', 'container_memory_failures_total'),
    cadvisorValue(
      'rx_bytes',
      'container_network_receive_bytes_total',
      'By interface; cAdvisor’s is of the first alone.',
    ),
    cadvisorValue(
      'tx_bytes',
      'container_network_transmit_bytes_total',
      'By interface; cAdvisor’s is of the first alone.',
    ),
    cadvisorValue('rx_errors', 'container_network_receive_errors_total'),
    cadvisorValue('tx_errors', 'container_network_transmit_errors_total'),
    cadvisorValue('fs_usage', 'container_fs_usage_bytes'),
    cadvisorValue('fs_limit', 'container_fs_limit_bytes'),
    cadvisorValue(
      'referenced_memory',
      undefined,
      'It takes reading every mapping of every process; container_memory_working_set_bytes comes without that.',
    ),
  ],
  tags: new Map([
    ['machine', { use: 'node', why: 'Another name.' }],
    ['container_name', { use: 'name', why: 'Another name.' }],
    ['type', { why: 'File systems are told apart by the tag device alone.' }],
  ]),
};

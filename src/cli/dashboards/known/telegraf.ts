/**
 * Telegraf's measurements of its input docker and of the inputs that such dashboards ask for the host, and what says the same here. Over Telegraf's
 * output for Prometheus a metric is measurement and field: `docker_container_mem_usage`.
 */
import { type Other, type Program, row } from './other.ts';
import { measurement, type Schema } from './schema.ts';

const COUNTER = 'Another name; a counter, as Telegraf’s is.';
const NAMED = 'Another name.';
const PERCENT = 'Percentages are not exposed: a share is a division.';
const HOST = 'The host is id="/", in InfluxDB the tag cgroup "/".';
const UNREAD = 'Plimsoll does not read this; keep Telegraf for it.';

const CPU: readonly Other[] = [
  row('usage_total', 'container_cpu_usage_seconds_total', 'Seconds, not nanoseconds; over all CPUs, no tag cpu.'),
  row('usage_in_usermode', 'container_cpu_user_seconds_total', 'Seconds, not nanoseconds.'),
  row('usage_in_kernelmode', 'container_cpu_system_seconds_total', 'Seconds, not nanoseconds.'),
  row(
    'usage_percent',
    'rate(container_cpu_usage_seconds_total[1m]) * 100',
    'Percentages are not exposed: a rate of seconds per second is cores, and a core is 100 %.',
  ),
  row('usage_system', 'machine_cpu_seconds_total', 'CPU time of the whole machine, by mode.'),
  row('throttling_periods', 'container_cpu_cfs_periods_total', COUNTER),
  row('throttling_throttled_periods', 'container_cpu_cfs_throttled_periods_total', COUNTER),
  row('throttling_throttled_time', 'container_cpu_cfs_throttled_seconds_total', 'Seconds, not nanoseconds.'),
];

const MEMORY: readonly Other[] = [
  row(
    'usage',
    'container_memory_usage_bytes',
    'Page cache included. What Telegraf and "docker stats" mean, without its inactive part, is container_memory_working_set_bytes.',
  ),
  row(
    'usage_percent',
    'container_memory_working_set_bytes / container_spec_memory_limit_bytes * 100',
    `${PERCENT} A container without a limit has none.`,
  ),
  row('limit', 'container_spec_memory_limit_bytes', 'Absent without a limit, where Telegraf has the machine’s memory.'),
  row('max_usage', 'container_memory_max_usage_bytes', NAMED),
  row('fail_count failcnt', 'container_memory_failcnt', NAMED),
  row('cache total_cache', 'container_memory_cache', NAMED),
  row('rss total_rss active_anon inactive_anon', 'container_memory_rss', 'Anonymous memory as a whole.'),
  row('mapped_file total_mapped_file', 'container_memory_mapped_file', NAMED),
  row('swap total_swap', 'container_memory_swap', NAMED),
  row('active_file total_active_file', 'container_memory_total_active_file_bytes', NAMED),
  row('inactive_file total_inactive_file', 'container_memory_total_inactive_file_bytes', NAMED),
  row('pgfault total_pgfault', 'container_memory_failures_total{failure_type="pgfault"}', COUNTER),
  row('pgmajfault total_pgmajfault', 'container_memory_failures_total{failure_type="pgmajfault"}', COUNTER),
  row('hierarchical_memory_limit', 'container_spec_memory_limit_bytes', 'Absent without a limit.'),
];

const NET: readonly Other[] = ['rx receive', 'tx transmit'].flatMap((pair) => {
  const [short = '', long = ''] = pair.split(' ');
  const name = (end: string): string => `container_network_${long}_${end}_total`;
  const why = 'Another name; the tag network is interface, and there is no row "total".';
  return [
    row(`${short}_bytes`, name('bytes'), why),
    row(`${short}_packets`, name('packets'), why),
    row(`${short}_errors`, name('errors'), why),
    row(`${short}_dropped`, name('packets_dropped'), why),
  ];
});

const BLKIO: readonly Other[] = [
  row('io_service_bytes_recursive_read', 'container_fs_reads_bytes_total', COUNTER),
  row('io_service_bytes_recursive_write', 'container_fs_writes_bytes_total', COUNTER),
  row(
    'io_service_bytes_recursive_total',
    'container_fs_reads_bytes_total + container_fs_writes_bytes_total',
    'Reads and writes are apart.',
  ),
  row('io_serviced_recursive_read', 'container_fs_reads_total', COUNTER),
  row('io_serviced_recursive_write', 'container_fs_writes_total', COUNTER),
  row(
    'io_serviced_recursive_total',
    'container_fs_reads_total + container_fs_writes_total',
    'Reads and writes are apart.',
  ),
];

const STATUS: readonly Other[] = [
  row('uptime_ns', 'time() - container_start_time_seconds', 'The start is exposed, in Unix seconds.'),
  row('started_at', 'container_start_time_seconds', 'Seconds, not nanoseconds.'),
  row('finished_at', 'container_finished_time_seconds', 'Seconds, not nanoseconds; absent while it runs.'),
  row('exitcode', 'container_exit_code', 'Only while the container is exited, dead or between two runs.'),
  row('oomkilled', 'container_oom_killed', '1 or 0.'),
  row('restart_count', 'container_restarts_total', NAMED),
];

const NODE = 'Of the level node, at the collector.';
const ENGINE: readonly Other[] = [
  row('n_containers', 'node_containers', NODE),
  row('n_containers_running', 'node_containers_state{state="running"}', NODE),
  row('n_containers_stopped', 'node_containers_state{state="exited"}', NODE),
  row('n_containers_paused', 'node_containers_state{state="paused"}', NODE),
  row('n_cpus', 'machine_cpu_cores', NAMED),
  row('memory_total', 'machine_memory_bytes', NAMED),
];

/** Of the host, from the inputs cpu, mem, swap, system, processes, disk, diskio and net. */
const HOSTS = [
  measurement('mem', [
    row('total', 'machine_memory_bytes', NAMED),
    row('available', 'machine_memory_available_bytes', NAMED),
    row('used', 'machine_memory_bytes - machine_memory_available_bytes', 'What is used is what is not available.'),
    row('used_percent', '100 * (1 - machine_memory_available_bytes / machine_memory_bytes)', PERCENT),
    row('available_percent', '100 * machine_memory_available_bytes / machine_memory_bytes', PERCENT),
    row('cached buffered', 'container_memory_cache{id="/"}', HOST),
  ]),
  measurement('cpu', [
    row(
      /^(usage|time)_/,
      'machine_cpu_seconds_total',
      'CPU seconds by the label mode, over all CPUs: rate(…{mode="idle"}[1m]) / machine_cpu_cores is the share.',
    ),
  ]),
  measurement('swap', [row('total', 'machine_swap_bytes', NAMED), row('used', 'container_memory_swap{id="/"}', HOST)]),
  measurement('system', [
    row('load1', 'machine_load1', NAMED),
    row('load5', 'machine_load5', NAMED),
    row('load15', 'machine_load15', NAMED),
    row('uptime', 'time() - machine_boot_time_seconds', 'The boot is exposed, in Unix seconds.'),
    row('n_cpus', 'machine_cpu_cores', NAMED),
  ]),
  measurement('processes', [
    row('running', 'machine_processes_running', NAMED),
    row('blocked', 'machine_processes_blocked', NAMED),
    row('total total_threads', 'container_threads{id="/"}', `Threads. ${HOST}`),
  ]),
  measurement('kernel', [
    row('boot_time', 'machine_boot_time_seconds', NAMED),
    row('context_switches', 'machine_context_switches_total', NAMED),
    row('processes_forked', 'machine_forks_total', NAMED),
  ]),
  measurement('disk', [
    row('total', 'container_fs_limit_bytes{id="/"}', `${HOST} One row per device, no path.`),
    row('used', 'container_fs_usage_bytes{id="/"}', `${HOST} One row per device, no path.`),
    row(
      'free',
      'container_fs_limit_bytes{id="/"} - container_fs_usage_bytes{id="/"}',
      `${HOST} One row per device, no path.`,
    ),
    row('used_percent', '100 * container_fs_usage_bytes{id="/"} / container_fs_limit_bytes{id="/"}', PERCENT),
    row('inodes_total', 'container_fs_inodes_total{id="/"}', HOST),
    row('inodes_free', 'container_fs_inodes_free{id="/"}', HOST),
    row('inodes_used', 'container_fs_inodes_used{id="/"}', HOST),
  ]),
  measurement('diskio', [
    row('read_bytes', 'container_fs_reads_bytes_total{id="/"}', HOST),
    row('write_bytes', 'container_fs_writes_bytes_total{id="/"}', HOST),
    row('reads', 'container_fs_reads_total{id="/"}', HOST),
    row('writes', 'container_fs_writes_total{id="/"}', HOST),
    row('io_time', 'container_fs_io_time_seconds_total{id="/"}', `${HOST} Seconds, not milliseconds.`),
  ]),
  measurement('net', [
    row('bytes_recv', 'container_network_receive_bytes_total{id="/"}', HOST),
    row('bytes_sent', 'container_network_transmit_bytes_total{id="/"}', HOST),
    row('packets_recv', 'container_network_receive_packets_total{id="/"}', HOST),
    row('packets_sent', 'container_network_transmit_packets_total{id="/"}', HOST),
    row('err_in', 'container_network_receive_errors_total{id="/"}', HOST),
    row('err_out', 'container_network_transmit_errors_total{id="/"}', HOST),
    row('drop_in', 'container_network_receive_packets_dropped_total{id="/"}', HOST),
    row('drop_out', 'container_network_transmit_packets_dropped_total{id="/"}', HOST),
  ]),
];

const DOCKER = [
  measurement('docker_container_cpu', CPU, { why: UNREAD }),
  measurement('docker_container_mem', MEMORY, {
    why: 'Not exposed under any name by default; agent.families: [memstat] shows all of memory.stat.',
  }),
  measurement('docker_container_net', NET, { why: UNREAD }),
  measurement('docker_container_blkio', BLKIO, {
    why: 'Block io is exposed as bytes and operations, read and written.',
  }),
  measurement('docker_container_status', STATUS, { why: UNREAD }),
  measurement('docker_container_health', [
    row(
      'health_status',
      'container_health_status',
      'A number per status (label status) that is 1 for the one it is in.',
    ),
    row('failing_streak', 'container_health_failing_streak', NAMED),
  ]),
  measurement('docker', ENGINE, {
    why: 'Images, goroutines and other things of the engine itself are not read; keep Telegraf for them.',
  }),
  measurement(
    'docker_swarm',
    [
      row(
        'tasks_running',
        'service_state{state="running"}',
        'Containers of a stack’s service that run, of the level service at the collector.',
      ),
    ],
    { why: 'What Swarm wants is not read; what runs is.' },
  ),
  measurement('docker_disk_usage docker_data docker_metadata docker_devicemapper', [], {
    why: 'Sizes of images and volumes as the engine has them are not read; container_fs_usage_bytes is what containers have written.',
  }),
];

export const TELEGRAF: Schema = {
  from: 'Telegraf',
  measurements: [...DOCKER, ...HOSTS],
  tags: new Map([
    ['container_name', { use: 'name', why: 'Another name.' }],
    ['container_image', { use: 'image', why: 'With its version; another name.' }],
    ['container_version', { use: 'image', why: 'The version is part of image.' }],
    [
      'container_status',
      { use: 'container_state', why: 'No tag: the measurement container_state has a field for each state.' },
    ],
    ['engine_host', { use: 'node', why: 'Another name.' }],
    ['host', { use: 'node', why: 'Another name.' }],
    ['server_version', { why: 'The engine’s version is not on the series; cadvisor_version_info has it.' }],
    ['network', { use: 'interface', why: 'Another name; there is no row "total".' }],
    ['cpu', { why: 'All CPUs are one number; there is no tag for them.' }],
    [
      'com.docker.compose.project',
      { use: 'container_label_com_docker_compose_project', why: 'Labels have this prefix.' },
    ],
    [
      'com.docker.compose.service',
      { use: 'container_label_com_docker_compose_service', why: 'Labels have this prefix.' },
    ],
  ]),
};

/** The same over Telegraf's output for Prometheus, of the input docker alone: names such as `system_load1` may be anybody's. */
export const TELEGRAF_IN_PROMETHEUS: Program = {
  from: 'Telegraf',
  others: DOCKER.flatMap(({ names, fields, rest }) => {
    const [prefix = ''] = names instanceof RegExp ? [] : names;
    const rows = fields.map((field): Other => {
      const list = field.names instanceof RegExp ? [] : field.names;
      return { ...field, names: list.map((name) => `${prefix}_${name}`) };
    });
    return rest ? [...rows, { names: new RegExp(`^${prefix}_`), ...rest }] : rows;
  }),
};

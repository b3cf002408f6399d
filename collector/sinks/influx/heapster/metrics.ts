/** Which of our metrics become which of Heapster's measurements, with its units, and of whom it told them. A rate is what a counter grew by between two windows. */

/** Heapster's word for whom a point is about, its tag `type`. */
export type Type = 'pod_container' | 'pod' | 'ns' | 'node' | 'cluster';

export interface Measure {
  readonly measurement: string;
  /** Our number times this is Heapster's. */
  readonly factor: number;
  /** Written as a whole number: a field keeps the kind with which a database saw it first. */
  readonly whole: boolean;
  /** Increase a second since the window before. */
  readonly isRate: boolean;
  readonly types: readonly Type[];
  /** One point a device, told apart by the tag `resource_id`. */
  readonly byDevice?: true;
}

const ALL: readonly Type[] = ['pod_container', 'pod', 'ns', 'node', 'cluster'];
const OWN: readonly Type[] = ['pod_container', 'pod', 'node'];
const NETWORK: readonly Type[] = ['pod', 'node'];
const LIMITED: readonly Type[] = ['pod_container', 'pod', 'ns', 'cluster'];
const DEVICES: readonly Type[] = ['pod_container', 'node'];

interface Further {
  readonly factor?: number;
  readonly whole?: boolean;
  readonly isRate?: boolean;
  readonly byDevice?: true;
}

const measure = (measurement: string, types: readonly Type[], further: Further = {}): Measure => ({
  ...{ factor: 1, whole: true, isRate: false },
  ...further,
  measurement,
  types,
});

const RATE = { whole: false, isRate: true } as const;
const DEVICE = { byDevice: true } as const;

const counted = (stem: string, types: readonly Type[], further: Further = {}): Measure[] => [
  measure(stem, types, further),
  measure(`${stem}_rate`, types, { ...further, ...RATE }),
];

/** By our metric, and where it has fixed labels, by their values. */
export const MEASURES: ReadonlyMap<string, readonly Measure[]> = new Map([
  [
    'container_cpu_usage_seconds_total/total',
    [
      measure('cpu/usage', OWN, { factor: 1e9 }),
      measure('cpu/usage_rate', ALL, { factor: 1000, whole: true, isRate: true }),
    ],
  ],
  ['container_spec_cpu_limit_cores', [measure('cpu/limit', LIMITED, { factor: 1000 })]],
  ['container_spec_memory_limit_bytes', [measure('memory/limit', LIMITED)]],
  ['container_spec_cpu_request_cores', [measure('cpu/request', LIMITED, { factor: 1000 })]],
  ['container_spec_memory_request_bytes', [measure('memory/request', LIMITED)]],
  ['container_memory_usage_bytes', [measure('memory/usage', ALL)]],
  ['container_memory_working_set_bytes', [measure('memory/working_set', OWN)]],
  ['container_memory_rss', [measure('memory/rss', OWN)]],
  ['container_memory_cache', [measure('memory/cache', OWN)]],
  ['container_memory_failures_total/pgfault/container', counted('memory/page_faults', OWN)],
  ['container_memory_failures_total/pgmajfault/container', counted('memory/major_page_faults', OWN)],
  ['container_network_receive_bytes_total', counted('network/rx', NETWORK)],
  ['container_network_transmit_bytes_total', counted('network/tx', NETWORK)],
  ['container_network_receive_errors_total', counted('network/rx_errors', NETWORK)],
  ['container_network_transmit_errors_total', counted('network/tx_errors', NETWORK)],
  ['container_fs_usage_bytes', [measure('filesystem/usage', DEVICES, DEVICE)]],
  ['container_fs_limit_bytes', [measure('filesystem/limit', DEVICES, DEVICE)]],
  ['container_fs_inodes_total', [measure('filesystem/inodes', DEVICES, DEVICE)]],
  ['container_fs_inodes_free', [measure('filesystem/inodes_free', DEVICES, DEVICE)]],
  ['container_fs_reads_bytes_total', counted('disk/io_read_bytes', DEVICES, DEVICE)],
  ['container_fs_writes_bytes_total', counted('disk/io_write_bytes', DEVICES, DEVICE)],
  ['container_restarts_total', [measure('restart_count', ['pod_container', 'pod'])]],
  ['machine_cpu_cores', [measure('cpu/node_capacity', ['node'], { factor: 1000, whole: false })]],
  ['machine_memory_bytes', [measure('memory/node_capacity', ['node'], { whole: false })]],
]);

/** Told of when something started: milliseconds since then. */
export const STARTED = 'container_start_time_seconds';
export const UPTIME = measure('uptime', OWN);

/** What a node used of what it has. */
export const SHARES: readonly (readonly [share: string, of: string, against: string])[] = [
  ['cpu/node_utilization', 'cpu/usage_rate', 'cpu/node_capacity'],
  ['memory/node_utilization', 'memory/usage', 'memory/node_capacity'],
];

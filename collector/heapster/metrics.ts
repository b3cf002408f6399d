/**
 * Heapster's metrics, and what they are here: a name and a level come in, a question in PromQL goes out, whose answer has Heapster's unit (millicores, nanoseconds,
 * milliseconds, bytes). A pod is the sum of its containers, a namespace that of its pods, the cluster that of all pods; a node is the whole machine.
 */

export type Level = 'cluster' | 'namespace' | 'node' | 'pod' | 'container';

/** Matchers that choose what a question is about, such as `namespace="shop",pod="web-0"`. */
export interface About {
  readonly level: Level;
  readonly matchers: string;
}

interface Metric {
  readonly levels: readonly Level[];
  /** Told as a whole number. */
  readonly whole: boolean;
  readonly question: (about: About) => string;
}

const ALL: readonly Level[] = ['cluster', 'namespace', 'node', 'pod', 'container'];
const OWN: readonly Level[] = ['node', 'pod', 'container'];
const NETWORK: readonly Level[] = ['node', 'pod'];
const NODE: readonly Level[] = ['node'];
const LIMITED: readonly Level[] = ['cluster', 'namespace', 'pod', 'container'];

/** Series of containers; of a pod also what its sandbox has, where that is wanted. */
function selected({ level, matchers }: About, metric: string, further = ''): string {
  const containers = level === 'node' || level === 'container' ? '' : 'container!="",';
  return `${metric}{${containers}${further}${matchers}}`;
}

const sum =
  (metric: string, { factor = '', further = '' } = {}) =>
  (about: About): string =>
    `sum(${selected(about, metric, further)})${factor}`;

const rate =
  (metric: string, { factor = '', further = '' } = {}) =>
  (about: About): string =>
    `sum(rate(${selected(about, metric, further)}[1m]))${factor}`;

/** A pod's interfaces are its sandbox's, which is no container. */
const interfaces =
  (metric: string, isRate: boolean) =>
  ({ matchers }: About): string =>
    isRate ? `sum(rate(${metric}{${matchers}}[1m]))` : `sum(${metric}{${matchers}})`;

const metric = (levels: readonly Level[], question: Metric['question'], whole = true): Metric => ({
  levels,
  question,
  whole,
});

const NETWORKS = ['receive_bytes rx', 'transmit_bytes tx', 'receive_errors rx_errors', 'transmit_errors tx_errors'];

const FAULTS = ['pgfault page_faults', 'pgmajfault major_page_faults'];

export const METRICS: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ['uptime', metric(OWN, (about) => `(time() - min(${selected(about, 'container_start_time_seconds')})) * 1000`)],
  ['restart_count', metric(['pod', 'container'], sum('container_restarts_total'))],
  ['cpu/usage', metric(OWN, sum('container_cpu_usage_seconds_total', { factor: ' * 1e9' }))],
  ['cpu/usage_rate', metric(ALL, rate('container_cpu_usage_seconds_total', { factor: ' * 1000' }))],
  ['cpu/limit', metric(LIMITED, sum('container_spec_cpu_limit_cores', { factor: ' * 1000' }))],
  ['cpu/request', metric(LIMITED, sum('container_spec_cpu_request_cores', { factor: ' * 1000' }))],
  ['cpu/node_capacity', metric(NODE, sum('machine_cpu_cores', { factor: ' * 1000' }), false)],
  [
    'cpu/node_utilization',
    metric(
      NODE,
      (about) => `${rate('container_cpu_usage_seconds_total')(about)} / ${sum('machine_cpu_cores')(about)}`,
      false,
    ),
  ],
  ['memory/usage', metric(ALL, sum('container_memory_usage_bytes'))],
  ['memory/working_set', metric(OWN, sum('container_memory_working_set_bytes'))],
  ['memory/rss', metric(OWN, sum('container_memory_rss'))],
  ['memory/cache', metric(OWN, sum('container_memory_cache'))],
  ['memory/limit', metric(LIMITED, sum('container_spec_memory_limit_bytes'))],
  ['memory/request', metric(LIMITED, sum('container_spec_memory_request_bytes'))],
  ['memory/node_capacity', metric(NODE, sum('machine_memory_bytes'), false)],
  [
    'memory/node_utilization',
    metric(
      NODE,
      (about) => `${sum('container_memory_usage_bytes')(about)} / ${sum('machine_memory_bytes')(about)}`,
      false,
    ),
  ],
  ...FAULTS.flatMap((pair): [string, Metric][] => {
    const [type, name] = pair.split(' ');
    const further = `failure_type="${type}",scope="container",`;
    return [
      [`memory/${name}`, metric(OWN, sum('container_memory_failures_total', { further }))],
      [`memory/${name}_rate`, metric(OWN, rate('container_memory_failures_total', { further }), false)],
    ];
  }),
  ...NETWORKS.flatMap((pair): [string, Metric][] => {
    const [ours, name] = pair.split(' ');
    const own = `container_network_${ours}_total`;
    return [
      [`network/${name}`, metric(NETWORK, interfaces(own, false))],
      [`network/${name}_rate`, metric(NETWORK, interfaces(own, true), false)],
    ];
  }),
  ['filesystem/usage', metric(['node', 'container'], sum('container_fs_usage_bytes'))],
  ['filesystem/limit', metric(['node', 'container'], sum('container_fs_limit_bytes'))],
  ['filesystem/inodes', metric(['node', 'container'], sum('container_fs_inodes_total'))],
  ['filesystem/inodes_free', metric(['node', 'container'], sum('container_fs_inodes_free'))],
  ['ephemeral_storage/usage', metric(['pod', 'container'], sum('container_fs_usage_bytes'))],
  ['disk/io_read_bytes', metric(['node', 'container'], sum('container_fs_reads_bytes_total'))],
  ['disk/io_write_bytes', metric(['node', 'container'], sum('container_fs_writes_bytes_total'))],
  ['disk/io_read_bytes_rate', metric(['node', 'container'], rate('container_fs_reads_bytes_total'), false)],
  ['disk/io_write_bytes_rate', metric(['node', 'container'], rate('container_fs_writes_bytes_total'), false)],
]);

/** Names of before. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['cpu-usage', 'cpu/usage_rate'],
  ['cpu-limit', 'cpu/limit'],
  ['memory-limit', 'memory/limit'],
  ['memory-usage', 'memory/usage'],
  ['memory-working', 'memory/working_set'],
]);

/** Undefined for what a level has not got. */
export function metricAt(name: string, level: Level): Metric | undefined {
  const found = METRICS.get(ALIASES.get(name) ?? name);
  return found?.levels.includes(level) ? found : undefined;
}

/** Names, sorted. */
export function namesAt(level: Level): string[] {
  return [...METRICS]
    .filter(([, { levels }]) => levels.includes(level))
    .map(([name]) => name)
    .sort();
}

/** Two readings become rows: what is a counter becomes a rate, and what fell (it began anew) or was not there before is not known yet. */
import type { Reading } from '../read/reading.ts';
import type { Summed, ValueKey } from '../read/sums.ts';
import { CONTAINER } from '../read/wanted.ts';
import type { Row } from './row.ts';

const MEMORY_WAIT = 'pressure_memory_waiting_seconds_total';

export interface RowsOptions {
  readonly now: Reading;
  /** Without an earlier reading there are no rates yet. */
  readonly before: Reading | undefined;
  /** What the rows were then: a container that was not read anew keeps its rates. */
  readonly last?: ReadonlyMap<string, Row>;
}

/** The rows of everything that was read: containers, hosts and groups. */
export function rowsOf({ now, before, last }: RowsOptions): Row[] {
  const pageSeconds = before ? (now.timeMs - before.timeMs) / 1000 : 0;
  return [...now.sums.things.values()].map((thing) => {
    const earlier = before?.sums.things.get(thing.key);
    const seconds = secondsBetween(thing, earlier) ?? pageSeconds;
    const held = seconds === 0 ? last?.get(thing.key) : undefined;
    const row = rowOf(thing, rates(thing, earlier, seconds));
    return held === undefined ? row : { ...row, ...ratesOf(held) };
  });
}

/** Between the two times at which a container was read: hosts and slow containers have their own. */
function secondsBetween(thing: Summed, earlier: Summed | undefined): number | undefined {
  const [to, from] = [thing.values.get('last_seen'), earlier?.values.get('last_seen')];
  return to === undefined || from === undefined ? undefined : to - from;
}

type Rate = (key: ValueKey) => number | undefined;

function rates({ values }: Summed, earlier: Summed | undefined, seconds: number): Rate {
  return (key) => {
    const [current, last] = [values.get(key), earlier?.values.get(key)];
    if (current === undefined || last === undefined || seconds <= 0 || current < last) return undefined;
    return (current - last) / seconds;
  };
}

function ratesOf(row: Row) {
  const { cpuCores, throttledShare, rxPerSecond, txPerSecond, readPerSecond, writePerSecond, waits } = row;
  return { cpuCores, throttledShare, rxPerSecond, txPerSecond, readPerSecond, writePerSecond, waits };
}

function rowOf(thing: Summed, rate: Rate): Row {
  const { key, id, node, labels, values } = thing;
  const periods = rate('cpu_cfs_periods_total');
  const throttled = rate('cpu_cfs_throttled_periods_total');
  const memoryBytes = values.get('memory_working_set_bytes');
  const limit = values.get('spec_memory_limit_bytes');
  const kind = kindOf(thing);
  return {
    key,
    kind,
    id,
    node,
    name: kind === 'group' ? groupName(thing) : id === '/' ? '(host)' : (podName(labels) ?? labels.get('name') ?? id),
    image: labels.get('image') ?? '',
    service: serviceOf(labels),
    ...stateOf(thing),
    cpuCores: rate('cpu_usage_seconds_total'),
    cpuLimitCores: kind === 'host' ? values.get('machine_cpu_cores') : values.get('spec_cpu_limit_cores'),
    throttledShare: periods && throttled !== undefined ? throttled / periods : undefined,
    memoryBytes,
    memoryLimit: kind === 'host' ? values.get('machine_memory_bytes') : limit,
    memoryShare:
      values.get('memory_limit_utilization_ratio') ??
      (kind !== 'group' && limit && memoryBytes !== undefined ? memoryBytes / limit : undefined),
    memoryParts: partsOf(values),
    rxPerSecond: rate('network_receive_bytes_total'),
    txPerSecond: rate('network_transmit_bytes_total'),
    readPerSecond: rate('fs_reads_bytes_total'),
    writePerSecond: rate('fs_writes_bytes_total'),
    layerBytes: values.get('fs_usage_bytes'),
    waits: {
      cpu: atMostOne(rate('pressure_cpu_waiting_seconds_total') ?? values.get('pressure_cpu_waiting_max_ratio')),
      memory: atMostOne(rate(MEMORY_WAIT) ?? values.get('pressure_memory_waiting_max_ratio')),
      io: atMostOne(rate('pressure_io_waiting_seconds_total') ?? values.get('pressure_io_waiting_max_ratio')),
    },
    threads: values.get('threads'),
    threadsMax: values.get('threads_max'),
    restarts: values.get('restarts_total'),
    oomEvents: values.get('oom_events_total'),
    startMs: milliseconds(values.get('start_time_seconds')),
    finishedMs: milliseconds(values.get('finished_time_seconds')),
    readMs: milliseconds(values.get('last_seen')),
  };
}

/** A file is read a little before or after the time that is told for all of them: a share of a second is no more than all of it. */
function atMostOne(share: number | undefined): number | undefined {
  return share === undefined ? undefined : Math.min(1, share);
}

function kindOf({ level, id }: Summed): Row['kind'] {
  return level !== CONTAINER ? 'group' : id === '/' ? 'host' : 'container';
}

function stateOf({
  level,
  values,
}: Summed): Pick<Row, 'state' | 'health' | 'runs' | 'exitCode' | 'oomKilled' | 'members'> {
  const ofContainer = level === CONTAINER;
  const state = ofContainer ? oneOf(values, 'state') : '';
  return {
    state,
    health: ofContainer ? oneOf(values, 'health_status').replace('none', '') : '',
    runs: state === '' || state === 'running' || state === 'paused' || state === 'restarting',
    exitCode: values.get('exit_code'),
    oomKilled: values.get('oom_killed') === 1,
    members: ofContainer
      ? undefined
      : { running: values.get('state:running') ?? 0, all: values.get('containers') ?? 0 },
  };
}

function oneOf(values: ReadonlyMap<string, number>, stem: 'state' | 'health_status'): string {
  for (const [key, value] of values) if (value === 1 && key.startsWith(`${stem}:`)) return key.slice(stem.length + 1);
  return '';
}

function partsOf(values: ReadonlyMap<ValueKey, number>): Row['memoryParts'] {
  const parts = { rss: values.get('memory_rss'), cache: values.get('memory_cache'), swap: values.get('memory_swap') };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Level and labels: `service shop/web`. The prefix of the level node is its metrics' and not its name. */
function groupName({ labels, level }: Summed): string {
  const own = [...labels].filter(([name]) => name !== 'state' && name !== 'status');
  return `${level.replace('node_containers', 'node')} ${own.map(([, value]) => value).join('/')}`.trim();
}

const LABEL = 'container_label_';
/** Which labels name the service, the better known ones first. */
const SERVICES = [
  ['com_docker_compose_project', 'com_docker_compose_service'],
  ['com_docker_stack_namespace', 'com_docker_swarm_service_name'],
  ['io_kubernetes_pod_namespace', 'io_kubernetes_pod_name'],
] as const;

/** What a container is part of, as Compose, Swarm or Kubernetes say; Swarm has services without a stack. */
function serviceOf(labels: ReadonlyMap<string, string>): string {
  const namespace = labels.get('namespace');
  const of = labels.get('workload') ?? labels.get('pod');
  if (namespace !== undefined && of !== undefined) return `${namespace}/${of}`;
  for (const [above, own] of SERVICES) {
    const [project, service] = [labels.get(LABEL + above), labels.get(LABEL + own)];
    if (service) return project && !service.startsWith(`${project}_`) ? `${project}/${service}` : service;
  }
  return '';
}

/** Of a pod's container what people call it; what its runtime calls it is a number. Its pause process, which has the pod's network, is called by the pod. */
function podName(labels: ReadonlyMap<string, string>): string | undefined {
  const pod = labels.get('pod');
  const container = labels.get('container');
  return pod !== undefined && container !== undefined ? `${pod}/${container}` : pod;
}

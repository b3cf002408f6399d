/** Container, Service and Kubernetes, for InfluxDB. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../../frame.ts';
import { cell, linkTo } from '../../links.ts';
import { OF_LIMIT } from '../../looks/limits.ts';
import { type PanelOf, row } from '../../looks/panels.ts';
import type { LabelColumn } from '../../looks/table.ts';
import type { Dialect, Measure } from '../measure.ts';
import {
  CONTAINERS,
  containerVariables,
  kubernetesVariables,
  type Level,
  linesOf,
  NAMESPACES,
  of,
  PODS,
  rateOf,
  SERVICES,
} from './common.ts';
import { serviceLabels } from './overviews.ts';
import { containerTable, groupTable } from './tables.ts';

const NAME = '{{name}} · {{node}}';
const cores = { help: 'Cores.', unit: 'short', decimals: 2 };

function limits(dialect: Dialect): PanelOf[] {
  const cpu = (field: string): Measure => rateOf(CONTAINERS, 'cpu', field);
  return [
    linesOf(
      dialect,
      { title: 'CPU', ...cores },
      { measure: cpu('usage_seconds_total'), legend: NAME },
      { measure: of(CONTAINERS, 'cpu', 'spec_cpu_limit_cores'), legend: `${NAME} limit` },
    ),
    linesOf(
      dialect,
      { title: 'Throttled', help: 'Periods in each second that the CPU quota cut short.', unit: 'cps' },
      { measure: cpu('cfs_throttled_periods_total'), legend: NAME },
    ),
    linesOf(
      dialect,
      { title: 'Memory', help: 'Working set.', unit: 'bytes' },
      { measure: of(CONTAINERS, 'memory', 'working_set_bytes'), legend: NAME },
      { measure: of(CONTAINERS, 'memory', 'spec_memory_limit_bytes'), legend: `${NAME} limit` },
    ),
    linesOf(
      dialect,
      { title: 'Memory of limit', unit: 'percentunit', max: 1, steps: OF_LIMIT },
      {
        measure: of(CONTAINERS, 'memory', 'working_set_bytes', { as: 'share', against: 'spec_memory_limit_bytes' }),
        legend: NAME,
      },
    ),
  ];
}

function rest(dialect: Dialect): PanelOf[] {
  const one = (title: string, family: string, field: string, unit: string): PanelOf =>
    linesOf(dialect, { title, unit }, { measure: rateOf(CONTAINERS, family, field), legend: NAME });
  return [
    one('Network received', 'network', 'receive_bytes_total', 'Bps'),
    one('Network sent', 'network', 'transmit_bytes_total', 'Bps'),
    one('Disk reads', 'diskio', 'fs_reads_bytes_total', 'Bps'),
    one('Disk writes', 'diskio', 'fs_writes_bytes_total', 'Bps'),
    linesOf(
      dialect,
      { title: 'Threads', unit: 'short', decimals: 0 },
      { measure: of(CONTAINERS, 'pids', 'threads'), legend: NAME },
    ),
    one('Processes killed for want of memory', 'oom', 'events_total', 'cps'),
  ];
}

export function container(dialect: Dialect): Dashboard {
  return frame({
    store: dialect.store,
    name: 'container',
    title: 'Container',
    help: 'The chosen containers side by side: choose few, each has its own line.',
    variables: containerVariables(dialect),
    items: [
      row('CPU and memory'),
      ...limits(dialect),
      row('Network, disk, threads'),
      ...rest(dialect),
      row('Now'),
      containerTable(dialect),
    ],
  });
}

function graphs(dialect: Dialect, level: Level, { by, legend }: { by: string; legend: string }): PanelOf[] {
  const one = (title: string, measure: Measure, unit: string): PanelOf =>
    linesOf(dialect, { title: `${title} by ${by}`, unit }, { measure, legend });
  return [
    one('CPU', rateOf(level, 'cpu', 'usage_seconds_total'), 'short'),
    one('Memory', of(level, 'memory', 'working_set_bytes'), 'bytes'),
    one('Network received', rateOf(level, 'network', 'receive_bytes_total'), 'Bps'),
    one('Network sent', rateOf(level, 'network', 'transmit_bytes_total'), 'Bps'),
    one('Nearest memory limit', of(level, 'memory', 'limit_utilization_max_ratio', { join: 'max' }), 'percentunit'),
    one('Running containers', of(level, 'state', 'state_running'), 'short'),
  ];
}

export function service(dialect: Dialect): Dashboard {
  return frame({
    store: dialect.store,
    name: 'service',
    title: 'Service',
    help: 'Services of Compose and Swarm: sums over their containers on all hosts, and these containers.',
    variables: containerVariables(dialect),
    items: [
      row('Services'),
      groupTable(dialect, SERVICES, { title: 'Services', labels: serviceLabels(dialect) }),
      ...graphs(dialect, SERVICES, { by: 'service', legend: '{{project}} · {{service}}' }),
      row('Containers'),
      containerTable(dialect),
    ],
  });
}

export function kubernetes(dialect: Dialect): Dashboard {
  const { store } = dialect;
  const link = linkTo({
    store,
    to: 'kubernetes',
    title: 'This pod',
    keep: ['datasource'],
    set: { namespace: cell('Namespace'), pod: cell('Pod') },
  });
  const namespace: LabelColumn = { label: 'namespace', title: 'Namespace' };
  return frame({
    store,
    name: 'kubernetes',
    title: 'Kubernetes namespace and pod',
    help: 'Namespaces and pods, by the labels that the kubelet gives to containers.',
    variables: kubernetesVariables(dialect),
    items: [
      row('Namespaces'),
      groupTable(dialect, NAMESPACES, { title: 'Namespaces', labels: [namespace] }),
      ...graphs(dialect, NAMESPACES, { by: 'namespace', legend: '{{namespace}}' }),
      row('Pods'),
      groupTable(dialect, PODS, {
        title: 'Pods',
        labels: [{ label: 'pod', title: 'Pod', link, width: 260 }, namespace],
      }),
      ...graphs(dialect, PODS, { by: 'pod', legend: '{{pod}} · {{namespace}}' }),
    ],
  });
}

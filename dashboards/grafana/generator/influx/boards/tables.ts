/** The tables of hosts, groups and containers, each with a link to where there is more of a row. */
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, SOME_IS_ODD } from '../../looks/limits.ts';
import type { PanelOf } from '../../looks/panels.ts';
import { cell, linkTo } from '../../links.ts';
import type { LabelColumn } from '../../looks/table.ts';
import type { Dialect } from '../measure.ts';
import { type Column, CONTAINERS, type Level, MACHINES, NODES, of, rateOf, tableOf } from './common.ts';

const share = { unit: 'percentunit', decimals: 0 };

function hostColumn({ store }: Dialect): LabelColumn {
  const link = linkTo({ store, to: 'host', title: 'This host', keep: ['datasource'], set: { host: cell('Host') } });
  return { label: 'node', title: 'Host', link };
}

export function hostTable(dialect: Dialect): PanelOf {
  const network = (way: string): Column['measure'] => rateOf(NODES, 'network', `${way}_bytes_total`);
  return tableOf(dialect, {
    title: 'Hosts',
    help: 'The machine, and of it the containers.',
    h: 8,
    labels: [hostColumn(dialect)],
    columns: [
      { title: 'Running', measure: of(NODES, 'state', 'state_running'), decimals: 0 },
      { title: 'Containers', measure: of(NODES, 'group', 'containers'), decimals: 0 },
      { title: 'CPUs', measure: of(MACHINES, '', 'cpu_cores'), decimals: 0 },
      { title: 'Load', measure: of(MACHINES, '', 'load1'), decimals: 2 },
      { title: 'Containers’ CPU', measure: rateOf(NODES, 'cpu', 'usage_seconds_total'), decimals: 2 },
      {
        title: 'Machine memory',
        measure: of(MACHINES, '', 'memory_available_bytes', { as: 'rest', against: 'memory_bytes' }),
        ...share,
        steps: OF_LIMIT,
      },
      { title: 'Containers’ memory', measure: of(NODES, 'memory', 'working_set_bytes'), unit: 'bytes' },
      { title: 'Received', measure: network('receive'), unit: 'Bps' },
      { title: 'Sent', measure: network('transmit'), unit: 'Bps' },
    ],
    sortBy: 'Containers’ CPU',
  });
}

/** Services, namespaces or pods: they have the same numbers. */
export function groupTable(
  dialect: Dialect,
  level: Level,
  about: { title: string; labels: readonly LabelColumn[] },
): PanelOf {
  const max = { join: 'max' } as const;
  return tableOf(dialect, {
    ...about,
    help: 'Sums over the containers. “nearest limit”: of the one that is nearest to its own memory limit.',
    h: 9,
    columns: [
      { title: 'Running', measure: of(level, 'state', 'state_running'), decimals: 0 },
      { title: 'Containers', measure: of(level, 'group', 'containers'), decimals: 0 },
      { title: 'CPU', measure: rateOf(level, 'cpu', 'usage_seconds_total'), decimals: 2 },
      {
        title: 'of limit',
        measure: of(level, 'cpu', 'limit_utilization_ratio', max),
        ...share,
        steps: OF_CPU,
      },
      { title: 'Memory', measure: of(level, 'memory', 'working_set_bytes'), unit: 'bytes' },
      {
        title: 'nearest limit',
        measure: of(level, 'memory', 'limit_utilization_max_ratio', max),
        ...share,
        steps: OF_LIMIT,
      },
      { title: 'Received', measure: rateOf(level, 'network', 'receive_bytes_total'), unit: 'Bps' },
      { title: 'Sent', measure: rateOf(level, 'network', 'transmit_bytes_total'), unit: 'Bps' },
      { title: 'Restarts a second', measure: rateOf(level, 'state', 'restarts_total'), steps: SOME_IS_ODD },
      { title: 'OOM kills a second', measure: rateOf(level, 'oom', 'events_total'), steps: NONE_IS_RIGHT },
    ],
    sortBy: 'CPU',
  });
}

export function containerTable(dialect: Dialect): PanelOf {
  const { store } = dialect;
  const link = linkTo({
    store,
    to: 'container',
    title: 'This container',
    keep: ['datasource', 'project', 'service'],
    set: { host: cell('Host'), container: cell('Container') },
  });
  const state = (which: string): Column['measure'] => of(CONTAINERS, 'state', `state_${which}`);
  return tableOf(dialect, {
    title: 'Containers',
    help: 'All chosen containers, stopped ones too. CPU in cores. A name leads to the container.',
    h: 14,
    labels: [{ label: 'name', title: 'Container', link, width: 220 }, hostColumn(dialect)],
    columns: [
      { title: 'Running', measure: state('running'), decimals: 0 },
      {
        title: 'Unhealthy',
        measure: of(CONTAINERS, 'state', 'health_status_unhealthy'),
        decimals: 0,
        steps: NONE_IS_RIGHT,
      },
      { title: 'CPU', measure: rateOf(CONTAINERS, 'cpu', 'usage_seconds_total'), decimals: 2 },
      { title: 'CPU limit', measure: of(CONTAINERS, 'cpu', 'spec_cpu_limit_cores'), decimals: 2 },
      { title: 'Memory', measure: of(CONTAINERS, 'memory', 'working_set_bytes'), unit: 'bytes' },
      {
        title: 'of its limit',
        measure: of(CONTAINERS, 'memory', 'working_set_bytes', { as: 'share', against: 'spec_memory_limit_bytes' }),
        ...share,
        steps: OF_LIMIT,
      },
      { title: 'Received', measure: rateOf(CONTAINERS, 'network', 'receive_bytes_total'), unit: 'Bps' },
      { title: 'Sent', measure: rateOf(CONTAINERS, 'network', 'transmit_bytes_total'), unit: 'Bps' },
      { title: 'Threads', measure: of(CONTAINERS, 'pids', 'threads'), decimals: 0 },
      { title: 'Restarts', measure: of(CONTAINERS, 'state', 'restarts_total'), decimals: 0, steps: SOME_IS_ODD },
      {
        title: 'Exit code',
        measure: of(CONTAINERS, 'state', 'exit_code', { join: 'max' }),
        decimals: 0,
        steps: SOME_IS_ODD,
      },
    ],
    sortBy: 'CPU',
  });
}

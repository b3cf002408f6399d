/** Fleet and Host, for InfluxDB. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../../frame.ts';
import { cell, linkTo } from '../../links.ts';
import { NONE_IS_RIGHT, OF_LIMIT, SOME_IS_ODD } from '../../looks/limits.ts';
import { type PanelOf, row } from '../../looks/panels.ts';
import type { LabelColumn } from '../../looks/table.ts';
import type { Dialect } from '../measure.ts';
import { containerVariables, linesOf, MACHINES, NODES, of, rateOf, SERVICES, statOf } from './common.ts';
import { containerTable, groupTable, hostTable } from './tables.ts';

const NODE = '{{node}}';
const SERVICE = '{{project}} · {{service}}';
const sixth = { w: 4, unit: 'short', decimals: 0 };

export function serviceLabels({ store }: Dialect): LabelColumn[] {
  const link = linkTo({
    store,
    to: 'service',
    title: 'This service',
    keep: ['datasource', 'host'],
    set: { project: cell('Project'), service: cell('Service') },
  });
  return [
    { label: 'service', title: 'Service', link, width: 200 },
    { label: 'project', title: 'Project' },
  ];
}

function figures(dialect: Dialect): PanelOf[] {
  const growth = { as: 'growth' } as const;
  return [
    statOf(dialect, { ...sixth, title: 'Hosts' }, of(NODES, 'group', 'containers', { join: 'count' })),
    statOf(dialect, { ...sixth, title: 'Containers' }, of(NODES, 'group', 'containers')),
    statOf(dialect, { ...sixth, title: 'Running' }, of(NODES, 'state', 'state_running')),
    statOf(
      dialect,
      { ...sixth, title: 'Unhealthy', steps: NONE_IS_RIGHT },
      of(NODES, 'state', 'health_status_unhealthy'),
    ),
    statOf(
      dialect,
      { ...sixth, title: 'Restarts', help: 'By restart policies, in the time shown.', steps: SOME_IS_ODD },
      of(NODES, 'state', 'restarts_total', growth),
    ),
    statOf(
      dialect,
      { ...sixth, title: 'OOM kills', help: 'In the time shown.', steps: NONE_IS_RIGHT },
      of(NODES, 'oom', 'events_total', growth),
    ),
  ];
}

export function fleet(dialect: Dialect): Dashboard {
  return frame({
    store: dialect.store,
    name: 'fleet',
    title: 'Fleet',
    help: 'All hosts, services and containers of this database.',
    variables: containerVariables(dialect),
    items: [
      row('Hosts'),
      ...figures(dialect),
      hostTable(dialect),
      linesOf(
        dialect,
        { title: 'CPU of containers by host', help: 'Cores.', unit: 'short', decimals: 2 },
        { measure: rateOf(NODES, 'cpu', 'usage_seconds_total'), legend: NODE },
      ),
      linesOf(
        dialect,
        { title: 'Memory of each host', unit: 'percentunit', max: 1, steps: OF_LIMIT },
        { measure: of(MACHINES, '', 'memory_available_bytes', { as: 'rest', against: 'memory_bytes' }), legend: NODE },
      ),
      row('Services'),
      groupTable(dialect, SERVICES, { title: 'Services', labels: serviceLabels(dialect) }),
      linesOf(
        dialect,
        { title: 'CPU by service', help: 'Cores.', unit: 'short', decimals: 2 },
        { measure: rateOf(SERVICES, 'cpu', 'usage_seconds_total'), legend: SERVICE },
      ),
      linesOf(
        dialect,
        { title: 'Memory by service', help: 'Working set.', unit: 'bytes' },
        { measure: of(SERVICES, 'memory', 'working_set_bytes'), legend: SERVICE },
      ),
      row('Containers'),
      containerTable(dialect),
    ],
  });
}

function machine(dialect: Dialect): PanelOf[] {
  const modes = rateOf(MACHINES, 'cpu', 'cpu_seconds_total', { each: ['node', 'mode'], by: ['mode'] });
  const load = (minutes: number): { measure: ReturnType<typeof of>; legend: string } => ({
    measure: of(MACHINES, '', `load${minutes}`),
    legend: `${NODE}, ${minutes} min`,
  });
  return [
    linesOf(
      dialect,
      { title: 'CPU by what it was spent on', help: 'Cores, idle ones too.', unit: 'short', decimals: 2, stack: true },
      { measure: modes, legend: '{{mode}}' },
    ),
    linesOf(dialect, { title: 'Load', unit: 'short', decimals: 2 }, load(1), load(15)),
    linesOf(
      dialect,
      {
        title: 'Memory',
        help: 'Available is what new programs can have; the limit is what the machine has.',
        unit: 'bytes',
      },
      { measure: of(MACHINES, '', 'memory_available_bytes'), legend: `${NODE} available` },
      { measure: of(NODES, 'memory', 'working_set_bytes'), legend: `${NODE} containers` },
      { measure: of(MACHINES, '', 'memory_bytes'), legend: `${NODE} limit` },
    ),
    linesOf(
      dialect,
      { title: 'Network of containers', unit: 'Bps' },
      { measure: rateOf(NODES, 'network', 'receive_bytes_total'), legend: `${NODE} received` },
      { measure: rateOf(NODES, 'network', 'transmit_bytes_total'), legend: `${NODE} sent` },
    ),
    linesOf(
      dialect,
      { title: 'Disks of containers', unit: 'Bps' },
      { measure: rateOf(NODES, 'diskio', 'fs_reads_bytes_total'), legend: `${NODE} read` },
      { measure: rateOf(NODES, 'diskio', 'fs_writes_bytes_total'), legend: `${NODE} written` },
    ),
    linesOf(
      dialect,
      { title: 'Containers by state', unit: 'short', decimals: 0 },
      { measure: of(NODES, 'state', 'state_running'), legend: `${NODE} running` },
      { measure: of(NODES, 'state', 'state_exited'), legend: `${NODE} exited` },
      { measure: of(NODES, 'state', 'state_restarting'), legend: `${NODE} restarting` },
    ),
  ];
}

export function host(dialect: Dialect): Dashboard {
  return frame({
    store: dialect.store,
    name: 'host',
    title: 'Host',
    help: 'A machine and the containers on it.',
    variables: containerVariables(dialect),
    items: [
      row('Now'),
      ...figures(dialect),
      row('Machine'),
      ...machine(dialect),
      row('Containers'),
      containerTable(dialect),
    ],
  });
}

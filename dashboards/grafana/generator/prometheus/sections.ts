/** Groups of panels that several dashboards have: the containers that use most, and all of them in a table. */
import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, OF_PERIODS, SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf } from '../looks/panels.ts';
import { type LabelColumn, type NumberColumn, table } from '../looks/table.ts';
import { cell, label, linkTo } from '../links.ts';
import { cells, CHOSEN, COMPOSE, grown, over, rate, sumBy, topGauge, topRate } from './query.ts';

/** What a link to a container's dashboard leaves as it is. */
const KEPT = ['datasource', 'cluster', 'project', 'service', 'top'];
const OF_ROW = linkTo({
  to: 'container',
  title: 'This container',
  keep: KEPT,
  set: { host: cell('Host'), container: cell('Container') },
});
const OF_LINE = linkTo({
  to: 'container',
  title: 'This container',
  keep: KEPT,
  set: { host: label('node'), container: label('name') },
});
export const TO_HOST = linkTo({
  to: 'host',
  title: 'This host',
  keep: ['datasource', 'cluster', 'top'],
  set: { host: cell('Host') },
});

const BY = 'node, name';
const NAME = '{{name}} · {{node}}';
const links = [{ build: () => OF_LINE }];
const half = { w: 12, links };

/** The containers that used most in the time shown; `$top` of them. */
export function topContainers(): PanelOf[] {
  return [
    lines({
      ...half,
      title: 'CPU by container',
      help: 'CPU cores used: those $top containers that used most in the time shown. The table below has all.',
      unit: 'short',
      decimals: 2,
      queries: [over(topRate(BY, 'container_cpu_usage_seconds_total', CHOSEN), NAME)],
    }),
    lines({
      ...half,
      title: 'Memory by container',
      help: 'Working set: what counts towards an out-of-memory kill.',
      unit: 'bytes',
      queries: [over(topGauge(BY, 'container_memory_working_set_bytes', CHOSEN), NAME)],
    }),
    lines({
      ...half,
      title: 'Network received by container',
      unit: 'Bps',
      queries: [over(topRate(BY, 'container_network_receive_bytes_total', CHOSEN), NAME)],
    }),
    lines({
      ...half,
      title: 'Network sent by container',
      unit: 'Bps',
      queries: [over(topRate(BY, 'container_network_transmit_bytes_total', CHOSEN), NAME)],
    }),
  ];
}

/** Bytes read and written, as far as the kernel counts them for containers. */
export function topDisk(): PanelOf[] {
  const help = 'On cgroup v1 with Linux 6.10 and later only for disks with an io limit.';
  return [
    lines({
      ...half,
      title: 'Disk reads by container',
      help,
      unit: 'Bps',
      queries: [over(topRate(BY, 'container_fs_reads_bytes_total', CHOSEN), NAME)],
    }),
    lines({
      ...half,
      title: 'Disk writes by container',
      help,
      unit: 'Bps',
      queries: [over(topRate(BY, 'container_fs_writes_bytes_total', CHOSEN), NAME)],
    }),
  ];
}

function words(map: Readonly<Record<string, string>>): ValueMapping[] {
  const options = Object.fromEntries(Object.entries(map).map(([text, color], index) => [text, { text, color, index }]));
  return [{ type: MappingType.ValueToText, options }];
}

const STATES = words({
  running: 'green',
  created: 'blue',
  paused: 'blue',
  restarting: 'orange',
  removing: 'blue',
  exited: 'text',
  dead: 'red',
});
const HEALTH = words({ healthy: 'green', unhealthy: 'red', starting: 'blue', none: 'text' });

const ROW = `node, name, ${COMPOSE.project}, ${COMPOSE.service}`;
const total = (metric: string): string => sumBy(ROW, rate(metric, CHOSEN));
const gauge = (metric: string): string => sumBy(ROW, `${metric}{${CHOSEN}}`);

const LABELS: readonly LabelColumn[] = [
  { label: 'name', title: 'Container', link: OF_ROW, width: 190 },
  { label: 'node', title: 'Host', link: TO_HOST },
  { label: COMPOSE.project, title: 'Project' },
  { label: COMPOSE.service, title: 'Service' },
  { label: 'state', title: 'State', mappings: STATES, width: 70 },
  { label: 'status', title: 'Health', mappings: HEALTH, width: 75 },
];

const NUMBERS: readonly NumberColumn[] = [
  { title: 'in state', query: cells(`${sumBy(`${ROW}, state`, `container_state{${CHOSEN}} == 1`)}`), hidden: true },
  {
    title: 'in health',
    query: cells(`${sumBy(`${ROW}, status`, `container_health_status{${CHOSEN}} == 1`)}`),
    hidden: true,
  },
  { title: 'CPU', query: cells(total('container_cpu_usage_seconds_total')), decimals: 2, width: 70 },
  {
    title: 'of limit',
    query: cells(`${total('container_cpu_usage_seconds_total')} / ${gauge('container_spec_cpu_limit_cores')}`),
    unit: 'percentunit',
    decimals: 0,
    steps: OF_CPU,
    width: 70,
  },
  {
    title: 'throttled',
    query: cells(
      `${total('container_cpu_cfs_throttled_periods_total')} / (${total('container_cpu_cfs_periods_total')} > 0)`,
    ),
    unit: 'percentunit',
    decimals: 0,
    steps: OF_PERIODS,
    width: 80,
  },
  { title: 'Memory', query: cells(gauge('container_memory_working_set_bytes')), unit: 'bytes', width: 85 },
  {
    title: 'of its limit',
    query: cells(`${gauge('container_memory_working_set_bytes')} / ${gauge('container_spec_memory_limit_bytes')}`),
    unit: 'percentunit',
    decimals: 0,
    steps: OF_LIMIT,
    width: 80,
  },
  { title: 'Received', query: cells(total('container_network_receive_bytes_total')), unit: 'Bps', width: 85 },
  { title: 'Sent', query: cells(total('container_network_transmit_bytes_total')), unit: 'Bps', width: 85 },
  {
    title: 'Restarts',
    query: cells(grown(ROW, 'container_restarts_total', CHOSEN)),
    decimals: 0,
    steps: SOME_IS_ODD,
    width: 85,
  },
  {
    title: 'OOM kills',
    query: cells(grown(ROW, 'container_oom_events_total', CHOSEN)),
    decimals: 0,
    steps: NONE_IS_RIGHT,
    width: 85,
  },
  {
    title: 'Up for',
    query: cells(`time() - max by (${ROW}) (container_start_time_seconds{${CHOSEN}})`),
    unit: 's',
    decimals: 0,
    width: 80,
  },
];

/** All chosen containers, stopped ones too. */
export function containerTable(h = 14): PanelOf {
  return table({
    title: 'Containers',
    help: 'All chosen containers, stopped ones too. CPU in cores; restarts and OOM kills within the time shown. A name leads to the container.',
    h,
    labels: LABELS,
    numbers: NUMBERS,
    sortBy: 'CPU',
  });
}

/** The table of services, and the dashboard of one or several: Compose's, and Swarm's under the same labels. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../frame.ts';
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, OF_PERIODS, OF_TIME, SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf, row, stat } from '../looks/panels.ts';
import { table } from '../looks/table.ts';
import { alerts, groupRestarts, starts } from './annotations.ts';
import { cell, linkTo } from '../links.ts';
import { cells, grown, maxBy, now, over, rate, SERVICE, sumBy, topRate, topGauge, moving, topMoving } from './query.ts';
import { containerTable, topContainers } from './sections.ts';
import { containerVariables } from './variables.ts';

const BY = 'project, service';
const NAME = '{{project}} · {{service}}';
const total = (metric: string): string => sumBy(BY, rate(`service_${metric}`, SERVICE));
const gauge = (metric: string): string => sumBy(BY, `service_${metric}{${SERVICE}}`);
const largest = (metric: string): string => maxBy(BY, `service_${metric}{${SERVICE}}`);
const THROTTLED = moving((rateOf) => {
  const periods = (which: string): string => sumBy(BY, rateOf(`service_cpu_cfs_${which}_total`, SERVICE));
  return `${periods('throttled_periods')} / (${periods('periods')} > 0)`;
});

const OF_ROW = linkTo({
  to: 'service',
  title: 'This service',
  keep: ['datasource', 'cluster', 'host', 'top'],
  set: { project: cell('Project'), service: cell('Service') },
});

export function serviceTable(h: number): PanelOf {
  const share = { unit: 'percentunit', decimals: 0 };
  return table({
    title: 'Services',
    help: 'Sums over a service’s containers on all hosts. “nearest limit”: of the one container that is nearest to its own memory limit.',
    h,
    labels: [
      { label: 'service', title: 'Service', link: OF_ROW },
      { label: 'project', title: 'Project' },
    ],
    numbers: [
      {
        title: 'Running',
        query: cells(sumBy(BY, `service_state{${SERVICE}, state="running"}`)),
        decimals: 0,
      },
      { title: 'Containers', query: cells(gauge('containers')), decimals: 0 },
      {
        title: 'Unhealthy',
        query: cells(sumBy(BY, `service_health_status{${SERVICE}, status="unhealthy"}`)),
        decimals: 0,
        steps: NONE_IS_RIGHT,
      },
      { title: 'CPU', query: cells(total('cpu_usage_seconds_total')), decimals: 2 },
      { title: 'of limit', query: cells(largest('cpu_limit_utilization_ratio')), ...share, steps: OF_CPU },
      { title: 'throttled', query: cells(THROTTLED.now), ...share, steps: OF_PERIODS },
      { title: 'Memory', query: cells(gauge('memory_working_set_bytes')), unit: 'bytes' },
      {
        title: 'nearest limit',
        query: cells(largest('memory_limit_utilization_max_ratio')),
        ...share,
        steps: OF_LIMIT,
      },
      { title: 'Received', query: cells(total('network_receive_bytes_total')), unit: 'Bps' },
      { title: 'Sent', query: cells(total('network_transmit_bytes_total')), unit: 'Bps' },
      {
        title: 'Restarts',
        query: cells(grown(BY, 'service_restarts_total', SERVICE)),
        decimals: 0,
        steps: SOME_IS_ODD,
      },
      {
        title: 'OOM kills',
        query: cells(grown(BY, 'service_oom_events_total', SERVICE)),
        decimals: 0,
        steps: NONE_IS_RIGHT,
      },
    ],
    sortBy: 'CPU',
  });
}

function figures(): PanelOf[] {
  const sixth = { w: 4, unit: 'short', decimals: 0 };
  return [
    stat({ ...sixth, title: 'Services', queries: [now(`count(service_containers{${SERVICE}})`)] }),
    stat({ ...sixth, title: 'Running', queries: [now(`sum(service_state{${SERVICE}, state="running"})`)] }),
    stat({
      ...sixth,
      title: 'Unhealthy',
      steps: NONE_IS_RIGHT,
      queries: [now(`sum(service_health_status{${SERVICE}, status="unhealthy"})`)],
    }),
    stat({
      ...sixth,
      title: 'Nearest memory limit',
      help: 'Of the one container that is nearest to its own limit.',
      unit: 'percentunit',
      steps: OF_LIMIT,
      queries: [now(`max(service_memory_limit_utilization_max_ratio{${SERVICE}})`)],
    }),
    stat({
      ...sixth,
      title: 'Restarts',
      help: 'By restart policies, in the time shown.',
      steps: SOME_IS_ODD,
      queries: [now(`round(sum(increase(service_restarts_total{${SERVICE}}[$__range])))`)],
    }),
    stat({
      ...sixth,
      title: 'OOM kills',
      steps: NONE_IS_RIGHT,
      queries: [now(`round(sum(increase(service_oom_events_total{${SERVICE}}[$__range])))`)],
    }),
  ];
}

const half = { w: 12 };

function graphs(): PanelOf[] {
  const counter = (title: string, metric: string, unit: string): PanelOf =>
    lines({ ...half, title, unit, queries: [over(topRate(BY, `service_${metric}`, SERVICE), NAME)] });
  return [
    lines({
      ...half,
      title: 'CPU by service',
      help: 'Cores, the sum over the service’s containers: it does not fall when one of them leaves.',
      unit: 'short',
      decimals: 2,
      queries: [over(topRate(BY, 'service_cpu_usage_seconds_total', SERVICE), NAME)],
    }),
    lines({
      ...half,
      title: 'Memory by service',
      help: 'Working set.',
      unit: 'bytes',
      queries: [over(topGauge(BY, 'service_memory_working_set_bytes', SERVICE), NAME)],
    }),
    counter('Network received by service', 'network_receive_bytes_total', 'Bps'),
    counter('Network sent by service', 'network_transmit_bytes_total', 'Bps'),
    counter('Disk reads by service', 'fs_reads_bytes_total', 'Bps'),
    counter('Disk writes by service', 'fs_writes_bytes_total', 'Bps'),
  ];
}

function trouble(): PanelOf[] {
  const third = { w: 8, unit: 'percentunit', decimals: 0 };
  const pressure = (kind: string): string => topGauge(BY, `service_pressure_${kind}_max_ratio`, SERVICE, 'max');
  return [
    lines({
      ...third,
      title: 'Throttled',
      help: 'Of the periods of those containers that have a CPU quota, how many the quota cut short.',
      max: 1,
      steps: OF_PERIODS,
      queries: [over(topMoving(THROTTLED), NAME)],
    }),
    lines({
      ...third,
      title: 'Nearest memory limit',
      help: 'Of each service’s container that is nearest to its own limit.',
      max: 1,
      steps: OF_LIMIT,
      queries: [over(topGauge(BY, 'service_memory_limit_utilization_max_ratio', SERVICE, 'max'), NAME)],
    }),
    lines({
      ...third,
      title: 'Waiting for memory and disks',
      help: 'Share of the time, of the one container that waited most.',
      steps: OF_TIME,
      queries: [over(pressure('memory_waiting'), `${NAME} memory`), over(pressure('io_waiting'), `${NAME} disk`)],
    }),
  ];
}

export function service(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'service',
    title: 'Service',
    help: 'Services of Compose and Swarm: sums over their containers on all hosts, and these containers.',
    variables: containerVariables(),
    annotations: [alerts(', service=~"$service|"'), groupRestarts('service'), starts()],
    items: [
      row('Now'),
      ...figures(),
      serviceTable(8),
      row('Use'),
      ...graphs(),
      row('Limits and waiting'),
      ...trouble(),
      row('Containers'),
      ...topContainers(),
      containerTable(),
    ],
  });
}

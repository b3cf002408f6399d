/** Fleet: all hosts at once, what runs on them, and what is not well; from here one goes to a host, a service or a container. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../frame.ts';
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, OF_TIME, SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf, row, stat } from '../looks/panels.ts';
import { table } from '../looks/table.ts';
import { alerts, kills } from './annotations.ts';
import { label, linkTo } from '../links.ts';
import { cells, grown, HOST, MACHINE, maxBy, now, over, rate, sumBy, moving, topMoving } from './query.ts';
import { containerTable, TO_HOST, topContainers } from './sections.ts';
import { serviceTable } from './services.ts';
import { containerVariables } from './variables.ts';

const eighth = { w: 3, unit: 'short', decimals: 0 };
const BUSY = moving((rateOf) => {
  const cpu = (modes: string): string => sumBy('node', rateOf('machine_cpu_seconds_total', `${HOST}${modes}`));
  return `1 - ${cpu(', mode=~"idle|iowait"')} / ${cpu('')}`;
});
const FILLED = moving((_, gaugeOf) => {
  const bytes = (which: string): string => maxBy('node', gaugeOf(`machine_memory_${which}bytes`, HOST));
  return `1 - ${bytes('available_')} / ${bytes('')}`;
});
const FULLEST = maxBy('node', `container_fs_usage_bytes{${MACHINE}} / container_fs_limit_bytes{${MACHINE}}`);
const OF_LINE = linkTo({
  to: 'host',
  title: 'This host',
  keep: ['datasource', 'cluster', 'top'],
  set: { host: label('node') },
});
const hosts = { w: 12, links: [{ build: () => OF_LINE }], unit: 'percentunit', decimals: 0, max: 1 };

function figures(): PanelOf[] {
  const states = (which: string): string => `sum(node_containers_state{${HOST}, state${which}})`;
  return [
    stat({ ...eighth, title: 'Hosts', queries: [now(`count(node_containers{${HOST}})`)] }),
    stat({ ...eighth, title: 'Running', queries: [now(states('="running"'))] }),
    stat({
      ...eighth,
      title: 'Not running',
      help: 'Created, paused, restarting, exited or dead.',
      queries: [now(states('!="running"'))],
    }),
    stat({
      ...eighth,
      title: 'Unhealthy',
      steps: NONE_IS_RIGHT,
      queries: [now(`sum(node_containers_health_status{${HOST}, status="unhealthy"})`)],
    }),
    stat({
      ...eighth,
      title: 'Restarts',
      help: 'By restart policies, in the time shown.',
      steps: SOME_IS_ODD,
      queries: [now(`round(sum(increase(node_containers_restarts_total{${HOST}}[$__range])))`)],
    }),
    stat({
      ...eighth,
      title: 'OOM kills',
      help: 'Processes killed for want of memory, in the time shown.',
      steps: NONE_IS_RIGHT,
      queries: [now(`round(sum(increase(node_containers_oom_events_total{${HOST}}[$__range])))`)],
    }),
    stat({ ...eighth, title: 'Busiest CPU', unit: 'percentunit', steps: OF_CPU, queries: [now(`max(${BUSY.now})`)] }),
    stat({
      ...eighth,
      title: 'Fullest memory',
      unit: 'percentunit',
      steps: OF_LIMIT,
      queries: [now(`max(${FILLED.now})`)],
    }),
  ];
}

function hostTable(): PanelOf {
  const share = { unit: 'percentunit', decimals: 0 };
  const sent = (way: string): string => sumBy('node', rate(`node_containers_network_${way}_bytes_total`, HOST));
  return table({
    title: 'Hosts',
    help: 'CPU and memory of the machine in use, and what of it the containers have: cores and working set. Pressure is the share of the time in which something waited for memory.',
    labels: [{ label: 'node', title: 'Host', link: TO_HOST }],
    numbers: [
      {
        title: 'Running',
        query: cells(sumBy('node', `node_containers_state{${HOST}, state="running"}`)),
        decimals: 0,
      },
      { title: 'CPUs', query: cells(maxBy('node', `machine_cpu_cores{${HOST}}`)), decimals: 0 },
      { title: 'CPU used', query: cells(BUSY.now), ...share, steps: OF_CPU },
      {
        title: 'Container CPU',
        query: cells(sumBy('node', rate('node_containers_cpu_usage_seconds_total', HOST))),
        decimals: 2,
      },
      { title: 'Memory used', query: cells(FILLED.now), ...share, steps: OF_LIMIT },
      {
        title: 'Container mem.',
        query: cells(sumBy('node', `node_containers_memory_working_set_bytes{${HOST}}`)),
        unit: 'bytes',
      },
      {
        title: 'Mem. pressure',
        query: cells(sumBy('node', rate('container_pressure_memory_waiting_seconds_total', MACHINE))),
        unit: 'percentunit',
        decimals: 1,
        steps: OF_TIME,
      },
      { title: 'Fullest disk', query: cells(FULLEST), ...share, steps: OF_LIMIT },
      { title: 'Received', query: cells(sent('receive')), unit: 'Bps' },
      { title: 'Sent', query: cells(sent('transmit')), unit: 'Bps' },
      {
        title: 'Restarts',
        query: cells(grown('node', 'node_containers_restarts_total', HOST)),
        decimals: 0,
        steps: SOME_IS_ODD,
      },
      {
        title: 'OOM kills',
        query: cells(grown('node', 'node_containers_oom_events_total', HOST)),
        decimals: 0,
        steps: NONE_IS_RIGHT,
      },
    ],
    sortBy: 'CPU used',
    h: 8,
  });
}

export function fleet(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'fleet',
    title: 'Fleet',
    help: 'All hosts, services and containers: what runs, what uses most, what is not well.',
    variables: containerVariables(),
    annotations: [alerts(), kills()],
    items: [
      row('Hosts'),
      ...figures(),
      hostTable(),
      lines({
        ...hosts,
        title: 'CPU of each host',
        help: 'Share of all CPUs of the machine, containers and everything else.',
        queries: [over(topMoving(BUSY), '{{node}}')],
      }),
      lines({
        ...hosts,
        title: 'Memory of each host',
        help: 'Share of the machine’s memory that new programs cannot have.',
        queries: [over(topMoving(FILLED), '{{node}}')],
      }),
      row('Services'),
      serviceTable(8),
      row('Containers'),
      ...topContainers(),
      containerTable(),
    ],
  });
}

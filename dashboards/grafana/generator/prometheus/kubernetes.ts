/** Kubernetes: namespaces, pods, and what the pods' containers do, by the labels that the kubelet gives to containers. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../frame.ts';
import { NONE_IS_RIGHT, OF_LIMIT, OF_PERIODS, OF_TIME, SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf, row, stat } from '../looks/panels.ts';
import { type LabelColumn, table } from '../looks/table.ts';
import { groupRestarts } from './annotations.ts';
import { cell, linkTo } from '../links.ts';
import {
  cells,
  grown,
  maxBy,
  NAMESPACE,
  now,
  over,
  POD,
  rate,
  sumBy,
  topGauge,
  topRate,
  moving,
  topMoving,
  type Moving,
} from './query.ts';
import { kubernetesVariables } from './variables.ts';

interface Level {
  readonly prefix: 'namespace' | 'pod';
  readonly title: string;
  readonly by: string;
  readonly selector: string;
  readonly name: string;
  readonly labels: readonly LabelColumn[];
}

const TO_NAMESPACE = linkTo({
  to: 'kubernetes',
  title: 'This namespace',
  keep: ['datasource', 'cluster', 'top'],
  set: { namespace: cell('Namespace') },
});
const TO_POD = linkTo({
  to: 'kubernetes',
  title: 'This pod',
  keep: ['datasource', 'cluster', 'top'],
  set: { namespace: cell('Namespace'), pod: cell('Pod') },
});
const NAMESPACE_COLUMN: LabelColumn = { label: 'namespace', title: 'Namespace', link: TO_NAMESPACE };

const NAMESPACES: Level = {
  prefix: 'namespace',
  title: 'Namespaces',
  by: 'namespace',
  selector: NAMESPACE,
  name: '{{namespace}}',
  labels: [NAMESPACE_COLUMN],
};
const PODS: Level = {
  prefix: 'pod',
  title: 'Pods',
  by: 'namespace, pod',
  selector: POD,
  name: '{{pod}} · {{namespace}}',
  labels: [{ label: 'pod', title: 'Pod', link: TO_POD, width: 260 }, NAMESPACE_COLUMN],
};

function figures(): PanelOf[] {
  const sixth = { w: 4, unit: 'short', decimals: 0 };
  return [
    stat({ ...sixth, title: 'Namespaces', queries: [now(`count(namespace_containers{${NAMESPACE}})`)] }),
    stat({ ...sixth, title: 'Pods', queries: [now(`count(pod_containers{${POD}})`)] }),
    stat({ ...sixth, title: 'Running containers', queries: [now(`sum(pod_state{${POD}, state="running"})`)] }),
    stat({
      ...sixth,
      title: 'Nearest memory limit',
      help: 'Of the one container that is nearest to its own limit.',
      unit: 'percentunit',
      steps: OF_LIMIT,
      queries: [now(`max(pod_memory_limit_utilization_max_ratio{${POD}})`)],
    }),
    stat({
      ...sixth,
      title: 'Throttled',
      help: 'Of the periods of containers with a CPU quota, how many it cut short; the pod with most.',
      unit: 'percentunit',
      steps: OF_PERIODS,
      queries: [now(`max(${throttled(PODS).now})`)],
    }),
    stat({
      ...sixth,
      title: 'OOM kills',
      help: 'Processes killed for want of memory, in the time shown.',
      steps: NONE_IS_RIGHT,
      queries: [now(`round(sum(increase(pod_oom_events_total{${POD}}[$__range])))`)],
    }),
  ];
}

function total({ prefix, by, selector }: Level, metric: string): string {
  return sumBy(by, rate(`${prefix}_${metric}`, selector));
}

function throttled({ prefix, by, selector }: Level): Moving {
  return moving((rateOf) => {
    const periods = (which: string): string => sumBy(by, rateOf(`${prefix}_cpu_cfs_${which}_total`, selector));
    return `${periods('throttled_periods')} / (${periods('periods')} > 0)`;
  });
}

function levelTable(level: Level): PanelOf {
  const { prefix, title, by, selector, labels } = level;
  const share = { unit: 'percentunit', decimals: 0 };
  const gauge = (metric: string): string => `${prefix}_${metric}{${selector}}`;
  return table({
    title,
    help: 'Sums over the containers. “nearest limit”: of the one that is nearest to its own memory limit.',
    labels,
    numbers: [
      { title: 'Containers', query: cells(sumBy(by, gauge('containers'))), decimals: 0 },
      {
        title: 'Running',
        query: cells(sumBy(by, `${prefix}_state{${selector}, state="running"}`)),
        decimals: 0,
      },
      { title: 'CPU', query: cells(total(level, 'cpu_usage_seconds_total')), decimals: 2 },
      { title: 'throttled', query: cells(throttled(level).now), ...share, steps: OF_PERIODS },
      { title: 'Memory', query: cells(sumBy(by, gauge('memory_working_set_bytes'))), unit: 'bytes' },
      {
        title: 'nearest limit',
        query: cells(maxBy(by, gauge('memory_limit_utilization_max_ratio'))),
        ...share,
        steps: OF_LIMIT,
      },
      { title: 'Received', query: cells(total(level, 'network_receive_bytes_total')), unit: 'Bps' },
      { title: 'Sent', query: cells(total(level, 'network_transmit_bytes_total')), unit: 'Bps' },
      {
        title: 'Restarts',
        query: cells(grown(by, `${prefix}_restarts_total`, selector)),
        decimals: 0,
        steps: SOME_IS_ODD,
      },
      {
        title: 'OOM kills',
        query: cells(grown(by, `${prefix}_oom_events_total`, selector)),
        decimals: 0,
        steps: NONE_IS_RIGHT,
      },
    ],
    sortBy: 'CPU',
  });
}

function graphs({ prefix, by, selector, name }: Level): PanelOf[] {
  const half = { w: 12 };
  const counter = (title: string, metric: string, unit: string, decimals?: number): PanelOf =>
    lines({
      ...half,
      title: `${title} by ${prefix}`,
      unit,
      ...(decimals === undefined ? {} : { decimals }),
      queries: [over(topRate(by, `${prefix}_${metric}`, selector), name)],
    });
  return [
    counter('CPU', 'cpu_usage_seconds_total', 'short', 2),
    lines({
      ...half,
      title: `Memory by ${prefix}`,
      help: 'Working set.',
      unit: 'bytes',
      queries: [over(topGauge(by, `${prefix}_memory_working_set_bytes`, selector), name)],
    }),
    counter('Network received', 'network_receive_bytes_total', 'Bps'),
    counter('Network sent', 'network_transmit_bytes_total', 'Bps'),
  ];
}

function trouble(): PanelOf[] {
  const third = { w: 8, unit: 'percentunit', max: 1 };
  const { by, selector, name } = PODS;
  const pressure = (kind: string): string => topGauge(by, `pod_pressure_${kind}_waiting_max_ratio`, selector, 'max');
  return [
    lines({
      ...third,
      title: 'Nearest memory limit by pod',
      steps: OF_LIMIT,
      queries: [over(topGauge(by, 'pod_memory_limit_utilization_max_ratio', selector, 'max'), name)],
    }),
    lines({
      ...third,
      title: 'Throttled by pod',
      steps: OF_PERIODS,
      queries: [over(topMoving(throttled(PODS)), name)],
    }),
    lines({
      ...third,
      title: 'Waiting by pod (pressure)',
      help: 'Share of the time, of the one container that waited most.',
      steps: OF_TIME,
      queries: [over(pressure('memory'), `${name} memory`), over(pressure('io'), `${name} disk`)],
    }),
  ];
}

export function kubernetes(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'kubernetes',
    title: 'Kubernetes namespace and pod',
    help: 'Namespaces and pods, by the labels that the kubelet gives to containers. Where Prometheus finds its targets in Kubernetes, its jobs need honor_labels: true.',
    variables: kubernetesVariables(),
    annotations: [groupRestarts('pod')],
    items: [
      row('Now'),
      ...figures(),
      row('Namespaces'),
      levelTable(NAMESPACES),
      ...graphs(NAMESPACES),
      row('Pods'),
      levelTable(PODS),
      ...graphs(PODS),
      ...trouble(),
    ],
  });
}

/** Sinks, whether they get everything; and the programs, what they cost. */
import { LATE, NONE_IS_RIGHT, SOME_IS_ODD, UP } from '../../looks/limits.ts';
import { lines, type PanelOf } from '../../looks/panels.ts';
import { table } from '../../looks/table.ts';
import { cells, grown, maxBy, over, rate, sumBy } from '../query.ts';
import { gauge, OURS, since, total } from './query.ts';

const third = { w: 8 };

export function sinkPanels(): PanelOf[] {
  return [
    table({
      title: 'Sinks',
      h: 7,
      labels: [
        { label: 'sink', title: 'Sink' },
        { label: 'instance', title: 'Collector' },
      ],
      numbers: [
        { title: 'Up', query: cells(gauge('instance, sink', 'sink_up')), decimals: 0, steps: UP },
        {
          title: 'Last success',
          query: cells(since('instance, sink', 'sink_last_success_seconds')),
          unit: 's',
          steps: LATE,
        },
        { title: 'Delivered', query: cells(total('instance, sink', 'sink_samples_delivered_total')), unit: 'cps' },
        {
          title: 'Dropped',
          query: cells(grown('instance, sink', 'plimsoll_sink_samples_dropped_total', OURS)),
          decimals: 0,
          steps: NONE_IS_RIGHT,
        },
        { title: 'Waiting', query: cells(gauge('instance, sink', 'sink_queue_samples')), decimals: 0 },
        { title: 'Windows waiting', query: cells(gauge('instance, sink', 'sink_queue_frames')), decimals: 0 },
        {
          title: 'Retries',
          query: cells(grown('instance, sink', 'plimsoll_sink_retries_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
      ],
      sortBy: 'Waiting',
    }),
    lines({
      w: 12,
      title: 'Samples to sinks',
      unit: 'cps',
      queries: [
        over(total('sink', 'sink_samples_received_total'), '{{sink}} offered'),
        over(total('sink', 'sink_samples_delivered_total'), '{{sink}} delivered'),
        over(total('sink, reason', 'sink_samples_dropped_total'), '{{sink}} dropped: {{reason}}'),
      ],
    }),
    lines({
      w: 12,
      title: 'Samples waiting for sinks',
      unit: 'short',
      queries: [over(sumBy('sink', `plimsoll_sink_queue_samples{${OURS}}`), '{{sink}}')],
    }),
  ];
}

export function programPanels(): PanelOf[] {
  const NAME = '{{instance}} · {{job}}';
  const by = 'instance, job';
  return [
    table({
      title: 'Programs',
      h: 6,
      labels: [
        { label: 'instance', title: 'Instance' },
        { label: 'job', title: 'Job' },
        { label: 'role', title: 'Role' },
        { label: 'version', title: 'Version' },
        { label: 'node_version', title: 'Node.js' },
      ],
      numbers: [
        {
          title: 'build',
          query: cells(maxBy(`${by}, role, version, node_version`, `plimsoll_build_info{${OURS}}`)),
          hidden: true,
        },
        {
          title: 'Up for',
          query: cells(`time() - ${maxBy(by, `process_start_time_seconds{${OURS}}`)}`),
          unit: 's',
          decimals: 0,
        },
        {
          title: 'Requests refused',
          query: cells(grown(by, 'plimsoll_http_refused_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
      ],
    }),
    lines({
      ...third,
      title: 'CPU of the programs',
      help: 'Cores.',
      unit: 'short',
      decimals: 3,
      queries: [over(sumBy(by, rate('process_cpu_seconds_total', OURS)), NAME)],
    }),
    lines({
      ...third,
      title: 'Memory of the programs',
      unit: 'bytes',
      queries: [over(maxBy(by, `process_resident_memory_bytes{${OURS}}`), NAME)],
    }),
    lines({
      ...third,
      title: 'Delay of the event loop, 99th percentile',
      unit: 's',
      queries: [over(maxBy(by, `nodejs_eventloop_lag_p99_seconds{${OURS}}`), NAME)],
    }),
  ];
}

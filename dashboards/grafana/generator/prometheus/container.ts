/** Container: one of them in every detail, or the chosen ones side by side. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../frame.ts';
import { NONE_IS_RIGHT, OF_CPU, OF_LIMIT, OF_PERIODS, OF_TIME, SOME_IS_ODD } from '../looks/limits.ts';
import { lines, type PanelOf, row, stat } from '../looks/panels.ts';
import { alerts, kills, starts } from './annotations.ts';
import { CHOSEN, now, over, rate, sumBy, topGauge, topRate, moving, topMoving } from './query.ts';
import { disk, network, what } from './containerrest.ts';
import { containerTable } from './sections.ts';
import { containerVariables } from './variables.ts';

const BY = 'node, name';
const NAME = '{{name}}';
const total = (metric: string): string => sumBy(BY, rate(`container_${metric}`, CHOSEN));
const gauge = (metric: string): string => sumBy(BY, `container_${metric}{${CHOSEN}}`);
const OF_QUOTA = `${total('cpu_usage_seconds_total')} / ${gauge('spec_cpu_limit_cores')}`;
const THROTTLED = moving((rateOf) => {
  const periods = (which: string): string => sumBy(BY, rateOf(`container_cpu_cfs_${which}_total`, CHOSEN));
  return `${periods('throttled_periods')} / (${periods('periods')} > 0)`;
});
const OF_MEMORY = moving((_, gaugeOf) => {
  const bytes = (which: string): string => sumBy(BY, gaugeOf(`container_${which}_bytes`, CHOSEN));
  return `${bytes('memory_working_set')} / ${bytes('spec_memory_limit')}`;
});

function figures(): PanelOf[] {
  const eighth = { w: 3, unit: 'short', decimals: 0 };
  return [
    stat({
      ...eighth,
      title: 'Running',
      queries: [now(`sum(container_state{${CHOSEN}, state="running"})`)],
    }),
    stat({
      ...eighth,
      title: 'Last started',
      help: 'How long ago; of several the one that was started last.',
      unit: 's',
      queries: [now(`time() - max(container_start_time_seconds{${CHOSEN}})`)],
    }),
    stat({
      ...eighth,
      title: 'CPU',
      help: 'Cores used.',
      decimals: 2,
      queries: [now(`sum(${rate('container_cpu_usage_seconds_total', CHOSEN)})`)],
    }),
    stat({
      ...eighth,
      title: 'CPU of limit',
      help: 'Of several the one that is nearest.',
      unit: 'percentunit',
      steps: OF_CPU,
      queries: [now(`max(${OF_QUOTA})`)],
    }),
    stat({
      ...eighth,
      title: 'Memory',
      help: 'Working set.',
      unit: 'bytes',
      queries: [now(`sum(container_memory_working_set_bytes{${CHOSEN}})`)],
    }),
    stat({
      ...eighth,
      title: 'Memory of limit',
      help: 'Of several the one that is nearest.',
      unit: 'percentunit',
      steps: OF_LIMIT,
      queries: [now(`max(${OF_MEMORY.now})`)],
    }),
    stat({
      ...eighth,
      title: 'Restarts',
      help: 'By the restart policy, in the time shown.',
      steps: SOME_IS_ODD,
      queries: [now(`round(sum(increase(container_restarts_total{${CHOSEN}}[$__range])))`)],
    }),
    stat({
      ...eighth,
      title: 'OOM kills',
      help: 'Processes killed for want of memory, in the time shown; the container may have lived on.',
      steps: NONE_IS_RIGHT,
      queries: [now(`round(sum(increase(container_oom_events_total{${CHOSEN}}[$__range])))`)],
    }),
  ];
}

function processor(): PanelOf[] {
  return [
    lines({
      w: 12,
      title: 'CPU',
      help: 'Cores, and the limit of those that have one.',
      unit: 'short',
      decimals: 2,
      queries: [
        over(topRate(BY, 'container_cpu_usage_seconds_total', CHOSEN), NAME),
        over(topGauge(BY, 'container_spec_cpu_limit_cores', CHOSEN), `${NAME} limit`),
      ],
    }),
    lines({
      w: 12,
      title: 'CPU in user and kernel mode',
      help: 'Of all chosen containers.',
      unit: 'short',
      decimals: 2,
      stack: true,
      queries: [
        over(`sum(${rate('container_cpu_user_seconds_total', CHOSEN)})`, 'user'),
        over(`sum(${rate('container_cpu_system_seconds_total', CHOSEN)})`, 'kernel'),
      ],
    }),
    lines({
      w: 12,
      title: 'Throttled',
      help: 'Of the periods, how many the CPU quota cut short.',
      unit: 'percentunit',
      max: 1,
      steps: OF_PERIODS,
      queries: [over(topMoving(THROTTLED), NAME)],
    }),
    lines({
      w: 12,
      title: 'Waiting for a CPU, memory and disks (pressure)',
      help: 'Share of the time in which at least one thread waited. Needs a kernel with PSI.',
      unit: 'percentunit',
      decimals: 1,
      steps: OF_TIME,
      queries: ['cpu', 'memory', 'io'].map((kind) =>
        over(topRate(BY, `container_pressure_${kind}_waiting_seconds_total`, CHOSEN), `${NAME} ${kind}`),
      ),
    }),
  ];
}

function memory(): PanelOf[] {
  const part = (metric: string): string => `sum(container_memory_${metric}{${CHOSEN}})`;
  return [
    lines({
      w: 12,
      title: 'Memory',
      help: 'Working set, and the limit of those that have one.',
      unit: 'bytes',
      queries: [
        over(topGauge(BY, 'container_memory_working_set_bytes', CHOSEN), NAME),
        over(topGauge(BY, 'container_spec_memory_limit_bytes', CHOSEN), `${NAME} limit`),
      ],
    }),
    lines({
      w: 12,
      title: 'What the memory is',
      help: 'Of all chosen containers.',
      unit: 'bytes',
      stack: true,
      queries: [
        over(part('rss'), 'anonymous'),
        over(part('cache'), 'page cache'),
        over(part('kernel_usage'), 'kernel'),
        over(part('swap'), 'swapped out'),
      ],
    }),
    lines({
      w: 12,
      title: 'Memory of limit',
      unit: 'percentunit',
      max: 1,
      steps: OF_LIMIT,
      queries: [over(topMoving(OF_MEMORY), NAME)],
    }),
    lines({
      w: 12,
      title: 'Trouble with memory',
      rare: true,
      help: 'Per second: how often use ran into the limit, pages that had to be read from disk, processes killed.',
      unit: 'cps',
      queries: [
        over(topRate(BY, 'container_memory_events_max_total', CHOSEN), `${NAME} at the limit`),
        over(
          topRate(BY, 'container_memory_failures_total', `${CHOSEN}, failure_type="pgmajfault", scope="hierarchy"`),
          `${NAME} major faults`,
        ),
        over(topRate(BY, 'container_oom_events_total', CHOSEN), `${NAME} killed`),
      ],
    }),
  ];
}

export function container(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'container',
    title: 'Container',
    help: 'One container in every detail, or the chosen ones side by side.',
    variables: containerVariables(),
    annotations: [alerts(', container=~"$container|"'), kills(), starts()],
    items: [
      row('Now'),
      ...figures(),
      row('CPU'),
      ...processor(),
      row('Memory'),
      ...memory(),
      row('Network and threads'),
      ...network(),
      row('Disk'),
      ...disk(),
      row('What and how'),
      what(),
      containerTable(10),
    ],
  });
}

/** Agents: whether they read on time, from what, and whether what they read gets away. */
import { LATE, SOME_IS_ODD, UP } from '../../looks/limits.ts';
import { lines, type PanelOf } from '../../looks/panels.ts';
import { table } from '../../looks/table.ts';
import { cells, grown, over, sumBy } from '../query.ts';
import { gauge, OURS, since, total } from './query.ts';

const third = { w: 8 };

export function agentPanels(): PanelOf[] {
  return [
    table({
      title: 'Agents',
      help: 'Only of agents that Prometheus scrapes itself.',
      h: 8,
      labels: [{ label: 'instance', title: 'Agent' }],
      numbers: [
        { title: 'Containers', query: cells(sumBy('instance', `plimsoll_agent_containers{${OURS}}`)), decimals: 0 },
        { title: 'Last tick', query: cells(since('instance', 'agent_last_tick_seconds')), unit: 's', steps: LATE },
        { title: 'Tick took', query: cells(gauge('instance', 'agent_tick_duration_seconds')), unit: 's' },
        {
          title: 'Ticks missed',
          query: cells(grown('instance', 'plimsoll_agent_ticks_missed_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
        {
          title: 'Read errors',
          query: cells(grown('instance', 'plimsoll_agent_read_errors_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
        { title: 'Left out by choice', query: cells(gauge('instance', 'agent_filtered')), decimals: 0 },
        { title: 'Batches waiting', query: cells(gauge('instance', 'push_queue_batches')), decimals: 0 },
        { title: 'Memory waiting', query: cells(gauge('instance', 'push_queue_bytes')), unit: 'bytes' },
        {
          title: 'Retries',
          query: cells(grown('instance', 'plimsoll_push_retries_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
      ],
    }),
    table({
      title: 'Sources',
      help: 'What agents read from, in the last tick. A source that is down says why in the agent’s log.',
      w: 12,
      labels: [
        { label: 'instance', title: 'Agent' },
        { label: 'source', title: 'Source' },
      ],
      numbers: [
        { title: 'Up', query: cells(gauge('instance, source', 'source_up')), decimals: 0, steps: UP },
        { title: 'Took', query: cells(gauge('instance, source', 'source_duration_seconds')), unit: 's' },
        { title: 'Samples', query: cells(gauge('instance, source', 'source_samples')), decimals: 0 },
        {
          title: 'Failures',
          query: cells(grown('instance, source', 'plimsoll_source_failures_total', OURS)),
          decimals: 0,
          steps: SOME_IS_ODD,
        },
      ],
      sortBy: 'Took',
    }),
    lines({
      w: 12,
      h: 10,
      title: 'Time for a tick, by source',
      help: 'Of the slowest agent.',
      unit: 's',
      queries: [over(gauge('source', 'source_duration_seconds'), '{{source}}')],
    }),
    lines({
      ...third,
      title: 'Things left out, by source and reason',
      rare: true,
      help: 'A budget, a cap, no permission.',
      unit: 'cps',
      queries: [over(total('source, reason', 'source_losses_total'), '{{source}} {{reason}}')],
    }),
    lines({
      ...third,
      title: 'Engine: events and requests',
      unit: 'cps',
      queries: [
        over(total('engine', 'engine_events_total'), '{{engine}} events'),
        over(total('engine, call', 'engine_requests_total'), '{{engine}} {{call}}'),
        over(total('engine, call', 'engine_errors_total'), '{{engine}} {{call}} failed'),
      ],
    }),
    lines({
      ...third,
      title: 'Samples for the collector',
      help: 'Offered is acknowledged, dropped and waiting together.',
      unit: 'cps',
      queries: [
        over(total('result', 'push_samples_total'), '{{result}}'),
        over(`sum(plimsoll_push_queue_samples{${OURS}})`, 'waiting now'),
      ],
    }),
  ];
}

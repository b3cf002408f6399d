/** The collector: what comes in, what of it goes into windows, what it holds. */
import { OF_LIMIT } from '../../looks/limits.ts';
import { lines, type PanelOf } from '../../looks/panels.ts';
import { over, rate } from '../query.ts';
import { gauge, OURS, total } from './query.ts';

const third = { w: 8 };

export function collectorPanels(): PanelOf[] {
  const share = (what: string): string =>
    `${gauge('instance', `collector_${what}_bytes`)} / ${gauge('instance', `collector_${what}_limit_bytes`)}`;
  return [
    lines({
      ...third,
      title: 'Samples through the collector',
      help: 'Received is accepted, dropped and waiting together.',
      unit: 'cps',
      queries: [
        over(total('instance', 'collector_samples_received_total'), 'received · {{instance}}'),
        over(total('instance', 'collector_samples_accepted_total'), 'accepted · {{instance}}'),
        over(total('instance, reason', 'collector_samples_dropped_total'), 'dropped: {{reason}} · {{instance}}'),
      ],
    }),
    lines({
      ...third,
      title: 'Batches from agents',
      unit: 'cps',
      queries: [
        over(total('result', 'collector_batches_total'), '{{result}}'),
        over(`sum(${rate('plimsoll_collector_batches_missing_total', OURS)})`, 'never came'),
      ],
    }),
    lines({
      ...third,
      title: 'Bytes from agents',
      unit: 'Bps',
      queries: [over(total('instance', 'collector_bytes_total'), '{{instance}}')],
    }),
    lines({
      ...third,
      title: 'Series and groups held',
      unit: 'short',
      decimals: 0,
      queries: [
        over(gauge('instance', 'collector_series'), 'series · {{instance}}'),
        over(gauge('instance', 'collector_groups'), 'groups · {{instance}}'),
      ],
    }),
    lines({
      ...third,
      title: 'Memory of its limits',
      help: 'What waits for its window (collector.max_waiting), and what agents have described (collector.max_dictionaries).',
      unit: 'percentunit',
      max: 1,
      steps: OF_LIMIT,
      queries: [
        over(share('waiting'), 'waiting · {{instance}}'),
        over(share('dictionary'), 'descriptions · {{instance}}'),
      ],
    }),
    lines({
      ...third,
      title: 'Kept out by a cap, forgotten, odd',
      rare: true,
      help: 'Containers left out of a level (collector.max_groups), state forgotten because it went stale, counters that were no plain increase.',
      unit: 'cps',
      queries: [
        over(total('level', 'collector_groups_refused_total'), 'left out of {{level}}'),
        over(total('what', 'collector_evictions_total'), 'forgotten {{what}}'),
        over(total('case', 'collector_increases_total'), 'counters: {{case}}'),
      ],
    }),
    lines({
      w: 24,
      h: 7,
      title: 'Clocks of agents',
      help: 'The agent’s clock minus the collector’s; 0 while that is at most a second.',
      unit: 's',
      signed: true,
      queries: [over(gauge('node', 'collector_agent_clock_offset_seconds'), '{{node}}')],
    }),
  ];
}

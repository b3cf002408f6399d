/** Pipeline health: whether agents read on time, whether the collector takes and closes everything, whether each sink gets it. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { frame } from '../../frame.ts';
import { LATE, NONE_IS_RIGHT, SOME_IS_ODD } from '../../looks/limits.ts';
import { type PanelOf, row, stat } from '../../looks/panels.ts';
import { alerts } from '../annotations.ts';
import { now } from '../query.ts';
import { pipelineVariables } from '../variables.ts';
import { agentPanels } from './agents.ts';
import { collectorPanels } from './collector.ts';
import { lost, OURS } from './query.ts';
import { programPanels, sinkPanels } from './sinks.ts';

function figures(): PanelOf[] {
  const eighth = { w: 3, unit: 'short', decimals: 0 };
  return [
    stat({ ...eighth, title: 'Agents', queries: [now(`count(plimsoll_agent_ticks_total{${OURS}})`)] }),
    stat({
      ...eighth,
      title: 'Sessions',
      help: 'Agents that send to a collector.',
      queries: [now(`sum(plimsoll_collector_sessions{${OURS}})`)],
    }),
    stat({
      ...eighth,
      title: 'Oldest tick',
      help: 'How long ago the agent that is furthest behind began to read.',
      unit: 's',
      steps: LATE,
      queries: [now(`max(time() - plimsoll_agent_last_tick_seconds{${OURS}})`)],
    }),
    stat({
      ...eighth,
      title: 'Last window',
      help: 'How long ago the window ended that the collector closed last; a window’s length and the lateness are normal.',
      unit: 's',
      steps: LATE,
      queries: [now(`max(time() - plimsoll_collector_last_window_seconds{${OURS}})`)],
    }),
    stat({
      ...eighth,
      title: 'Sources down',
      steps: NONE_IS_RIGHT,
      queries: [now(`count(plimsoll_source_up{${OURS}} == 0) or vector(0)`)],
    }),
    stat({
      ...eighth,
      title: 'Sinks down',
      steps: NONE_IS_RIGHT,
      queries: [now(`count(plimsoll_sink_up{${OURS}} == 0) or vector(0)`)],
    }),
    stat({
      ...eighth,
      title: 'Collector drops',
      help: 'Samples that went into no window, in the time shown.',
      steps: SOME_IS_ODD,
      queries: [now(`${lost('collector_samples_dropped_total')} or vector(0)`)],
    }),
    stat({
      ...eighth,
      title: 'Sink drops',
      help: 'Samples that did not arrive, in the time shown.',
      steps: NONE_IS_RIGHT,
      queries: [now(`${lost('sink_samples_dropped_total')} or vector(0)`)],
    }),
  ];
}

export function pipeline(): Dashboard {
  return frame({
    store: 'plimsoll',
    name: 'pipeline',
    title: 'Pipeline health',
    help: 'Whether agents read on time, whether the collector takes everything, whether each sink gets it, and what the programs cost.',
    variables: pipelineVariables(),
    annotations: [alerts(', alertname=~"(Agent|Source|Collector|Sink|Queue|Cardinality|Clock).*"')],
    items: [
      row('Now'),
      ...figures(),
      row('Agents'),
      ...agentPanels(),
      row('Collector'),
      ...collectorPanels(),
      row('Sinks'),
      ...sinkPanels(),
      row('Programs'),
      ...programPanels(),
    ],
  });
}

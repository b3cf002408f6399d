/** What the collector says about its metrics.k8s.io; absent where that is switched off. */
import { type PipelineMetric, row } from './pipelinerow.ts';

export const METRICS_API_METRICS: readonly PipelineMetric[] = [
  row(
    'plimsoll_metrics_api_requests_total',
    'counter',
    ['code'],
    'Requests of metrics.k8s.io answered, by HTTP status.',
  ),
  row(
    'plimsoll_metrics_api_containers',
    'gauge',
    [],
    'Containers of pods, and nodes, whose last reading is held for metrics.k8s.io.',
  ),
  row(
    'plimsoll_metrics_api_evictions_total',
    'counter',
    ['reason'],
    'What metrics.k8s.io no longer holds, or did not take: silent_node, a node that has said nothing for ten minutes; limit, a container over the number that is held.',
  ),
  row(
    'plimsoll_metrics_api_watch_up',
    'gauge',
    ['what'],
    '1 while the API server tells of changes, else 0: pods and nodes (labels, for selectors), front_proxy (whom to trust).',
  ),
];

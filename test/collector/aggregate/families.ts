/** Small families for the aggregation's tests: one row per container, one row per interface, and what must not be added up. */
import { type Family, family, type GroupOutput, type MetricDef } from '../../../src/model/family.ts';

const source = 'test';
const help = 'For tests.';
const ALL: readonly GroupOutput[] = ['sum', 'avg', 'max'];

/** A counter, a gauge and a limit, with a ratio of either to the limit. */
export const work = family({
  name: 'work',
  help,
  metrics: {
    done: { metric: 'container_work_done_total', kind: 'counter', unit: 'none', help, source },
    held: { metric: 'container_work_held', kind: 'gauge', unit: 'none', grouped: ALL, help, source },
    limit: { metric: 'container_work_limit', kind: 'gauge', unit: 'none', help, source },
    state: { metric: 'container_work_state', kind: 'gauge', unit: 'none', help, source },
  },
  ratios: [
    {
      stem: 'work_held_ratio',
      of: 'held',
      against: 'limit',
      help,
      nearest: { stem: 'work_held_max_ratio', help },
    },
    { stem: 'work_rate_ratio', of: 'done', against: 'limit', help },
  ],
});

/** Counters and a gauge by interface. */
export const net = family({
  name: 'net',
  help,
  dims: ['interface'],
  ofNetwork: true,
  metrics: {
    received: { metric: 'container_net_received_total', kind: 'counter', unit: 'none', help, source },
    queued: { metric: 'container_net_queued', kind: 'gauge', unit: 'none', grouped: ALL, help, source },
  },
});

/** Time that was lost, and two states. */
export const idle = family({
  name: 'idle',
  help,
  metrics: {
    lost: {
      metric: 'container_idle_lost_seconds_total',
      kind: 'counter',
      unit: 'seconds',
      grouped: ['max_ratio'],
      help,
      source,
    },
    again: { metric: 'container_idle_again_total', kind: 'counter', unit: 'none', acrossStarts: true, help, source },
    on: inState('on'),
    off: inState('off'),
  },
});

function inState(state: string): MetricDef {
  return { metric: 'container_idle', kind: 'gauge', unit: 'none', labels: { state }, grouped: ['count'], help, source };
}

export const TEST_FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['work', work],
  ['net', net],
  ['idle', idle],
]);

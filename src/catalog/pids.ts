/** Threads and their limit. The kernel calls them pids. */
import { family } from '../model/family.ts';

export const pids = family({
  name: 'pids',
  help: 'Threads, as the pids controller counts them.',
  metrics: {
    threads: {
      metric: 'container_threads',
      kind: 'gauge',
      unit: 'none',
      grouped: ['sum'],
      help: 'Threads (and processes) now.',
      source: 'pids.current',
    },
    limit: {
      metric: 'container_threads_max',
      kind: 'gauge',
      unit: 'none',
      grouped: ['sum'],
      help: 'Limit of threads; absent without one.',
      source: 'pids.max',
    },
    limitHits: {
      metric: 'container_threads_limit_hits_total',
      kind: 'counter',
      unit: 'none',
      help: 'How often a fork or clone failed because of the limit.',
      source: 'pids.events max',
    },
  },
  ratios: [
    {
      stem: 'pids_limit_utilization_ratio',
      of: 'threads',
      against: 'limit',
      help: 'Threads over the limit of threads, of the members that have a limit.',
    },
  ],
});

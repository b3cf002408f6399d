/** Processes that the kernel killed for want of memory. */
import { family } from '../model/family.ts';

export const oom = family({
  name: 'oom',
  help: 'Out-of-memory kills.',
  metrics: {
    kills: {
      metric: 'container_oom_events_total',
      kind: 'counter',
      unit: 'none',
      help:
        'Processes killed for want of memory, also while the container lives on. On v1 without those of cgroups below the container’s, ' +
        'which the kernel counts there alone.',
      source: 'v2 memory.events oom_kill; v1 memory.oom_control oom_kill (kernel 4.13)',
    },
  },
});

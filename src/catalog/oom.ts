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
      help: 'Processes killed for want of memory, also while the container lives on.',
      source:
        'v2 memory.events oom_kill, with the cgroups below; v1 memory.oom_control oom_kill (kernel 4.13), the cgroup’s own only',
    },
  },
});

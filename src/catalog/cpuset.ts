/** The CPUs and memory nodes that a cgroup may use. */
import { family } from '../model/family.ts';

export const cpuset = family({
  name: 'cpuset',
  help: 'CPUs and memory nodes allowed.',
  byDefault: false,
  metrics: {
    cpus: {
      metric: 'container_spec_cpuset_cpus',
      kind: 'gauge',
      unit: 'none',
      help: 'How many CPUs may be used.',
      source: 'v2 cpuset.cpus.effective; v1 cpuset.effective_cpus, else cpuset.cpus',
    },
    mems: {
      metric: 'container_spec_cpuset_mems',
      kind: 'gauge',
      unit: 'none',
      help: 'How many memory nodes may be used.',
      source: 'v2 cpuset.mems.effective; v1 cpuset.effective_mems, else cpuset.mems',
    },
    migrate: {
      metric: 'container_memory_migrate',
      kind: 'gauge',
      unit: 'none',
      help: 'Whether memory moves along when the memory nodes change.',
      source: 'v1 cpuset.memory_migrate',
    },
  },
});

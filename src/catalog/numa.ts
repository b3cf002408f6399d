/** Memory per NUMA node. */
import { family } from '../model/family.ts';

export const numa = family({
  name: 'numa',
  help: 'Memory per NUMA node, in pages.',
  byDefault: false,
  dims: ['type', 'scope', 'node'],
  metrics: {
    pages: {
      metric: 'container_memory_numa_pages',
      kind: 'gauge',
      unit: 'none',
      help: 'Pages by type and node, of the cgroup alone (container) and with those below it (hierarchy).',
      source: 'v1 memory.numa_stat; v2 memory.numa_stat, bytes divided by the page size, hierarchy only',
    },
  },
});

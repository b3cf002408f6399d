/** What the machine is built of, for those who place work by caches and NUMA nodes. Rows only for `id="/"`. */
import { family } from '../model/family.ts';
import { host } from './host.ts';

const BYTES = { unit: 'bytes' } as const;

export const topology = family({
  name: 'topology',
  help: 'Caches, hardware threads, NUMA nodes and memory modules of the machine; a row has those labels that its number is about.',
  dims: ['node_id', 'core_id', 'thread_id', 'type', 'level', 'page_size', 'target_node_id'],
  byDefault: false,
  metrics: {
    cache: host(
      'machine_cpu_cache_capacity_bytes',
      '/sys/devices/system/cpu/cpu*/cache/index*/size',
      'Cache of a core by type and level; without core_id those that several cores share, all of the node together.',
      BYTES,
    ),
    siblings: host(
      'machine_thread_siblings_count',
      '/sys/devices/system/cpu/cpu*/topology/core_cpus_list',
      'Hardware threads of the core that this thread is one of.',
    ),
    nodeMemory: host(
      'machine_node_memory_capacity_bytes',
      '/sys/devices/system/node/node*/meminfo MemTotal',
      'Memory of a NUMA node.',
      BYTES,
    ),
    hugepages: host(
      'machine_node_hugepages_count',
      '/sys/devices/system/node/node*/hugepages/hugepages-*/nr_hugepages',
      'Huge pages set aside on a NUMA node; page_size in kB.',
    ),
    distance: host(
      'machine_node_distance',
      '/sys/devices/system/node/node*/distance',
      'Distance to the memory of another NUMA node; 10 is its own.',
    ),
    dimms: host('machine_dimm_count', '/sys/devices/system/edac/mc/mc*/dimm*', 'Memory modules by type.'),
    dimmBytes: host(
      'machine_dimm_capacity_bytes',
      '/sys/devices/system/edac/mc/mc*/dimm*/size',
      'Capacity of the memory modules by type.',
      BYTES,
    ),
  },
});

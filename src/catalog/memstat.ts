/**
 * The rest of `memory.stat`, `memory.events.local` and `memory.swap.events`, under three names with a label: for whoever looks
 * for a cause. Off unless switched on, as it is some fifty series for each container.
 */
import { type MetricDef, family } from '../model/family.ts';

/** Kinds of memory: the key in v2's memory.stat, and in v1's where it has one. */
const BYTES: readonly (readonly [v2: string, v1?: string])[] = [
  ['anon_thp', 'total_rss_huge'],
  ['file_thp'],
  ['shmem_thp'],
  ['shmem', 'total_shmem'],
  ['kernel_stack'],
  ['pagetables'],
  ['sec_pagetables'],
  ['percpu'],
  ['sock'],
  ['vmalloc'],
  ['slab'],
  ['slab_reclaimable'],
  ['slab_unreclaimable'],
  ['active_anon', 'total_active_anon'],
  ['inactive_anon', 'total_inactive_anon'],
  ['unevictable', 'total_unevictable'],
  ['swapcached', 'total_swapcached'],
  ['zswap'],
  ['zswapped'],
  // In newer kernels: seen in Debian’s 6.12 and 7.2.
  ['hugetlb'],
  ['zswap_incomp'],
];

/** Counted events of memory.stat. */
const EVENTS: readonly (readonly [v2: string, v1?: string])[] = [
  ['workingset_activate_anon', 'total_workingset_activate_anon'],
  ['workingset_activate_file', 'total_workingset_activate_file'],
  ['workingset_restore_anon', 'total_workingset_restore_anon'],
  ['workingset_restore_file', 'total_workingset_restore_file'],
  ['workingset_nodereclaim', 'total_workingset_nodereclaim'],
  ['pgscan_kswapd'],
  ['pgscan_direct'],
  ['pgscan_khugepaged'],
  ['pgsteal_kswapd'],
  ['pgsteal_direct'],
  ['pgsteal_khugepaged'],
  ['pgrefill'],
  ['pgactivate'],
  ['pgdeactivate'],
  ['pglazyfree'],
  ['pglazyfreed'],
  ['pgpgin', 'total_pgpgin'],
  ['pgpgout', 'total_pgpgout'],
  ['swpin_zero'],
  ['swpout_zero'],
  ['zswpin'],
  ['zswpout'],
  ['zswpwb'],
  ['thp_fault_alloc'],
  ['thp_collapse_alloc'],
  ['thp_swpout'],
  ['thp_swpout_fallback'],
  // Seen in 6.12.
  ['pgdemote_kswapd'],
  ['pgdemote_direct'],
  ['pgdemote_khugepaged'],
  ['pgpromote_success'],
  ['numa_pages_migrated'],
  ['numa_pte_updates'],
  ['numa_hint_faults'],
  // Seen in 7.2.
  ['pgdemote_proactive'],
  ['pgscan_proactive'],
  ['pgsteal_proactive'],
];

const LOCAL_EVENTS = ['low', 'high', 'max', 'oom', 'oom_kill', 'oom_group_kill'];
const SWAP_EVENTS = ['high', 'max', 'fail'];

/** A column, by the file and key it is read from; the columns' short keys are `<file> <key>`. */
export const MEMSTAT_KEYS = {
  v2: [
    ...[...BYTES, ...EVENTS].map(([key]) => ['memory.stat', key, `stat ${key}`] as const),
    ...LOCAL_EVENTS.map((key) => ['memory.events.local', key, `local ${key}`] as const),
    ...SWAP_EVENTS.map((key) => ['memory.swap.events', key, `swap ${key}`] as const),
  ],
  v1: [...BYTES, ...EVENTS].flatMap(([key, v1]) => (v1 ? [['memory.stat', v1, `stat ${key}`] as const] : [])),
};

function sourceOf([v2, v1]: readonly [string, string?]): string {
  return v1 ? `v2 memory.stat ${v2}; v1 memory.stat ${v1}` : `v2 memory.stat ${v2}`;
}

function events(metric: string, label: Readonly<Record<string, string>>, help: string, source: string): MetricDef {
  return { metric, kind: 'counter', unit: 'none', labels: label, grouped: false, help, source };
}

const bytes = BYTES.map((keys): [string, MetricDef] => [
  `stat ${keys[0]}`,
  {
    metric: 'container_memory_stat_bytes',
    kind: 'gauge',
    unit: 'bytes',
    labels: { type: keys[0] },
    help: 'Memory by kind, as memory.stat has it: what the family memory does not name.',
    source: sourceOf(keys),
  },
]);

const counted = EVENTS.map((keys): [string, MetricDef] => [
  `stat ${keys[0]}`,
  events(
    'container_memory_stat_events_total',
    { type: keys[0] },
    'Reclaim and paging events, as memory.stat has them: what the family memory does not name.',
    sourceOf(keys),
  ),
]);

const local = LOCAL_EVENTS.map((event): [string, MetricDef] => [
  `local ${event}`,
  events(
    'container_memory_local_events_total',
    { event },
    'Memory events of the cgroup alone, without those below it.',
    `v2 memory.events.local ${event}`,
  ),
]);

const swap = SWAP_EVENTS.map((event): [string, MetricDef] => [
  `swap ${event}`,
  events(
    'container_memory_swap_events_total',
    { event },
    'How often swap use ran into its limits, or swapping out failed.',
    `v2 memory.swap.events ${event}`,
  ),
]);

export const memstat = family<string>({
  name: 'memstat',
  help: 'Everything else in memory.stat, and the local and swap events.',
  byDefault: false,
  metrics: Object.fromEntries([...bytes, ...counted, ...local, ...swap]),
});

/** What every container's cgroup files say, as series: cgroup v2 and v1, file by file. `put(metric, value, labels)` takes a series. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { keysOf, listSize, numberOf, textOf, wordsOf } from './text.mjs';

/** Docker gives a container that asks for no shares this many. */
const DEFAULT_SHARES = 1024;
/** v1 says "no limit" with the largest multiple of the page size; nothing real comes near it. */
const NO_LIMIT = 2 ** 62;

export function putCgroup(container, version, devices, put) {
  if (version === 'v2') putV2(container.folder(''), container, devices, put);
  else putV1(container, devices, put);
}

function putV2(folder, { inspect }, devices, put) {
  if (folder === undefined) return;
  const at = (name) => join(folder, name);
  cpuV2(at, inspect, put);
  memoryV2(at, put);
  putPressure(at, put);
  for (const [numbers, ...pairs] of wordsOf(at('io.stat'))) putIo(numbers, pairs, devices, put);
  putPids(at, put);
  put('container_spec_cpuset_cpus', listSize(at('cpuset.cpus.effective')));
  put('container_spec_cpuset_mems', listSize(at('cpuset.mems.effective')));
  for (const size of new Set(readdirSync(folder).map((name) => /^hugetlb\.(\d+[KMG]B)\./.exec(name)?.[1]))) {
    if (size === undefined) continue;
    // Pages in use and pages reserved are counted and limited apart: the larger use, the smaller limit.
    const both = (name) =>
      ['', 'rsvd.']
        .map((kind) => numberOf(at(`hugetlb.${size}.${kind}${name}`)))
        .filter((value) => value !== undefined);
    const [uses, limits] = [both('current'), both('max')];
    put('container_hugetlb_usage_bytes', Math.max(...uses), { pagesize: size });
    put('container_spec_hugetlb_limit_bytes', limits.length > 0 ? Math.min(...limits) : undefined, { pagesize: size });
    put('container_hugetlb_failcnt', keysOf(at(`hugetlb.${size}.events`)).get('max'), { pagesize: size });
  }
  // Bytes on v2, and only ever with what is below.
  putNuma(at('memory.numa_stat'), ([name]) => [name, 'hierarchy'], 4096, put);
}

function putPressure(at, put) {
  for (const resource of ['cpu', 'memory', 'io']) {
    const total = (kind) =>
      Number(new RegExp(`^${kind} .*total=(\\d+)`, 'm').exec(textOf(at(`${resource}.pressure`)))[1]);
    put(`container_pressure_${resource}_waiting_seconds_total`, total('some') / 1e6);
    put(`container_pressure_${resource}_stalled_seconds_total`, total('full') / 1e6);
  }
}

function cpuV2(at, inspect, put) {
  const stat = keysOf(at('cpu.stat'));
  put('container_cpu_usage_seconds_total', stat.get('usage_usec') / 1e6, { cpu: 'total' });
  put('container_cpu_user_seconds_total', stat.get('user_usec') / 1e6);
  put('container_cpu_system_seconds_total', stat.get('system_usec') / 1e6);
  const [quota, period] = wordsOf(at('cpu.max'))[0];
  putQuota(quota === 'max' ? -1 : Number(quota), Number(period), put);
  if (quota !== 'max')
    putThrottling(stat, { throttled: stat.get('throttled_usec') / 1e6, burst: stat.get('burst_usec') / 1e6 }, put);
  put('container_spec_cpu_weight', numberOf(at('cpu.weight')));
  put('container_spec_cpu_shares', inspect.HostConfig.CpuShares || DEFAULT_SHARES);
}

function putQuota(quota, period, put) {
  put('container_spec_cpu_period', period);
  if (quota < 0) return;
  put('container_spec_cpu_quota', quota);
  put('container_spec_cpu_limit_cores', quota / period);
}

function putThrottling(stat, { throttled, burst }, put) {
  put('container_cpu_cfs_periods_total', stat.get('nr_periods'));
  put('container_cpu_cfs_throttled_periods_total', stat.get('nr_throttled'));
  put('container_cpu_cfs_throttled_seconds_total', throttled);
  put('container_cpu_cfs_burst_periods_total', stat.get('nr_bursts'));
  put('container_cpu_cfs_burst_seconds_total', burst);
}

/** The keys of memory.stat that have a metric of their own; all others are a `type` of two metrics. */
const STAT_V2 = {
  anon: 'container_memory_rss',
  file: 'container_memory_cache',
  kernel: 'container_memory_kernel_usage',
  file_mapped: 'container_memory_mapped_file',
  file_dirty: 'container_memory_file_dirty_bytes',
  file_writeback: 'container_memory_file_writeback_bytes',
  active_file: 'container_memory_total_active_file_bytes',
  inactive_file: 'container_memory_total_inactive_file_bytes',
  pgscan: 'container_memory_pgscan_total',
  pgsteal: 'container_memory_pgsteal_total',
  workingset_refault_file: 'container_memory_workingset_refault_file_total',
  workingset_refault_anon: 'container_memory_workingset_refault_anon_total',
};

function memoryV2(at, put) {
  const usage = numberOf(at('memory.current'));
  const stat = keysOf(at('memory.stat'));
  put('container_memory_usage_bytes', usage);
  put('container_memory_working_set_bytes', Math.max(0, usage - stat.get('inactive_file')));
  put('container_memory_max_usage_bytes', numberOf(at('memory.peak')));
  put('container_memory_swap', numberOf(at('memory.swap.current')));
  put('container_spec_memory_limit_bytes', numberOf(at('memory.max')));
  put('container_spec_memory_swap_limit_bytes', numberOf(at('memory.swap.max')));
  put('container_spec_memory_reservation_limit_bytes', numberOf(at('memory.low')) || undefined);
  // The file sums up what is below: where there is nothing, that is the cgroup's own.
  const scopes = keysOf(at('cgroup.stat')).get('nr_descendants') > 0 ? ['hierarchy'] : ['container', 'hierarchy'];
  for (const [key, value] of stat) {
    if (key === 'pgfault' || key === 'pgmajfault') putFault(key, value, scopes, put);
    else if (STAT_V2[key]) put(STAT_V2[key], value);
    else putStat(key, value, put);
  }
  const events = keysOf(at('memory.events'));
  for (const [key, value] of events) put(`container_memory_events_${key}_total`, value);
  put('container_memory_failcnt', events.get('max'));
  put('container_oom_events_total', events.get('oom_kill'));
  for (const [event, value] of keysOf(at('memory.events.local')))
    put('container_memory_local_events_total', value, { event });
  for (const [event, value] of keysOf(at('memory.swap.events')))
    put('container_memory_swap_events_total', value, { event });
}

const putFault = (failure_type, value, scopes, put) => {
  for (const scope of scopes) put('container_memory_failures_total', value, { failure_type, scope });
};

/** By the kernel's documentation everything is bytes but what counts pages or events. */
function putStat(type, value, put) {
  const counts = /^(pg|numa_|workingset_|thp_(fault|collapse|swp)|z?swp(in|out|wb))/.test(type);
  put(counts ? 'container_memory_stat_events_total' : 'container_memory_stat_bytes', value, { type });
}

function putIo(numbers, pairs, devices, put) {
  const device = devices.get(numbers) ?? numbers;
  const values = new Map(pairs.map((pair) => pair.split('=')));
  const [major, minor] = numbers.split(':');
  for (const [key, what, operation] of [
    ['r', 'reads', 'Read'],
    ['w', 'writes', 'Write'],
    ['d', 'discards', 'Discard'],
  ]) {
    put(`container_fs_${what}_bytes_total`, Number(values.get(`${key}bytes`)), { device });
    put(`container_fs_${what}_total`, Number(values.get(`${key}ios`)), { device });
    put('container_blkio_device_usage_total', Number(values.get(`${key}bytes`)), { device, major, minor, operation });
  }
}

function putPids(at, put) {
  put('container_threads', numberOf(at('pids.current')));
  put('container_threads_max', numberOf(at('pids.max')));
  put('container_threads_limit_hits_total', keysOf(at('pids.events')).get('max'));
  put('container_processes', processesIn(at('.')) || undefined);
}

/** With those of the cgroups below. */
function processesIn(folder) {
  const below = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const own = wordsOf(join(folder, 'cgroup.procs')).length;
  return below.reduce((sum, { name }) => sum + processesIn(join(folder, name)), own);
}

/** `anon=15 N0=15 N1=0` or `anon N0=61440 N1=0`; `scopeOf` answers the type and the scope of a line's name. */
function putNuma(file, scopeOf, per, put) {
  for (const [first, ...nodes] of wordsOf(file)) {
    const [type, scope] = scopeOf(first.split('='));
    if (!['file', 'anon', 'unevictable'].includes(type)) continue;
    for (const [node, value] of nodes.map((word) => word.slice(1).split('='))) {
      put('container_memory_numa_pages', Number(value) / per, { type, scope, node });
    }
  }
}

const STAT_V1 = {
  rss: 'container_memory_rss',
  cache: 'container_memory_cache',
  mapped_file: 'container_memory_mapped_file',
  swap: 'container_memory_swap',
  dirty: 'container_memory_file_dirty_bytes',
  writeback: 'container_memory_file_writeback_bytes',
  active_file: 'container_memory_total_active_file_bytes',
  inactive_file: 'container_memory_total_inactive_file_bytes',
  workingset_refault_file: 'container_memory_workingset_refault_file_total',
  workingset_refault_anon: 'container_memory_workingset_refault_anon_total',
};

function putV1(container, devices, put) {
  const at = (controller) => (name) => join(container.folder(controller) ?? '/nowhere', name);
  if (container.folder('memory') === undefined) return;
  cpuV1(at('cpu'), at('cpuacct'), put);
  memoryV1(at('memory'), put);
  putPids(at('pids'), put);
  put('container_spec_cpuset_cpus', listSize(at('cpuset')('cpuset.effective_cpus')));
  put('container_spec_cpuset_mems', listSize(at('cpuset')('cpuset.effective_mems')));
  put('container_memory_migrate', numberOf(at('cpuset')('cpuset.memory_migrate')));
  putBlkio(at('blkio'), devices, put);
  // A host that mounts the unified hierarchy beside v1 has pressure there.
  const unified = container.folder('unified');
  if (unified !== undefined && existsSync(join(unified, 'cpu.pressure')))
    putPressure((name) => join(unified, name), put);
  putNuma(
    at('memory')('memory.numa_stat'),
    ([name]) =>
      name.startsWith('hierarchical_') ? [name.slice('hierarchical_'.length), 'hierarchy'] : [name, 'container'],
    1,
    put,
  );
}

/** `254:0 Read 123`; kernels from 6.10 count a cgroup's requests on disks with some limit only. */
function putBlkio(at, devices, put) {
  const lines = (what) => wordsOf(at(`blkio.throttle.${what}_recursive`)).filter(([numbers]) => numbers.includes(':'));
  for (const [what, stem] of [
    ['io_service_bytes', '_bytes'],
    ['io_serviced', ''],
  ]) {
    for (const [numbers, operation, value] of lines(what)) {
      const metric = { Read: 'reads', Write: 'writes', Discard: 'discards' }[operation];
      const device = devices.get(numbers) ?? numbers;
      if (metric) put(`container_fs_${metric}${stem}_total`, Number(value), { device });
      if (what !== 'io_service_bytes') continue;
      const [major, minor] = numbers.split(':');
      put('container_blkio_device_usage_total', Number(value), { device, major, minor, operation });
    }
  }
}

function cpuV1(cpu, cpuacct, put) {
  put('container_cpu_usage_seconds_total', numberOf(cpuacct('cpuacct.usage')) / 1e9, { cpu: 'total' });
  const split = keysOf(cpuacct('cpuacct.stat'));
  put('container_cpu_user_seconds_total', split.get('user') / 100);
  put('container_cpu_system_seconds_total', split.get('system') / 100);
  const quota = numberOf(cpu('cpu.cfs_quota_us'));
  putQuota(quota, numberOf(cpu('cpu.cfs_period_us')), put);
  const stat = keysOf(cpu('cpu.stat'));
  if (quota > 0)
    putThrottling(stat, { throttled: stat.get('throttled_time') / 1e9, burst: stat.get('burst_time') / 1e9 }, put);
  put('container_spec_cpu_shares', numberOf(cpu('cpu.shares')));
}

function memoryV1(at, put) {
  const limited = (value) => (value < NO_LIMIT ? value : undefined);
  const usage = numberOf(at('memory.usage_in_bytes'));
  const limit = numberOf(at('memory.limit_in_bytes'));
  const withSwap = numberOf(at('memory.memsw.limit_in_bytes'));
  const stat = keysOf(at('memory.stat'));
  put('container_memory_usage_bytes', usage);
  put('container_memory_working_set_bytes', Math.max(0, usage - stat.get('total_inactive_file')));
  put('container_memory_max_usage_bytes', numberOf(at('memory.max_usage_in_bytes')));
  put('container_memory_kernel_usage', numberOf(at('memory.kmem.usage_in_bytes')));
  put('container_spec_memory_limit_bytes', limited(limit));
  put('container_spec_memory_swap_limit_bytes', limited(withSwap) === undefined ? undefined : withSwap - limit);
  put('container_spec_memory_reservation_limit_bytes', limited(numberOf(at('memory.soft_limit_in_bytes'))));
  const failcnt = numberOf(at('memory.failcnt'));
  put('container_memory_failcnt', failcnt);
  put('container_memory_events_max_total', failcnt);
  const kills = keysOf(at('memory.oom_control')).get('oom_kill');
  put('container_memory_events_oom_kill_total', kills);
  put('container_oom_events_total', kills);
  for (const key of ['pgfault', 'pgmajfault']) {
    putFault(key, stat.get(key), ['container'], put);
    putFault(key, stat.get(`total_${key}`), ['hierarchy'], put);
  }
  for (const [full, value] of stat) {
    const key = full.startsWith('total_') ? full.slice('total_'.length) : undefined;
    if (key === undefined || key === 'pgfault' || key === 'pgmajfault') continue;
    if (STAT_V1[key]) put(STAT_V1[key], value);
    // v2 calls the huge pages of anonymous memory this.
    else putStat(key === 'rss_huge' ? 'anon_thp' : key, value, put);
  }
}

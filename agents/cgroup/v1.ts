/**
 * What is read from cgroup v1, for the families with one row: the same columns as from v2. Pressure is not here: hosts that
 * mount the unified hierarchy beside v1 have it there.
 */
import { cpu } from '../../src/catalog/cpu.ts';
import { cpuset } from '../../src/catalog/cpuset.ts';
import { memory } from '../../src/catalog/memory.ts';
import { MEMSTAT_KEYS, memstat } from '../../src/catalog/memstat.ts';
import { oom } from '../../src/catalog/oom.ts';
import { pids } from '../../src/catalog/pids.ts';
import { withoutQuota, workingSet } from './derive.ts';
import type { KeyColumn } from './keys.ts';
import { type FamilySpec, fallback, filesOf, plain, setting } from './spec.ts';

const NANOS = 1e9;

/** `cpuacct.stat` counts in ticks of USER_HZ, which is 100 on every architecture that runs containers. */
const TICKS = 100;

/** "No limit" is the largest page-aligned number of the kernel's; anything as large means the same. */
const UNLIMITED = 2 ** 62;

const cpuFiles = filesOf('cpu');
const cpuacctFiles = filesOf('cpuacct');
const memoryFiles = filesOf('memory');
const pidsFiles = filesOf('pids');
const cpusetFiles = filesOf('cpuset');

// cpuacct.stat is preferred: the kernel scales it so that user and system add up to the usage. cpuacct.usage_user counts whole ticks
// by where they fell, and may exceed the usage.
const CPU = plain(
  cpu,
  [
    cpuacctFiles.value('cpuacct.usage', cpu.at.usage, NANOS),
    cpuacctFiles.keys('cpuacct.stat', [
      ['user', cpu.at.user, TICKS],
      ['system', cpu.at.system, TICKS],
    ]),
    fallback(cpuacctFiles.value('cpuacct.usage_user', cpu.at.user, NANOS)),
    fallback(cpuacctFiles.value('cpuacct.usage_sys', cpu.at.system, NANOS)),
    cpuFiles.keys('cpu.stat', [
      ['nr_periods', cpu.at.periods],
      ['nr_throttled', cpu.at.throttledPeriods],
      ['throttled_time', cpu.at.throttled, NANOS],
      ['nr_bursts', cpu.at.burstPeriods],
      ['burst_time', cpu.at.burst, NANOS],
    ]),
    setting(cpuFiles.value('cpu.cfs_quota_us', cpu.at.quota)),
    setting(cpuFiles.value('cpu.cfs_period_us', cpu.at.period)),
    setting(cpuFiles.value('cpu.shares', cpu.at.shares)),
  ],
  (cells, facts) => {
    withoutQuota(cells);
    cells[cpu.at.request] = facts.requests?.cpu ?? Number.NaN;
  },
);

const MEMORY = plain(
  memory,
  [
    memoryFiles.value('memory.usage_in_bytes', memory.at.usage),
    memoryFiles.value('memory.max_usage_in_bytes', memory.at.maxUsage),
    setting(memoryFiles.value('memory.limit_in_bytes', memory.at.limit)),
    setting(memoryFiles.value('memory.soft_limit_in_bytes', memory.at.reservation)),
    setting(memoryFiles.value('memory.memsw.limit_in_bytes', memory.at.swapLimit)),
    memoryFiles.value('memory.kmem.usage_in_bytes', memory.at.kernel),
    memoryFiles.value('memory.failcnt', memory.at.failcnt),
    memoryFiles.keys('memory.stat', [
      ['total_rss', memory.at.rss],
      ['total_cache', memory.at.cache],
      ['total_mapped_file', memory.at.mapped],
      ['total_swap', memory.at.swap],
      ['total_dirty', memory.at.dirty],
      ['total_writeback', memory.at.writeback],
      ['total_active_file', memory.at.activeFile],
      ['total_inactive_file', memory.at.inactiveFile],
      ['pgfault', memory.at.pageFaults],
      ['pgmajfault', memory.at.majorFaults],
      ['total_pgfault', memory.at.hierarchyPageFaults],
      ['total_pgmajfault', memory.at.hierarchyMajorFaults],
      ['total_workingset_refault_file', memory.at.refaultFile],
      ['total_workingset_refault_anon', memory.at.refaultAnon],
    ]),
    memoryFiles.keys('memory.oom_control', [['oom_kill', memory.at.eventsOomKill]]),
  ],
  (cells, facts) => {
    const { at } = memory;
    workingSet(cells);
    cells[at.request] = facts.requests?.memory ?? Number.NaN;
    // v1 limits swap and memory together; the swap alone is what is left.
    const together = cells[at.swapLimit] as number;
    cells[at.swapLimit] = together < UNLIMITED ? together - (cells[at.limit] as number) : Number.NaN;
    for (const column of [at.limit, at.reservation]) {
      if ((cells[column] as number) >= UNLIMITED) cells[column] = Number.NaN;
    }
    cells[at.eventsMax] = cells[at.failcnt] as number;
  },
);

const OOM = plain(oom, [memoryFiles.keys('memory.oom_control', [['oom_kill', oom.at.kills]])]);

const PIDS = plain(pids, [
  pidsFiles.value('pids.current', pids.at.threads),
  setting(pidsFiles.value('pids.max', pids.at.limit)),
  pidsFiles.keys('pids.events', [['max', pids.at.limitHits]]),
]);

const CPUSET = plain(cpuset, [
  setting(cpusetFiles.list('cpuset.cpus', cpuset.at.cpus)),
  setting(cpusetFiles.list('cpuset.effective_cpus', cpuset.at.cpus)),
  setting(cpusetFiles.list('cpuset.mems', cpuset.at.mems)),
  setting(cpusetFiles.list('cpuset.effective_mems', cpuset.at.mems)),
  setting(cpusetFiles.value('cpuset.memory_migrate', cpuset.at.migrate)),
]);

const MEMSTAT = plain(memstat, [
  memoryFiles.keys(
    'memory.stat',
    MEMSTAT_KEYS.v1.map(([, key, column]): KeyColumn => [key, memstat.at[column] as number]),
  ),
]);

export const V1_SPECS: readonly FamilySpec[] = [CPU, MEMORY, OOM, PIDS, CPUSET, MEMSTAT];

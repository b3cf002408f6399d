/** What is read from cgroup v2, for the families with one row: file by file, key by key. */
import { cpu } from '../../src/catalog/cpu.ts';
import { cpuset } from '../../src/catalog/cpuset.ts';
import { memory } from '../../src/catalog/memory.ts';
import { MEMSTAT_KEYS, memstat } from '../../src/catalog/memstat.ts';
import { oom } from '../../src/catalog/oom.ts';
import { pids } from '../../src/catalog/pids.ts';
import { pressure } from '../../src/catalog/pressure.ts';
import type { KeyColumn } from './keys.ts';
import { UNIFIED } from './place.ts';
import { workingSet, withoutQuota } from './derive.ts';
import { type FamilySpec, type Facts, filesOf, plain, setting } from './spec.ts';

const MICROS = 1e6;

const files = filesOf(UNIFIED);

const CPU = plain(
  cpu,
  [
    files.keys('cpu.stat', [
      ['usage_usec', cpu.at.usage, MICROS],
      ['user_usec', cpu.at.user, MICROS],
      ['system_usec', cpu.at.system, MICROS],
      ['nr_periods', cpu.at.periods],
      ['nr_throttled', cpu.at.throttledPeriods],
      ['throttled_usec', cpu.at.throttled, MICROS],
      ['nr_bursts', cpu.at.burstPeriods],
      ['burst_usec', cpu.at.burst, MICROS],
    ]),
    setting(files.line('cpu.max', [cpu.at.quota, cpu.at.period])),
    setting(files.value('cpu.weight', cpu.at.weight)),
  ],
  (cells, facts) => {
    withoutQuota(cells);
    cells[cpu.at.request] = facts.requests?.cpu ?? Number.NaN;
    cells[cpu.at.shares] = sharesOf(cells[cpu.at.weight] as number, facts);
  },
);

/**
 * CPU shares on v2, where the kernel keeps only a weight: what the engine was told, if it was told. Otherwise the weight turned back
 * by today's mapping (weight = 10^((l² + 125·l)/612 - 7/34) with l = log2 shares), by which the default weight 100 is the default
 * 1024 shares. Runtimes until 2024 mapped linearly (weight = 1 + (shares - 2)·9999/262142): a weight that they wrote comes back wrong
 * without the engine's word for it.
 */
export function sharesOf(weight: number, facts: Facts): number {
  if (facts.cpuShares > 0) return facts.cpuShares;
  if (!(weight >= 1)) return Number.NaN;
  const log2 = (-125 + Math.sqrt(125 * 125 + 4 * 612 * (Math.log10(weight) + 7 / 34))) / 2;
  return Math.round(2 ** log2);
}

/** The number of cgroups below this one, on its way to `finish`. */
const DESCENDANTS = memory.columns.length;

const MEMORY = plain(
  memory,
  [
    files.value('memory.current', memory.at.usage),
    files.value('memory.peak', memory.at.maxUsage),
    setting(files.value('memory.max', memory.at.limit)),
    setting(files.value('memory.low', memory.at.reservation)),
    files.value('memory.swap.current', memory.at.swap),
    setting(files.value('memory.swap.max', memory.at.swapLimit)),
    files.keys('memory.stat', [
      ['anon', memory.at.rss],
      ['file', memory.at.cache],
      ['kernel', memory.at.kernel],
      ['file_mapped', memory.at.mapped],
      ['file_dirty', memory.at.dirty],
      ['file_writeback', memory.at.writeback],
      ['active_file', memory.at.activeFile],
      ['inactive_file', memory.at.inactiveFile],
      ['pgfault', memory.at.hierarchyPageFaults],
      ['pgmajfault', memory.at.hierarchyMajorFaults],
      ['pgscan', memory.at.pgscan],
      ['pgsteal', memory.at.pgsteal],
      ['workingset_refault_file', memory.at.refaultFile],
      ['workingset_refault_anon', memory.at.refaultAnon],
    ]),
    files.keys('memory.events', [
      ['low', memory.at.eventsLow],
      ['high', memory.at.eventsHigh],
      ['max', memory.at.eventsMax],
      ['oom', memory.at.eventsOom],
      ['oom_kill', memory.at.eventsOomKill],
      ['oom_group_kill', memory.at.eventsOomGroupKill],
    ]),
    files.keys('cgroup.stat', [['nr_descendants', DESCENDANTS]]),
  ],
  (cells, facts) => {
    const { at } = memory;
    workingSet(cells);
    cells[at.request] = facts.requests?.memory ?? Number.NaN;
    if (cells[at.reservation] === 0) cells[at.reservation] = Number.NaN;
    cells[at.failcnt] = cells[at.eventsMax] as number;
    // memory.stat sums up the cgroups below. Where there are none, the sum is the cgroup's own.
    if (cells[DESCENDANTS] !== 0) return;
    cells[at.pageFaults] = cells[at.hierarchyPageFaults] as number;
    cells[at.majorFaults] = cells[at.hierarchyMajorFaults] as number;
  },
);

const OOM = plain(oom, [files.keys('memory.events', [['oom_kill', oom.at.kills]])]);

const PIDS = plain(pids, [
  files.value('pids.current', pids.at.threads),
  setting(files.value('pids.max', pids.at.limit)),
  files.keys('pids.events', [['max', pids.at.limitHits]]),
]);

const PRESSURE = plain(pressure, [
  files.pressure('cpu.pressure', { some: pressure.at.cpuWaiting, full: pressure.at.cpuStalled }),
  files.pressure('memory.pressure', { some: pressure.at.memoryWaiting, full: pressure.at.memoryStalled }),
  files.pressure('io.pressure', { some: pressure.at.ioWaiting, full: pressure.at.ioStalled }),
]);

const CPUSET = plain(cpuset, [
  setting(files.list('cpuset.cpus.effective', cpuset.at.cpus)),
  setting(files.list('cpuset.mems.effective', cpuset.at.mems)),
]);

function memstatFile(name: string) {
  const columns = MEMSTAT_KEYS.v2.filter(([file]) => file === name);
  return files.keys(
    name,
    columns.map(([, key, column]): KeyColumn => [key, memstat.at[column] as number]),
  );
}

const MEMSTAT = plain(memstat, ['memory.stat', 'memory.events.local', 'memory.swap.events'].map(memstatFile));

export const V2_SPECS: readonly FamilySpec[] = [CPU, MEMORY, OOM, PIDS, PRESSURE, CPUSET, MEMSTAT];

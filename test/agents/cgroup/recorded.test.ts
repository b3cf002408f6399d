/**
 * Both recorded hosts, all three moments. The numbers were looked up in the archives' files with grep and are written out here with
 * their arithmetic; the second part reads every file again in the plainest way and compares what can be compared so.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { type HostVersion, type Moment, recordedHost } from '../../support/fixture.ts';
import { numbersOf, readRecorded, recordedContainers } from './host.ts';

const HOSTS = [
  ['v1', 't0'],
  ['v1', 't1'],
  ['v1', 't2'],
  ['v2', 't0'],
  ['v2', 't1'],
  ['v2', 't2'],
] as const;

async function numbers(version: HostVersion, moment: Moment, name: string): Promise<Map<string, number>> {
  return numbersOf(await readRecorded(version, moment), name);
}

function pick(all: Map<string, number>, metrics: Readonly<Record<string, number>>): Record<string, number | undefined> {
  return Object.fromEntries(Object.keys(metrics).map((metric) => [metric, all.get(metric)]));
}

describe('web: a CPU quota, shares, limits', () => {
  test.each([
    // v1 t1: cpuacct.usage 8039639693 ns; cpuacct.stat user 776, system 26 ticks of 10 ms; throttled_time 22784686272 ns.
    ['v1', 't1', { usage: 8.039639693, user: 7.76, system: 0.26, periods: 414, throttled: 369, seconds: 22.784686272 }],
    ['v1', 't0', { usage: 5.266717217, user: 5.05, system: 0.21, periods: 274, throttled: 231, seconds: 12.757908767 }],
    // v2 t1: usage_usec 51598709, user_usec 38522122, system_usec 13076587, throttled_usec 219217273.
    [
      'v2',
      't1',
      { usage: 51.598709, user: 38.522122, system: 13.076587, periods: 2677, throttled: 2208, seconds: 219.217273 },
    ],
  ] as const)('%s %s', async (version, moment, cpu) => {
    const expected = {
      'container_cpu_usage_seconds_total{cpu="total"}': cpu.usage,
      container_cpu_user_seconds_total: cpu.user,
      container_cpu_system_seconds_total: cpu.system,
      container_cpu_cfs_periods_total: cpu.periods,
      container_cpu_cfs_throttled_periods_total: cpu.throttled,
      container_cpu_cfs_throttled_seconds_total: cpu.seconds,
      container_spec_cpu_quota: 20000,
      container_spec_cpu_period: 100000,
      container_spec_cpu_limit_cores: 0.2,
      // docker run --cpu-shares 512; on v2 the weight file says 20.
      container_spec_cpu_shares: 512,
      container_spec_memory_limit_bytes: 67108864,
      // --memory-swap 96 MiB with --memory 64 MiB leaves 32 MiB of swap. cAdvisor says 96 MiB on v1.
      container_spec_memory_swap_limit_bytes: 33554432,
      // --memory-reservation 32 MiB. cAdvisor says 0 on v2, where it looks at memory.min.
      container_spec_memory_reservation_limit_bytes: 33554432,
    };
    expect(pick(await numbers(version, moment, 'web'), expected)).toEqual(expected);
  });

  test.each(['v1', 'v2'] as const)('%s: once killed it is absent', async (version) => {
    expect((await numbers(version, 't2', 'web')).size).toBe(0);
  });
});

describe('db: writes, a page cache, a limit of threads', () => {
  test.each([
    // v1 t1: usage_in_bytes 5050368 - total_inactive_file 4194304.
    ['v1', 't1', [5050368, 856064, 118784]],
    ['v1', 't0', [4784128, 589824, 114688]],
    ['v1', 't2', [4968448, 774144, 110592]],
    // v2 t1: memory.current 4771840 - inactive_file 4194304.
    ['v2', 't1', [4771840, 577536, 118784]],
    ['v2', 't0', [4767744, 573440, 110592]],
    ['v2', 't2', [4759552, 565248, 110592]],
  ] as const)('%s %s: memory', async (version, moment, [usage, workingSet, rss]) => {
    const expected = {
      container_memory_usage_bytes: usage,
      container_memory_working_set_bytes: workingSet,
      container_memory_rss: rss,
      container_memory_total_inactive_file_bytes: 4194304,
      container_spec_memory_limit_bytes: 134217728,
      container_spec_memory_swap_limit_bytes: 134217728,
      container_threads: 2,
      container_threads_max: 50,
    };
    expect(pick(await numbers(version, moment, 'db'), expected)).toEqual(expected);
  });

  test.each([
    ['t0', 583008256, 750],
    ['t1', 742391808, 972],
    // Restarted: the counters began anew.
    ['t2', 176160768, 249],
  ] as const)('v2 %s: block IO of the one device, by its name', async (moment, bytes, operations) => {
    const expected = {
      'container_fs_writes_bytes_total{device="vda"}': bytes,
      'container_fs_writes_total{device="vda"}': operations,
      'container_fs_reads_bytes_total{device="vda"}': 0,
      'container_blkio_device_usage_total{device="vda",major="254",minor="0",operation="Write"}': bytes,
    };
    expect(pick(await numbers('v2', moment, 'db'), expected)).toEqual(expected);
  });

  test('v1: the throttling layer of that kernel counted nothing, so there is nothing', async () => {
    const all = await numbers('v1', 't1', 'db');
    expect([...all.keys()].filter((metric) => /^container_(fs|blkio)_/.test(metric))).toEqual([]);
  });

  test('v2 t1: pressure in seconds', async () => {
    const expected = {
      container_pressure_cpu_waiting_seconds_total: 17.537342,
      container_pressure_cpu_stalled_seconds_total: 17.104303,
    };
    expect(pick(await numbers('v2', 't1', 'db'), expected)).toEqual(expected);
  });
});

describe('oomchild: a child is killed every 2 s', () => {
  test.each([
    ['v1', 't0', 9],
    ['v1', 't1', 16],
    ['v1', 't2', 20],
    ['v2', 't0', 22],
    ['v2', 't1', 42],
    ['v2', 't2', 114],
  ] as const)('%s %s: %d kills', async (version, moment, kills) => {
    expect((await numbers(version, moment, 'oomchild')).get('container_oom_events_total')).toBe(kills);
  });

  test('v2 t1: the limit was hit 1481 times; cAdvisor has no failcnt on v2', async () => {
    const all = await numbers('v2', 't1', 'oomchild');
    expect(all.get('container_memory_events_max_total')).toBe(1481);
    expect(all.get('container_memory_failcnt')).toBe(1481);
    // memory.stat kernel, which cAdvisor does not read.
    expect(all.get('container_memory_kernel_usage')).toBe(364544);
  });

  test.each(['v1', 'v2'] as const)('%s: a swap limit of nothing is 0, not absent', async (version) => {
    expect((await numbers(version, 't1', 'oomchild')).get('container_spec_memory_swap_limit_bytes')).toBe(0);
  });
});

describe('hostnet: no limits', () => {
  test.each(['v1', 'v2'] as const)('%s: what is not set is absent, not zero', async (version) => {
    const all = await numbers(version, 't1', 'hostnet');
    const unset = [
      'container_spec_cpu_quota',
      'container_spec_cpu_limit_cores',
      'container_cpu_cfs_periods_total',
      'container_cpu_cfs_throttled_seconds_total',
      'container_spec_memory_limit_bytes',
      'container_spec_memory_swap_limit_bytes',
      'container_spec_memory_reservation_limit_bytes',
    ];
    expect(unset.filter((metric) => all.has(metric))).toEqual([]);
    expect(all.get('container_spec_cpu_shares')).toBe(1024);
  });

  test('v1: as many threads as it likes; on v2 systemd set a limit', async () => {
    expect((await numbers('v1', 't1', 'hostnet')).has('container_threads_max')).toBe(false);
    expect((await numbers('v2', 't1', 'hostnet')).get('container_threads_max')).toBe(3511);
  });
});

describe('the switches', () => {
  test('v2 t1, oomchild: NUMA pages, huge pages, CPUs, the rest of memory.stat', async () => {
    const expected = {
      // memory.numa_stat anon N0=118784 and file N0=11059200, of 4096 bytes each: 29 and 2700 pages.
      'container_memory_numa_pages{node="0",scope="hierarchy",type="anon"}': 29,
      'container_memory_numa_pages{node="0",scope="hierarchy",type="file"}': 2700,
      'container_hugetlb_usage_bytes{pagesize="2MB"}': 0,
      'container_hugetlb_failcnt{pagesize="1GB"}': 0,
      container_spec_cpuset_cpus: 2,
      'container_memory_stat_bytes{type="slab"}': 224496,
      'container_memory_stat_bytes{type="shmem"}': 11059200,
      'container_memory_stat_events_total{type="thp_fault_alloc"}': 1,
      'container_memory_local_events_total{event="max"}': 1481,
      'container_memory_swap_events_total{event="fail"}': 0,
    };
    const all = await numbers('v2', 't1', 'oomchild');
    expect(pick(all, expected)).toEqual(expected);
    expect(all.has('container_spec_hugetlb_limit_bytes{pagesize="2MB"}')).toBe(false);
  });

  test('v1 t1, db: NUMA pages of both scopes, CPUs', async () => {
    const expected = {
      'container_memory_numa_pages{node="0",scope="container",type="file"}': 1028,
      'container_memory_numa_pages{node="0",scope="hierarchy",type="anon"}': 29,
      container_spec_cpuset_cpus: 2,
      container_memory_migrate: 0,
      'container_memory_stat_events_total{type="pgpgin"}': 6354,
    };
    expect(pick(await numbers('v1', 't1', 'db'), expected)).toEqual(expected);
  });
});

describe('every container against a second reading of the same files', () => {
  /** A file's lines split at spaces. */
  const words = (path: string): string[][] =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
  const keyed = (path: string, key: string): number => Number(words(path).find(([name]) => name === key)?.[1]);
  const single = (path: string): number => Number(words(path)[0]?.[0]);

  const plainly = {
    v2: (dir: string): Record<string, number> => ({
      'container_cpu_usage_seconds_total{cpu="total"}': keyed(join(dir, 'cpu.stat'), 'usage_usec') / 1e6,
      container_memory_usage_bytes: single(join(dir, 'memory.current')),
      container_memory_max_usage_bytes: single(join(dir, 'memory.peak')),
      container_memory_cache: keyed(join(dir, 'memory.stat'), 'file'),
      container_memory_mapped_file: keyed(join(dir, 'memory.stat'), 'file_mapped'),
      'container_memory_failures_total{failure_type="pgfault",scope="hierarchy"}': keyed(
        join(dir, 'memory.stat'),
        'pgfault',
      ),
      'container_memory_stat_bytes{type="kernel_stack"}': keyed(join(dir, 'memory.stat'), 'kernel_stack'),
      container_threads: single(join(dir, 'pids.current')),
      container_oom_events_total: keyed(join(dir, 'memory.events'), 'oom_kill'),
    }),
    v1: (dir: string): Record<string, number> => ({
      'container_cpu_usage_seconds_total{cpu="total"}': single(`${dir.replace('*', 'cpuacct')}/cpuacct.usage`) / 1e9,
      container_memory_usage_bytes: single(`${dir.replace('*', 'memory')}/memory.usage_in_bytes`),
      container_memory_max_usage_bytes: single(`${dir.replace('*', 'memory')}/memory.max_usage_in_bytes`),
      container_memory_cache: keyed(`${dir.replace('*', 'memory')}/memory.stat`, 'total_cache'),
      container_memory_kernel_usage: single(`${dir.replace('*', 'memory')}/memory.kmem.usage_in_bytes`),
      'container_memory_failures_total{failure_type="pgfault",scope="hierarchy"}': keyed(
        `${dir.replace('*', 'memory')}/memory.stat`,
        'total_pgfault',
      ),
      container_threads: single(`${dir.replace('*', 'pids')}/pids.current`),
      container_spec_cpu_shares: single(`${dir.replace('*', 'cpu')}/cpu.shares`),
    }),
  };

  // v1 t0: ten run, but oomer was between two lives. v2 t0: the recording breaks off after five of nine.
  const THERE = { 'v1 t0': 9, 'v1 t1': 10, 'v1 t2': 8, 'v2 t0': 5, 'v2 t1': 9, 'v2 t2': 8 } as const;

  test.each(HOSTS)('%s %s', async (version, moment) => {
    const host = recordedHost(version, moment);
    const tables: FamilyTable[] = await readRecorded(version, moment);
    const folder = join(host.cgroupRoot, version === 'v2' ? 'system.slice' : 'memory/docker');
    const recorded = readdirSync(folder);
    const there = recordedContainers(host).filter(
      (one) => one.cgroup && recorded.some((name) => name.includes(one.id)),
    );
    expect(there.length).toBe(THERE[`${version} ${moment}`]);
    for (const one of there) {
      const dir = version === 'v2' ? `system.slice/docker-${one.id}.scope` : `*/docker/${one.id}`;
      const expected = plainly[version](join(host.cgroupRoot, dir));
      expect(pick(numbersOf(tables, one.name), expected), one.name).toEqual(expected);
    }
    // And of nobody else.
    const cpu = tables.find((table) => table.shape.name === 'cpu');
    expect(cpu?.rows.map((row) => row.entity.key).sort()).toEqual(there.map((one) => one.id).sort());
  });
});

/** What the recorded hosts do not have: v1's block IO counters, cost of IO, huge pages on v1, shares turned back from a weight. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import { sharesOf } from '../../../agents/cgroup/v2.ts';
import { container, numbersOf, sourceOf } from './host.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-versions-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Writes the files of the cgroup `/c`, by their place below the root, and reads it. */
async function read(files: Readonly<Record<string, string>>): Promise<Record<string, number>> {
  const [first] = await readEach([files]);
  return first as Record<string, number>;
}

/** The same, several times by one source, with more files (or others) written before each reading. */
async function readEach(moments: readonly Readonly<Record<string, string>>[]): Promise<Record<string, number>[]> {
  write(moments[0] ?? {});
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  const cgroup = { unified: '/c', controllers: new Map([...mounts.controllers.keys()].map((name) => [name, '/c'])) };
  const source = sourceOf(mounts, {
    containers: () => [container('c', { id: 'c', cgroup })],
    around: { deviceName: (major, minor) => (major === 8 && minor === 0 ? 'sda' : undefined), pageBytes: 4096 },
  });
  const all: Record<string, number>[] = [];
  for (const files of moments) {
    write(files);
    const tables = await source.read({ timeMs: 0, signal: new AbortController().signal });
    all.push(Object.fromEntries(numbersOf(tables, 'c')));
  }
  await source.close();
  return all;
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

describe('block IO on v1', () => {
  const bytes = (read_: number, write: number): string =>
    `8:0 Read ${read_}\n8:0 Write ${write}\n8:0 Sync 1\n8:0 Async 2\n8:0 Discard 7\n8:0 Total ${read_ + write}\nTotal ${read_ + write}\n`;

  test('the throttling layer’s numbers, with the cgroups below', async () => {
    const got = await read({
      'blkio/c/blkio.throttle.io_service_bytes_recursive': bytes(4096, 8192),
      'blkio/c/blkio.throttle.io_service_bytes': bytes(1, 2),
      'blkio/c/blkio.throttle.io_serviced_recursive': bytes(1, 2),
      'blkio/c/blkio.bfq.io_service_bytes_recursive': bytes(5, 6),
    });
    expect(got).toMatchObject({
      'container_fs_reads_bytes_total{device="sda"}': 4096,
      'container_fs_writes_bytes_total{device="sda"}': 8192,
      'container_fs_reads_total{device="sda"}': 1,
      'container_fs_writes_total{device="sda"}': 2,
      'container_fs_discards_bytes_total{device="sda"}': 7,
      'container_blkio_device_usage_total{device="sda",major="8",minor="0",operation="Async"}': 2,
      'container_blkio_device_usage_total{device="sda",major="8",minor="0",operation="Read"}': 4096,
    });
  });

  test('an old kernel has them without the cgroups below', async () => {
    const got = await read({ 'blkio/c/blkio.throttle.io_service_bytes': bytes(4096, 8192) });
    expect(got['container_fs_writes_bytes_total{device="sda"}']).toBe(8192);
  });

  test('where the throttling layer counts nothing, the scheduler’s numbers; times are nanoseconds', async () => {
    const got = await read({
      'blkio/c/blkio.throttle.io_service_bytes_recursive': 'Total 0\n',
      'blkio/c/blkio.bfq.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n253:1 Write 5\nTotal 35\n',
      'blkio/c/blkio.bfq.io_service_time_recursive': '8:0 Read 1500000000\n8:0 Write 250000000\nTotal 0\n',
      'blkio/c/blkio.bfq.io_merged_recursive': '8:0 Read 3\n8:0 Write 4\nTotal 7\n',
      'blkio/c/blkio.bfq.io_queued_recursive': '8:0 Read 1\n8:0 Write 1\n8:0 Total 2\nTotal 2\n',
    });
    expect(got).toMatchObject({
      'container_fs_reads_bytes_total{device="sda"}': 10,
      'container_fs_writes_bytes_total{device="253:1"}': 5,
      'container_fs_read_seconds_total{device="sda"}': 1.5,
      'container_fs_write_seconds_total{device="sda"}': 0.25,
      'container_fs_reads_merged_total{device="sda"}': 3,
      'container_fs_io_current{device="sda"}': 2,
    });
  });

  test('requests are asked for where bytes have been moved, from that reading on', async () => {
    const reads = 'container_fs_reads_total{device="sda"}';
    const all = await readEach([
      {
        'blkio/c/blkio.throttle.io_service_bytes_recursive': 'Total 0\n',
        // The kernel counts both at once: this cannot be, and shows that the file is not looked at.
        'blkio/c/blkio.throttle.io_serviced_recursive': bytes(3, 4),
      },
      { 'blkio/c/blkio.throttle.io_service_bytes_recursive': bytes(4096, 8192) },
    ]);
    expect(all.map((got) => got[reads])).toEqual([undefined, 3]);
  });

  test('a counter does not fall when a limit makes the throttling layer count: its source stays the scheduler', async () => {
    const reads = 'container_fs_reads_bytes_total{device="sda"}';
    const all = await readEach([
      {
        'blkio/c/blkio.throttle.io_service_bytes_recursive': 'Total 0\n',
        'blkio/c/blkio.bfq.io_service_bytes_recursive': '8:0 Read 5000000\n8:0 Write 0\nTotal 5000000\n',
      },
      {
        'blkio/c/blkio.throttle.io_service_bytes_recursive': '8:0 Read 4096\n8:0 Write 0\nTotal 4096\n',
        'blkio/c/blkio.bfq.io_service_bytes_recursive': '8:0 Read 5004096\n8:0 Write 0\nTotal 5004096\n',
      },
      // Nor when the file it is read from shows nothing for once.
      { 'blkio/c/blkio.bfq.io_service_bytes_recursive': 'Total 0\n' },
    ]);
    expect(all.map((got) => got[reads])).toEqual([5000000, 5004096, undefined]);
  });
});

test('v2: the cost of IO in seconds', async () => {
  const got = await read({
    'cgroup.controllers': 'io\n',
    'c/io.stat':
      '8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0 cost.vrate=100.00 cost.usage=1500000 cost.wait=250000\n',
  });
  expect(got['container_fs_io_cost_usage_seconds_total{device="sda"}']).toBe(1.5);
  expect(got['container_fs_io_cost_wait_seconds_total{device="sda"}']).toBe(0.25);
  expect(got).not.toHaveProperty('container_fs_io_cost_indebt_seconds_total{device="sda"}');
});

test('v1: huge pages, a limit that is none, and one that is', async () => {
  const got = await read({
    'hugetlb/c/hugetlb.2MB.usage_in_bytes': '4194304\n',
    'hugetlb/c/hugetlb.2MB.max_usage_in_bytes': '6291456\n',
    'hugetlb/c/hugetlb.2MB.limit_in_bytes': '9223372036852678656\n',
    'hugetlb/c/hugetlb.2MB.failcnt': '3\n',
    'hugetlb/c/hugetlb.1GB.rsvd.usage_in_bytes': '1073741824\n',
    'hugetlb/c/hugetlb.1GB.usage_in_bytes': '0\n',
    'hugetlb/c/hugetlb.1GB.limit_in_bytes': '2147483648\n',
  });
  expect(got).toEqual({
    'container_hugetlb_usage_bytes{pagesize="2MB"}': 4194304,
    'container_hugetlb_max_usage_bytes{pagesize="2MB"}': 6291456,
    'container_hugetlb_failcnt{pagesize="2MB"}': 3,
    'container_hugetlb_usage_bytes{pagesize="1GB"}': 1073741824,
    'container_spec_hugetlb_limit_bytes{pagesize="1GB"}': 2147483648,
  });
});

describe('huge pages are limited in use and as reserved, each by a limit of its own', () => {
  const pages = (name: string) => `container_${name}{pagesize="2MB"}`;

  test.each([
    // What is mapped without a reservation is only in use; what is reserved and not yet touched only reserved.
    ['a limit on use alone', ['0', '4194304', 'max', '1073741824'], [4194304, 1073741824]],
    ['a limit on reservations alone', ['6291456', '2097152', '8388608', 'max'], [6291456, 8388608]],
    ['both', ['6291456', '2097152', '8388608', '16777216'], [6291456, 8388608]],
    ['neither', ['2097152', '2097152', 'max', 'max'], [2097152, undefined]],
  ])('v2: %s', async (_, [reservedNow, usedNow, reservedMax, usedMax], [usage, limit]) => {
    const got = await read({
      'cgroup.controllers': 'hugetlb\n',
      'c/hugetlb.2MB.rsvd.current': `${reservedNow}\n`,
      'c/hugetlb.2MB.current': `${usedNow}\n`,
      'c/hugetlb.2MB.rsvd.max': `${reservedMax}\n`,
      'c/hugetlb.2MB.max': `${usedMax}\n`,
      'c/hugetlb.2MB.events': 'max 3\n',
    });
    expect(got[pages('hugetlb_usage_bytes')]).toBe(usage);
    expect(got[pages('spec_hugetlb_limit_bytes')]).toBe(limit);
    expect(got[pages('hugetlb_failcnt')]).toBe(3);
  });

  test('v1: a limit on use alone; refusals by either limit are added up', async () => {
    const got = await read({
      'hugetlb/c/hugetlb.2MB.rsvd.usage_in_bytes': '0\n',
      'hugetlb/c/hugetlb.2MB.usage_in_bytes': '4194304\n',
      'hugetlb/c/hugetlb.2MB.rsvd.max_usage_in_bytes': '2097152\n',
      'hugetlb/c/hugetlb.2MB.max_usage_in_bytes': '6291456\n',
      'hugetlb/c/hugetlb.2MB.rsvd.limit_in_bytes': '9223372036852678656\n',
      'hugetlb/c/hugetlb.2MB.limit_in_bytes': '1073741824\n',
      'hugetlb/c/hugetlb.2MB.rsvd.failcnt': '2\n',
      'hugetlb/c/hugetlb.2MB.failcnt': '3\n',
    });
    expect(got).toEqual({
      [pages('hugetlb_usage_bytes')]: 4194304,
      [pages('hugetlb_max_usage_bytes')]: 6291456,
      [pages('spec_hugetlb_limit_bytes')]: 1073741824,
      [pages('hugetlb_failcnt')]: 5,
    });
  });
});

test('v1 with cpu and cpuacct in one folder, and no cpuacct.stat', async () => {
  const got = await read({
    'cpu,cpuacct/c/cpuacct.usage': '3000000000\n',
    'cpu,cpuacct/c/cpuacct.usage_user': '2000000000\n',
    'cpu,cpuacct/c/cpu.cfs_quota_us': '-1\n',
    'cpu,cpuacct/c/cpu.cfs_period_us': '100000\n',
    'cpu,cpuacct/c/cpu.stat': 'nr_periods 0\nnr_throttled 0\nthrottled_time 0\n',
    'cpu,cpuacct/c/cpu.shares': '2048\n',
  });
  expect(got).toEqual({
    'container_cpu_usage_seconds_total{cpu="total"}': 3,
    container_cpu_user_seconds_total: 2,
    container_spec_cpu_period: 100000,
    container_spec_cpu_shares: 2048,
  });
});

test('v2: with a cgroup below it, memory.stat is not the cgroup’s own', async () => {
  const got = await read({
    'cgroup.controllers': 'memory\n',
    'c/memory.stat': 'pgfault 5\npgmajfault 1\n',
    'c/cgroup.stat': 'nr_descendants 1\nnr_dying_descendants 0\n',
  });
  expect(got).toEqual({
    'container_memory_failures_total{failure_type="pgfault",scope="hierarchy"}': 5,
    'container_memory_failures_total{failure_type="pgmajfault",scope="hierarchy"}': 1,
  });
});

describe('CPU shares on v2', () => {
  test.each([
    // As Docker was told; cAdvisor shows 4537 for 2048.
    [79, 2048, 2048],
    [173, 2048, 2048],
    // The kernel's default weight is the default number of shares; 1 and 10000 are the smallest and the largest of both.
    [100, 0, 1024],
    [1, 0, 2],
    [10000, 0, 262144],
    [Number.NaN, 0, Number.NaN],
  ])('a weight of %d when the engine says %d: %d', (weight, cpuShares, shares) => {
    expect(sharesOf(weight, { cpuShares })).toBe(shares);
  });
});

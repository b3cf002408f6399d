/**
 * What cAdvisor is known to get wrong, each on a recorded host with the value that is right and, in the comment, what it shows instead.
 * Where the recording does not have the case, a copy of its files is changed: the change is the expectation.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderText } from '../../src/exposition/text.ts';
import type { HostVersion, Moment } from '../support/fixture.ts';
import { type Match, type Page, pageOf } from '../support/page.ts';
import { batchAt, type RecordedOptions } from '../support/recordedagent.ts';

const MIB = 1024 * 1024;
const VERSIONS = ['v1', 'v2'] as const;

const unchanged = new Map<string, Promise<Page>>();

/** The agent's page at a moment; of an unchanged host it is made once. */
function pageAt(version: HostVersion, moment: Moment, options?: RecordedOptions): Promise<Page> {
  if (options) return makePage(version, moment, options);
  const made = unchanged.get(version + moment) ?? makePage(version, moment, {});
  unchanged.set(version + moment, made);
  return made;
}

async function makePage(version: HostVersion, moment: Moment, options: RecordedOptions): Promise<Page> {
  const { tables } = await batchAt(version, moment, options);
  return pageOf(Buffer.concat([...renderText(tables, { format: 'text', timestamps: false })]).toString('utf8'));
}

describe('limits as they were set', () => {
  // On v2 cAdvisor turns the weight back by a straight line: 512 would read as 500 here and 2048 as 4537.
  test.each(VERSIONS)('%s: web was given 512 shares and shows 512, the others Docker’s 1024', async (version) => {
    const page = await pageAt(version, 't1');
    expect(page.value('container_spec_cpu_shares', { name: 'web' })).toBe(512);
    expect(page.value('container_spec_cpu_shares', { name: 'nonet' })).toBe(1024);
  });

  test('2048 shares read back as 2048, with the weight that today’s runtimes write for them', async () => {
    const page = await pageAt('v2', 't1', {
      change(host) {
        host.inspectionOf('web').HostConfig.CpuShares = 2048;
        // log2 2048 = 11; 10^((11² + 125·11)/612 - 7/34) = 10^2.2385 = 173.2, rounded up.
        writeFileSync(join(host.cgroupOf('web'), 'cpu.weight'), '174\n');
      },
    });
    expect(page.value('container_spec_cpu_shares', { name: 'web' })).toBe(2048);
    expect(page.value('container_spec_cpu_weight', { name: 'web' })).toBe(174);
  });

  // cAdvisor shows memory and swap together on v1: 96 MiB.
  test.each(VERSIONS)('%s: the swap limit is of swap alone', async (version) => {
    const page = await pageAt(version, 't1');
    // --memory 64m --memory-swap 96m; 128m and 256m; 12m and 12m.
    expect(page.value('container_spec_memory_swap_limit_bytes', { name: 'web' })).toBe(32 * MIB);
    expect(page.value('container_spec_memory_swap_limit_bytes', { name: 'db' })).toBe(128 * MIB);
    expect(page.value('container_spec_memory_swap_limit_bytes', { name: 'oomchild' })).toBe(0);
  });

  // cAdvisor says 0, which a panel divides by.
  test.each(VERSIONS)('%s: no limit is no series', async (version) => {
    const page = await pageAt(version, 't1');
    for (const metric of [
      'memory_limit_bytes',
      'memory_swap_limit_bytes',
      'cpu_quota',
      'memory_reservation_limit_bytes',
    ]) {
      expect(page.all(`container_spec_${metric}`, { name: 'nonet' })).toEqual([]);
    }
  });

  // cAdvisor reads memory.min, which no runtime writes.
  test('a reservation on v2 is memory.low', async () => {
    const change: RecordedOptions['change'] = (host) =>
      writeFileSync(join(host.cgroupOf('web'), 'memory.low'), `${16 * MIB}\n`);
    const page = await pageAt('v2', 't1', { change });
    expect(page.value('container_spec_memory_reservation_limit_bytes', { name: 'web' })).toBe(16 * MIB);
  });
});

describe('what v2 has and cAdvisor leaves at 0 or out', () => {
  test('failcnt, kernel memory and memory per NUMA node', async () => {
    const page = await pageAt('v2', 't1');
    // memory.events of oomchild: max 1481; memory.stat of web: kernel 262144, and file 16384 bytes = 4 pages on node 0.
    expect(page.value('container_memory_failcnt', { name: 'oomchild' })).toBe(1481);
    expect(page.value('container_memory_kernel_usage', { name: 'web' })).toBe(262_144);
    expect(page.value('container_memory_numa_pages', { name: 'web', type: 'file', node: '0' })).toBe(4);
  });

  test('what cannot be had from v2 is absent, not 0', async () => {
    const page = await pageAt('v2', 't1');
    for (const metric of ['container_memory_migrate', 'container_hugetlb_max_usage_bytes', 'container_fs_io_current']) {
      expect(page.all(metric).filter(({ labels }) => labels.get('id') !== '/')).toEqual([]);
    }
  });
});

describe('life and death', () => {
  // cAdvisor gives both 0.
  test('health: starting is not unhealthy', async () => {
    const says = (Status: string, FailingStreak: number) =>
      pageAt('v2', 't1', {
        change: (host) => {
          host.inspectionOf('web').State.Health = { Status, FailingStreak };
        },
      });
    const starting = await says('starting', 0);
    expect(starting.all('container_health_state', { name: 'web' })).toEqual([]);
    expect(starting.value('container_health_status', { name: 'web', status: 'starting' })).toBe(1);
    expect(starting.value('container_health_status', { name: 'web', status: 'unhealthy' })).toBe(0);
    const unhealthy = await says('unhealthy', 3);
    expect(unhealthy.value('container_health_state', { name: 'web' })).toBe(0);
    expect(unhealthy.value('container_health_failing_streak', { name: 'web' })).toBe(3);
    expect((await says('healthy', 0)).value('container_health_state', { name: 'web' })).toBe(1);
    expect(unhealthy.value('container_health_state', { name: 'db' })).toBe(-1);
  });

  // cAdvisor has a label `restartcount` on some containers, frozen when it first saw them.
  test.each(VERSIONS)(
    '%s: restarts, exit codes and ends are series, of containers that are gone from the kernel too',
    async (version) => {
      const page = await pageAt(version, 't2');
      expect(page.value('container_restarts_total', { name: 'oomer' })).toBe(3);
      expect(page.value('container_exit_code', { name: 'oomer' })).toBe(3);
      // docker kill: 128 + 9.
      expect(page.value('container_exit_code', { name: 'web' })).toBe(137);
      expect(page.value('container_state', { name: 'web', state: 'exited' })).toBe(1);
      expect(page.value('container_state', { name: 'neverstarted', state: 'created' })).toBe(1);
      expect(page.all('container_exit_code', { name: 'neverstarted' })).toEqual([]);
      const before = await pageAt(version, 't1');
      const started = before.value('container_start_time_seconds', { name: 'web' });
      expect(page.value('container_finished_time_seconds', { name: 'web' })).toBeGreaterThan(started);
      // The dead have no uptime.
      expect(page.all('container_start_time_seconds', { name: 'web' })).toEqual([]);
      // Of docker restart: a new beginning, no exit code, no restart by the policy.
      expect(page.value('container_restarts_total', { name: 'db' })).toBe(0);
      expect(page.all('container_exit_code', { name: 'db' })).toEqual([]);
      // `docker rm`: gone altogether.
      expect(page.all('container_state', { name: 'exits' })).toEqual([]);
      expect((await pageAt(version, 't1')).value('container_exit_code', { name: 'exits' })).toBe(7);
    },
  );

  // cAdvisor counts lines of the kernel's log: 0 without the right to read it, and 0 again after each of its own restarts.
  test('OOM kills of a child are counted while the container lives', async () => {
    // oom_kill of memory.events at the three moments; the container ran through all of them.
    const counts = await Promise.all(
      (['t0', 't1', 't2'] as const).map(async (moment) => {
        const page = await pageAt('v2', moment);
        expect(page.value('container_state', { name: 'oomchild', state: 'running' })).toBe(1);
        return page.value('container_oom_events_total', { name: 'oomchild' });
      }),
    );
    expect(counts).toEqual([22, 42, 114]);
  });
});

describe('disks', () => {
  // cAdvisor divides milliseconds by 1e9: a million times too small.
  test('times are in seconds', async () => {
    // 254 0 vda 316025 45996 17109346 1140399 1686478 170521 152066200 2813647 0 188644 3991796 …
    const page = await pageAt('v1', 't1');
    const vda = { id: '/', device: '/dev/vda' };
    expect(page.value('container_fs_read_seconds_total', vda)).toBe(1140.399);
    expect(page.value('container_fs_write_seconds_total', vda)).toBe(2813.647);
    expect(page.value('container_fs_io_time_seconds_total', vda)).toBe(188.644);
    expect(page.value('container_fs_io_time_weighted_seconds_total', vda)).toBe(3991.796);
  });

  // cAdvisor knows sd, vd, xvd and dm; of others it drops the machine's series and leaves the containers' device empty.
  test('NVMe, eMMC, md and dm have names; partitions are not counted beside their disks', async () => {
    const numbers = '10 0 80 4 20 0 160 8 0 12 16';
    const disks = [
      '259 0 nvme0n1',
      '259 1 nvme0n1p1',
      '179 0 mmcblk0',
      '179 1 mmcblk0p1',
      '9 0 md0',
      '253 0 dm-0',
      '7 0 loop0',
    ];
    const page = await pageAt('v2', 't1', {
      change(host) {
        writeFileSync(join(host.proc, 'diskstats'), disks.map((disk) => `${disk} ${numbers}\n`).join(''));
        const ios = 'rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0';
        writeFileSync(join(host.cgroupOf('db'), 'io.stat'), `259:0 ${ios}\n179:0 ${ios}\n9:0 ${ios}\n253:0 ${ios}\n`);
      },
    });
    const readsOf = (match: Match) =>
      page.all('container_fs_reads_total', match).map(({ labels, value }) => [labels.get('device'), value]);
    const names = ['/dev/dm-0', '/dev/md0', '/dev/mmcblk0', '/dev/nvme0n1'];
    expect(readsOf({ id: '/' })).toEqual(names.map((name) => [name, 10]));
    expect(readsOf({ name: 'db' }).sort()).toEqual(names.map((name) => [name, 1]));
  });

  // cAdvisor puts the whole backing disk's counters under each container's name.
  test('a container has its own operations only', async () => {
    // io.stat of db: 254:0 rbytes=0 wbytes=742391808 rios=0 wios=972; the disk has 8193 writes in diskstats.
    const page = await pageAt('v2', 't1');
    expect(page.value('container_fs_writes_total', { name: 'db' })).toBe(972);
    expect(page.value('container_fs_writes_bytes_total', { name: 'db' })).toBe(742_391_808);
    expect(page.value('container_fs_writes_total', { id: '/' })).toBe(8193);
    // And none where the kernel counts none: this v1 host set no limits on its disks.
    const v1 = await pageAt('v1', 't1');
    expect(v1.labelValues('container_fs_writes_total', 'id')).toEqual(['/']);
  });
});

describe('network', () => {
  // cAdvisor gives each of them the numbers of the namespace: the sum over containers counts it twice.
  test.each(VERSIONS)('%s: a shared network is counted for one, the host’s for the host', async (version) => {
    const page = await pageAt(version, 't1');
    expect(page.labelValues('container_network_receive_bytes_total', 'name')).toEqual(
      // nonet has no interface but loopback.
      [
        // Of the host of v2 there was nothing but bridges and cables.
        ...(version === 'v1' ? [''] : []),
        'db',
        'k8s_app_pod-a_default_0000-1111_0',
        ...(version === 'v1' ? ['oomchild', 'oomer'] : ['oomchild']),
        'paused',
        'twonets',
        'web',
      ],
    );
    expect(page.all('container_network_receive_bytes_total', { name: 'twonets' })).toHaveLength(2);
    expect(page.all('container_network_receive_bytes_total', { interface: 'lo' })).toEqual([]);
  });

  // cAdvisor reads `tx:rx` as `rx:tx`.
  test('UDP queues are not swapped, TCP states are the kernel’s', async () => {
    const udp =
      '  137: 00000000:0035 00000000:0000 07 00000100:00000280 00:00000000 00000000 101 0 18083 2 0000000000000000 5\n';
    const tcp = (n: number, state: string) =>
      `   ${n}: 0100007F:0277 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 1 1 0 0\n`;
    const page = await pageAt('v1', 't1', {
      families: ['tcp', 'udp'],
      change(host) {
        writeFileSync(
          join(host.procOf('web'), 'net/udp'),
          `  sl  local_address rem_address   st tx_queue rx_queue\n${udp}`,
        );
        const states = ['01', '01', '06', '08', '0A'].map((state, n) => tcp(n, state)).join('');
        writeFileSync(join(host.procOf('web'), 'net/tcp'), `  sl  local_address rem_address   st\n${states}`);
      },
    });
    const of = (label: string, metric: string) =>
      Object.fromEntries(page.all(metric, { name: 'web' }).map(({ labels, value }) => [labels.get(label), value]));
    expect(of('udp_state', 'container_network_udp_usage_total')).toEqual({
      listen: 1,
      dropped: 5,
      rxqueued: 0x280,
      txqueued: 0x100,
    });
    expect(of('tcp_state', 'container_network_tcp_usage_total')).toMatchObject({
      established: 2,
      timewait: 1,
      closewait: 1,
      listen: 1,
      close: 0,
    });
  });
});

// cAdvisor gives every series of every container every label of every other, empty.
test.each(VERSIONS)('%s: a container has its own labels only', async (version) => {
  const page = await pageAt(version, 't1');
  const names = (name: string) => [...page.all('container_memory_rss', { name })[0]!.labels.keys()].sort();
  expect(names('nonet')).toEqual(['id', 'image', 'name']);
  expect(names('web')).toEqual([
    'container_label_com_docker_compose_project',
    'container_label_com_docker_compose_service',
    'id',
    'image',
    'name',
  ]);
});

// cAdvisor types these counters as gauges.
test('TCP counters are counters', async () => {
  const { tables } = await batchAt('v2', 't1');
  const text = Buffer.concat([...renderText(tables, { format: 'text', timestamps: false })]).toString('utf8');
  expect(text).toContain('# TYPE container_network_advance_tcp_stats_total counter\n');
});

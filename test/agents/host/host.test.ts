import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHostEntity, createHostSource } from '../../../agents/host/host.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { fakeClock } from '../../support/clock.ts';
import { recordedHost } from '../../support/fixture.ts';
import { fakeProc, HOST, put, readOf, rowsOf } from '../reading.ts';

const KIB = 1024;

function source(procRoot: string, more: { sysRoot?: string; rootfs?: string } = {}) {
  return createHostSource({
    procRoot,
    sysRoot: '/nonexistent',
    rootfs: '/nonexistent',
    entity: HOST,
    clock: systemClock,
    ...more,
  });
}

describe('the recorded v1 host at t1', async () => {
  const { procRoot } = recordedHost('v1', 't1');
  const tables = await readOf(source(procRoot));

  test('entity: id "/", started at boot', () => {
    // btime 1795393558
    expect(createHostEntity(procRoot)).toMatchObject({ key: '/', kind: 'host', startMs: 1_795_393_558_000 });
    expect(createHostEntity(procRoot).labels).toMatchObject({ names: ['id'], values: ['/'] });
  });

  test('cpu: everything but idle, iowait and what was stolen', () => {
    // cpu  453070 0 147729 465489 6846 0 2882 17298 17 0 in 1/100 s: user nice system idle iowait irq softirq steal guest guest_nice
    const [cpu] = rowsOf(tables, 'cpu');
    expect(cpu?.user).toBeCloseTo(4530.7, 9); // (453070 + 0) / 100
    expect(cpu?.system).toBeCloseTo(1506.11, 9); // (147729 + 0 + 2882) / 100
    expect(cpu?.usage).toBeCloseTo(6036.81, 9); // the two together
    expect(rowsOf(tables, 'machine_cpu')).toEqual([
      { of: '/', mode: 'user', seconds: 4530.7 },
      { of: '/', mode: 'nice', seconds: 0 },
      { of: '/', mode: 'system', seconds: 1477.29 },
      { of: '/', mode: 'idle', seconds: 4654.89 },
      { of: '/', mode: 'iowait', seconds: 68.46 },
      { of: '/', mode: 'irq', seconds: 0 },
      { of: '/', mode: 'softirq', seconds: 28.82 },
      { of: '/', mode: 'steal', seconds: 172.98 },
    ]);
  });

  test('memory: anonymous and file pages', () => {
    // AnonPages 96784 kB; Cached 1501648 + Buffers 23188 + SwapCached 0 = 1524836 kB; Inactive(file) 981828 kB
    expect(rowsOf(tables, 'memory')).toEqual([
      {
        of: '/',
        usage: 1_621_620 * KIB, // 96784 + 1524836
        workingSet: 639_792 * KIB, // 1621620 - 981828
        rss: 96_784 * KIB,
        cache: 1_524_836 * KIB,
        mapped: 145_884 * KIB,
        swap: 0,
        activeFile: 523_296 * KIB,
        inactiveFile: 981_828 * KIB,
        dirty: 4848 * KIB,
        writeback: 0,
        limit: 24_684_096 * KIB,
        swapLimit: 0,
        hierarchyPageFaults: 48_315_560,
        hierarchyMajorFaults: 7254,
        pgscan: 0, // kswapd + direct + khugepaged + proactive
        pgsteal: 0,
        refaultFile: 1_854_728,
        refaultAnon: 0,
      },
    ]);
    expect(rowsOf(tables, 'oom')).toEqual([{ of: '/', kills: 19 }]);
  });

  test('disks: the one whole disk, in bytes and seconds', () => {
    // 254 0 vda 316025 45996 17109346 1140399 1686478 170521 152066200 2813647 0 188644 3991796 72339 34 61036296 …
    expect(rowsOf(tables, 'diskio')).toEqual([
      {
        of: '/',
        device: '/dev/vda',
        readBytes: 8_759_985_152, // 17109346 sectors * 512
        writeBytes: 77_857_894_400, // 152066200 * 512
        reads: 316_025,
        writes: 1_686_478,
        discardBytes: 31_250_583_552, // 61036296 * 512
        discards: 72_339,
        readsMerged: 45_996,
        writesMerged: 170_521,
        readTime: 1140.399, // milliseconds / 1000, not / 1000000000
        writeTime: 2813.647,
        queued: 0,
      },
    ]);
    expect(rowsOf(tables, 'disk')).toEqual([
      {
        of: '/',
        device: '/dev/vda',
        ioTime: 188.644,
        ioTimeWeighted: 3991.796,
        sectorReads: 17_109_346,
        sectorWrites: 152_066_200,
      },
    ]);
  });

  test('pressure, threads, load and the rest', () => {
    expect(rowsOf(tables, 'pressure')).toEqual([
      {
        of: '/',
        cpuWaiting: 1899.521327,
        memoryWaiting: 0.073748,
        memoryStalled: 0.016695,
        ioWaiting: 74.241781,
        ioStalled: 40.840616,
      },
    ]);
    // 5.57 5.64 4.36 1/246 934
    expect(rowsOf(tables, 'pids')).toEqual([{ of: '/', threads: 246 }]);
    expect(rowsOf(tables, 'machine')).toEqual([
      {
        of: '/',
        load1: 5.57,
        load5: 5.64,
        load15: 4.36,
        cores: 2,
        physicalCores: 2, // cpuinfo: physical id 0 with core ids 0 and 1
        sockets: 1,
        memory: 24_684_096 * KIB,
        available: 24_113_452 * KIB,
        swap: 0,
        bootTime: 1_795_393_558,
        running: 1,
        blocked: 0,
        contextSwitches: 22_214_819,
        forks: 220_960,
      },
    ]);
  });
});

test('the recorded v2 host at t1', async () => {
  const tables = await readOf(source(recordedHost('v2', 't1').procRoot));
  // cpu  20420 0 33219 14985 306 0 2113 0 0 0
  expect(rowsOf(tables, 'cpu')).toEqual([{ of: '/', usage: 557.52, user: 204.2, system: 353.32 }]);
  // AnonPages 211664 + Cached 278512 + Buffers 19912 = 510088 kB; - Inactive(file) 130956 = 379132 kB
  expect(rowsOf(tables, 'memory')[0]).toMatchObject({ usage: 510_088 * KIB, workingSet: 379_132 * KIB });
  expect(rowsOf(tables, 'oom')).toEqual([{ of: '/', kills: 74 }]);
  // vda 5938 642 542338 6733 8193 8280 1933288 45301 …; fd0, sr0 and loop0-7 are no disks.
  expect(rowsOf(tables, 'diskio')).toHaveLength(1);
  expect(rowsOf(tables, 'diskio')[0]).toMatchObject({
    device: '/dev/vda',
    readBytes: 542_338 * 512,
    writeBytes: 1_933_288 * 512,
  });
});

describe('a made-up host', () => {
  const files = {
    stat: 'cpu  100 10 20 1000 50 1 2 3 4 5\ncpu0 1\ncpu3 1\nbtime 1700000000\n',
    meminfo:
      'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 20 kB\nSwapCached: 5 kB\nAnonPages: 30 kB\nInactive(file): 900 kB\nSwapTotal: 100 kB\nSwapFree: 40 kB\n',
    'sys/kernel/threads-max': '96365\n',
    loadavg: '0.00 0.01 0.05 2/345 9\n',
    'sys/kernel/random/boot_id': 'b00t\n',
    'sys/kernel/osrelease': '6.1.0-40-amd64\n',
    'sys/kernel/arch': 'x86_64\n',
  };

  test('the swap cache is file memory, swap is what is used, the working set is not below 0', async () => {
    const [memory] = rowsOf(await readOf(source(fakeProc(files))), 'memory');
    expect(memory).toMatchObject({
      cache: 35 * KIB,
      usage: 65 * KIB,
      workingSet: 0,
      swap: 60 * KIB,
      swapLimit: 100 * KIB,
    });
    expect(memory).not.toHaveProperty('pgscan');
  });

  test('threads have the machine’s limit; CPUs that are offline are not counted', async () => {
    const tables = await readOf(source(fakeProc(files)));
    expect(rowsOf(tables, 'pids')).toEqual([{ of: '/', threads: 345, limit: 96365 }]);
    expect(rowsOf(tables, 'machine')[0]).toMatchObject({ cores: 2, bootTime: 1_700_000_000 });
  });

  test('cores and sockets from sysfs: two sockets with the same core numbers, two threads each', async () => {
    const topology = (cpu: number, socket: number, siblings: string) => ({
      [`devices/system/cpu/cpu${cpu}/topology/physical_package_id`]: `${socket}\n`,
      [`devices/system/cpu/cpu${cpu}/topology/core_id`]: '0\n',
      [`devices/system/cpu/cpu${cpu}/topology/core_cpus_list`]: `${siblings}\n`,
    });
    const sysRoot = fakeProc({
      ...topology(0, 0, '0,2'),
      ...topology(1, 1, '1,3'),
      ...topology(2, 0, '0,2'),
      ...topology(3, 1, '1,3'),
    });
    const [machine] = rowsOf(await readOf(source(fakeProc(files), { sysRoot })), 'machine');
    expect(machine).toMatchObject({ physicalCores: 2, sockets: 2 });
    expect(machine).not.toHaveProperty('books');
  });

  test('machine_info: what the machine is, as labels; what is not known is left out', async () => {
    const rootfs = fakeProc({
      'etc/machine-id': 'm4ch1ne\n',
      'etc/os-release': 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    });
    expect(rowsOf(await readOf(source(fakeProc(files), { rootfs })), 'machine_info')).toEqual([
      {
        of: '/',
        machine_id: 'm4ch1ne',
        boot_id: 'b00t',
        kernel: '6.1.0-40-amd64',
        os: 'Debian GNU/Linux 12 (bookworm)',
        architecture: 'x86_64',
        info: 1,
      },
    ]);
  });

  test('idle time that falls a little is held, so that nobody sees a reset; a large fall is believed', async () => {
    const procRoot = fakeProc(files);
    const host = source(procRoot);
    const idle = async () => rowsOf(await readOf(host), 'machine_cpu').find((row) => row.mode === 'idle')?.seconds;
    expect(await idle()).toBe(10);
    put(join(procRoot, 'stat'), files.stat.replace(' 1000 ', ' 990 '));
    await host.close();
    expect(await idle()).toBe(10);
    put(join(procRoot, 'stat'), files.stat.replace(' 1000 ', ' 600 '));
    await host.close();
    expect(await idle()).toBe(6);
  });

  test('files that this kernel lacks cost only their own numbers; without /proc/stat the source says so', async () => {
    const tables = await readOf(source(fakeProc({ stat: files.stat })));
    expect(rowsOf(tables, 'cpu')).toEqual([{ of: '/', usage: 1.33, user: 1.1, system: 0.23 }]);
    expect(rowsOf(tables, 'memory')).toEqual([{ of: '/' }]);
    await expect(readOf(source('/nonexistent'))).rejects.toThrow('/nonexistent/stat');
  });

  test('rows stay the same objects', async () => {
    const host = createHostSource({
      procRoot: recordedHost('v2', 't1').procRoot,
      sysRoot: '/nonexistent',
      rootfs: '/nonexistent',
      entity: HOST,
      clock: fakeClock(),
    });
    const first = await readOf(host);
    const second = await readOf(host);
    for (const [t, table] of first.entries())
      for (const [r, row] of table.rows.entries()) expect(second[t]?.rows[r]).toBe(row);
    await host.close();
    await host.close();
  });
});

test('the host is seen at each reading, and started when it was booted: cAdvisor says so of its root, too', async () => {
  const { procRoot } = recordedHost('v1', 't1');
  const host = createHostSource({
    procRoot,
    sysRoot: '/nonexistent',
    rootfs: '/nonexistent',
    entity: createHostEntity(procRoot),
    clock: fakeClock(1_800_000_000_500),
  });
  // btime 1795393558
  expect(rowsOf(await readOf(host), 'state')).toEqual([{ of: '/', lastSeen: 1_800_000_000.5, started: 1_795_393_558 }]);
});

test('a RAID and the volume on it are shown beside their disk, and marked as what counts it again', async () => {
  const line = (numbers: string, name: string): string => `${numbers} ${name} 1 0 8 0 1 0 8 0 0 1 1\n`;
  const root = fakeProc({
    'proc/stat': 'cpu 1 2 3 4\nbtime 1\n',
    'proc/diskstats': line('254 0', 'vda') + line('254 1', 'vda1') + line('9 0', 'md0') + line('253 0', 'dm-0'),
    'sys/devices/vda/dev': '254:0\n',
    'sys/devices/vda/vda1/dev': '254:1\n',
    'sys/devices/vda/vda1/partition': '1\n',
    'sys/devices/md0/dev': '9:0\n',
    'sys/devices/md0/slaves/vda1': '->../../vda/vda1',
    'sys/devices/dm-0/slaves/md0': '->../../md0',
    'sys/dev/block/254:1': '->../../devices/vda/vda1',
    'sys/dev/block/9:0': '->../../devices/md0',
    'sys/dev/block/253:0': '->../../devices/dm-0',
  });
  const tables = await readOf(source(join(root, 'proc'), { sysRoot: join(root, 'sys') }));
  for (const family of ['diskio', 'disk']) {
    const rows = tables.find(({ shape }) => shape.name === family)?.rows ?? [];
    expect(rows.map((row) => `${row.dims.values[0]} ${row.shownOnly ?? false}`)).toEqual([
      '/dev/vda false',
      '/dev/md0 true',
      '/dev/dm-0 true',
    ]);
  }
});

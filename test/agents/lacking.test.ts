/** What a kernel does not tell is said at the start, in `plimsoll check` and in the log, with what to do about it. */
import { describe, expect, test } from 'vitest';
import { findMounts } from '../../agents/cgroup/mounts.ts';
import { parseCgroups, seeKernel } from '../../agents/kernelseen.ts';
import { lackingLines, type Seen, whatAndWhy } from '../../agents/lacking.ts';
import { recordedHost } from '../support/fixture.ts';
import { fakeProc } from './reading.ts';
import { join } from 'node:path';

const ALL = new Set(['cpu', 'memory', 'oom', 'pressure', 'diskio', 'pids']);
const FULL: Seen = {
  version: 'v2',
  controllers: new Set(['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']),
  enabled: new Map(),
  cmdline: 'quiet',
  hasPressure: true,
  hasSchedstat: true,
  hasSwap: true,
  filesOf: () => new Set(['memory.current', 'memory.swap.current', 'memory.numa_stat', 'cpu.weight', 'cpu.max']),
};
const without = (...names: string[]): Seen['controllers'] =>
  new Set([...FULL.controllers].filter((name) => !names.includes(name)));

/** /proc/cgroups of a Raspberry Pi 4, whose firmware puts cgroup_disable=memory on the command line. */
const PI_CGROUPS = `#subsys_name\thierarchy\tnum_cgroups\tenabled
cpuset\t0\t64\t1
cpu\t0\t64\t1
cpuacct\t0\t64\t1
blkio\t0\t64\t1
memory\t0\t64\t0
pids\t0\t64\t1
`;

test('a kernel that tells everything: not a word', () => {
  expect(lackingLines(FULL, new Set([...ALL, 'hugetlb', 'cpuset', 'numa', 'sched']))).toEqual([]);
});

test('a Raspberry Pi: the controller and the parameter by name', () => {
  const pi: Seen = {
    ...FULL,
    controllers: without('memory'),
    enabled: parseCgroups(PI_CGROUPS),
    filesOf: () => undefined,
  };
  const [line, ...others] = lackingLines(pi, ALL);
  expect(others).toEqual([]);
  expect(line).toContain('the cgroup controller “memory” is switched off: add cgroup_enable=memory');
  expect(line).toContain('/boot/firmware/cmdline.txt');
  // Where memory is not asked for there is nothing to miss.
  expect(lackingLines(pi, new Set(['cpu']))).toEqual([]);
});

describe.each<[string, Partial<Seen>, readonly string[], string]>([
  [
    'switched off on the command line',
    { controllers: without('pids'), cmdline: 'a cgroup_disable=rdma,pids b' },
    ['pids'],
    'take cgroup_disable=pids out',
  ],
  [
    'not built in',
    { controllers: without('memory') },
    ['memory'],
    'built without CONFIG_MEMCG, or is started without cgroup_enable=memory',
  ],
  [
    'v2 that was not handed down',
    { controllers: without('io'), enabled: new Map([['blkio', true]]) },
    ['diskio'],
    'Delegate=io',
  ],
  [
    'v1 that is not mounted',
    { version: 'v1', controllers: new Set(['memory', 'cpu', 'cpuacct', 'pids']), enabled: new Map([['blkio', true]]) },
    ['diskio'],
    'mount -t cgroup -o blkio blkio',
  ],
  ['v1 without CPU time', { version: 'v1', controllers: new Set(['cpu']) }, ['cpu'], 'CONFIG_CGROUP_CPUACCT'],
  ['no huge pages', { controllers: without('hugetlb') }, ['hugetlb'], 'CONFIG_CGROUP_HUGETLB'],
  ['no pressure', { hasPressure: false }, ['pressure'], 'psi=1'],
  ['no pressure of containers on v1', { version: 'v1' }, ['pressure'], 'systemd.unified_cgroup_hierarchy=1'],
  ['swap that is not counted', { filesOf: () => new Set(['memory.current']) }, ['memory'], 'swapaccount=1'],
  [
    'swap that is not counted on v1',
    { version: 'v1', filesOf: () => new Set(['memory.usage_in_bytes']) },
    ['memory'],
    'swapaccount=1',
  ],
  ['no bandwidth control', { filesOf: () => new Set(['cpu.weight']) }, ['cpu'], 'CONFIG_CFS_BANDWIDTH'],
  ['no scheduler statistics', { hasSchedstat: false }, ['sched'], 'CONFIG_SCHED_INFO'],
  ['no NUMA', { filesOf: () => new Set(['memory.current', 'memory.swap.current']) }, ['numa'], 'Linux 5.8'],
])('%s', (_, lack, families, remedy) => {
  test('one line with the remedy', () => {
    const lines = lackingLines({ ...FULL, ...lack }, new Set(families));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(remedy);
    expect(lines[0]).toMatch(/^absent: .*\.$/);
  });
});

test('without swap there is no swap to count, and without a hierarchy the engine is asked', () => {
  expect(
    lackingLines({ ...FULL, hasSwap: false, filesOf: () => new Set(['memory.current']) }, new Set(['memory'])),
  ).toEqual([]);
  expect(lackingLines({ ...FULL, version: 'none', controllers: new Set() }, ALL)).toEqual([]);
});

test('hybrid: what is on either hierarchy is there', () => {
  const hybrid: Seen = { ...FULL, version: 'hybrid', controllers: new Set(['memory', 'cpu', 'cpuacct', 'io', 'pids']) };
  expect(lackingLines(hybrid, ALL)).toEqual([]);
});

test('as it is read from the kernel’s files', () => {
  const root = fakeProc({
    'proc/cgroups': PI_CGROUPS,
    'proc/cmdline': 'console=tty1 cgroup_disable=memory\n',
    'proc/pressure/cpu': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'proc/meminfo': 'MemTotal: 1 kB\nSwapTotal:        0 kB\n',
    'cg/cgroup.controllers': 'cpuset cpu io pids\n',
    'cg/system.slice/cgroup.procs': '',
    'cg/system.slice/cpu.max': 'max 100000\n',
    'cg/cpu.pressure': '',
  });
  const seen = seeKernel(
    findMounts({ procRoot: join(root, 'proc'), cgroupRoot: join(root, 'cg') }),
    join(root, 'proc'),
  );
  expect(seen).toMatchObject({ version: 'v2', cmdline: 'console=tty1 cgroup_disable=memory', hasPressure: true });
  expect([...seen.controllers]).toEqual(['cpuset', 'cpu', 'io', 'pids']);
  expect([seen.hasSwap, seen.hasSchedstat, seen.enabled.get('memory'), seen.enabled.get('pids')]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect([...(seen.filesOf('cpu') ?? [])]).toEqual(['cgroup.procs', 'cpu.max']);
});

test.each(['v1', 'v2'] as const)('of the recorded %s host nothing is said that is not so', (version) => {
  const host = recordedHost(version, 't1');
  const lines = lackingLines(seeKernel(findMounts(host), host.procRoot), ALL);
  expect(lines.filter((line) => /memory|“/.test(line))).toEqual([]);
});

test('every line is a what and a why, as they are in machine_absent_info', () => {
  const nothing: Seen = {
    ...{ version: 'v2', controllers: new Set(), enabled: new Map(), cmdline: '' },
    ...{ hasPressure: false, hasSchedstat: false, hasSwap: true, filesOf: () => undefined },
  };
  const lines = lackingLines(nothing, new Set([...ALL, 'hugetlb', 'cpuset', 'sched']));
  expect(lines.length).toBeGreaterThan(6);
  for (const line of lines) {
    const [what, why] = whatAndWhy(line);
    expect(`absent: ${what}: ${why}`).toBe(line);
    expect(what).not.toBe('');
  }
  expect(whatAndWhy('absent: containers’ swap: the kernel does not count it; start it with swapaccount=1.')).toEqual([
    'containers’ swap',
    'the kernel does not count it; start it with swapaccount=1.',
  ]);
});

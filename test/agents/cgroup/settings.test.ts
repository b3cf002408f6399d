/**
 * Limits and weights are read when a container is first seen, when anything about it changed, and once a minute: reading them at
 * each tick would be a quarter of all reading. And a file that two families need is read once.
 */
import { appendFileSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import type { CgroupSource } from '../../../agents/cgroup/source.ts';
import type { Container } from '../../../agents/container.ts';
import { copyOfHost, recordedHost } from '../../support/fixture.ts';
import { fakeClock } from '../../support/clock.ts';
import { container, numbersOf, recordedContainers, sourceOf } from './host.ts';

const tick = { timeMs: 0, signal: new AbortController().signal };
const clock = fakeClock();

let host: ReturnType<typeof copyOfHost>;
let web: Container;
let cgroup: CgroupSource;

beforeEach(() => {
  host = copyOfHost('v2', 't1');
  web = recordedContainers(recordedHost('v2', 't1')).find((one) => one.name === 'web') as Container;
  cgroup = sourceOf(findMounts(host), { clock, containers: () => [web] });
});

afterEach(async () => {
  await cgroup.close();
  rmSync(host.dir, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  writeFileSync(join(host.cgroupRoot, `system.slice/docker-${web.id}.scope`, file), text);
}

async function numbers(): Promise<Map<string, number>> {
  return numbersOf(await cgroup.read(tick), 'web');
}

test('a limit set behind the engine’s back is seen within a minute, what is used at once', async () => {
  write('memory.max', '67108864\n');
  const before = await numbers();
  expect(before.get('container_spec_memory_limit_bytes')).toBe(67108864);
  write('memory.max', '134217728\n');
  write('memory.current', '8192\n');
  await clock.advance(59_000);
  const soon = await numbers();
  expect(soon.get('container_memory_usage_bytes')).toBe(8192);
  expect(soon.get('container_spec_memory_limit_bytes')).toBe(67108864);
  await clock.advance(1000);
  expect((await numbers()).get('container_spec_memory_limit_bytes')).toBe(134217728);
});

test('a limit of which the engine tells is seen at once', async () => {
  write('cpu.max', '20000 100000\n');
  expect((await numbers()).get('container_spec_cpu_quota')).toBe(20000);
  write('cpu.max', 'max 100000\n');
  web = { ...web };
  const after = await numbers();
  expect(after.has('container_spec_cpu_quota')).toBe(false);
  // "max" stays absent in the readings between.
  expect((await numbers()).has('container_spec_cpu_quota')).toBe(false);
});

test('a v2 controller switched on later is seen within a minute: its files were missing at first', async () => {
  const unit = join(host.cgroupRoot, 'system.slice/late.service');
  const put = (files: Readonly<Record<string, string>>): void => {
    mkdirSync(unit, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(unit, file), text);
  };
  put({ 'cpu.stat': 'usage_usec 1000000\nuser_usec 1\nsystem_usec 1\n', 'cgroup.stat': 'nr_descendants 0\n' });
  web = container('web', { id: 'x', cgroup: { unified: '/system.slice/late.service', controllers: new Map() } });
  expect((await numbers()).has('container_memory_usage_bytes')).toBe(false);
  put({
    'memory.current': '4096\n',
    'memory.max': '8192\n',
    'pids.current': '3\n',
    'hugetlb.2MB.current': '2097152\n',
  });
  await clock.advance(59_000);
  expect((await numbers()).has('container_memory_usage_bytes')).toBe(false);
  await clock.advance(1000);
  const later = await numbers();
  expect(later.get('container_memory_usage_bytes')).toBe(4096);
  expect(later.get('container_spec_memory_limit_bytes')).toBe(8192);
  expect(later.get('container_threads')).toBe(3);
  expect(later.get('container_hugetlb_usage_bytes{pagesize="2MB"}')).toBe(2097152);
});

test('every reading between has all the settings of the one before', async () => {
  const settings = (all: ReadonlyMap<string, number>) =>
    [...all].filter(([metric]) => /spec|limit|cpuset/.test(metric));
  const first = settings(await numbers());
  expect(first.length).toBeGreaterThan(3);
  expect(settings(await numbers())).toEqual(first);
  expect(settings(await numbers())).toEqual(first);
});

test('memory.events is read once for the two families that need it', async () => {
  write('memory.events', 'low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n');
  const all = await numbers();
  expect(all.get('container_oom_events_total')).toBe(2);
  expect(all.get('container_memory_failcnt')).toBe(7);
});

test('cgroup v1: user and system time of cpuacct.stat; of cpuacct.usage_* only where there is no such file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-v1-'));
  try {
    mkdirSync(join(dir, 'docker/x'), { recursive: true });
    const file = (name: string) => join(dir, 'docker/x', name);
    writeFileSync(file('cpuacct.usage'), '5000000000\n');
    writeFileSync(file('cpuacct.usage_user'), '4000000000\n');
    writeFileSync(file('cpuacct.usage_sys'), '1000000000\n');
    const controllers = new Map([['cpuacct', { mountPoint: dir, root: '/', above: [] }]]);
    const paths = { unified: undefined, controllers: new Map([['cpuacct', '/docker/x']]) };
    const x = container('x', { id: 'x', cgroup: paths });
    const read = async () => {
      const source = sourceOf(
        { version: 'v1', unified: undefined, controllers },
        { containers: () => [x], families: new Set(['cpu']) },
      );
      const all = numbersOf(await source.read(tick), 'x');
      await source.close();
      return [all.get('container_cpu_user_seconds_total'), all.get('container_cpu_system_seconds_total')];
    };
    expect(await read()).toEqual([4, 1]);
    // 350 and 150 ticks of a hundredth of a second.
    appendFileSync(file('cpuacct.stat'), 'user 350\nsystem 150\n');
    expect(await read()).toEqual([3.5, 1.5]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

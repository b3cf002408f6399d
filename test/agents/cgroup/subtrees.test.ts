import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import { createSubtrees } from '../../../agents/cgroup/subtrees.ts';
import { silent } from '../../../src/log.ts';
import { breathe, systemClock } from '../../../src/run/clock.ts';
import { recordedHost } from '../../support/fixture.ts';
import { waitFor } from '../../support/wait.ts';
import { numbersOf, recordedContainers, sourceOf } from './host.ts';

const tick = { timeMs: 0, signal: new AbortController().signal };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-subtrees-'));
  writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory\n');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function cgroups(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, 'memory.current'), '4096\n');
  }
}

function subtrees(patterns: readonly string[], options: { everyTicks?: number; maxUnits?: number } = {}) {
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  return createSubtrees({ mounts, patterns, breathe, log: silent, ...options });
}

async function found(...patterns: string[]): Promise<string[]> {
  const tree = subtrees(patterns);
  await tree.tick();
  return [...tree.units()].map((unit) => unit.entity.key).sort();
}

describe('patterns', () => {
  beforeEach(() => {
    cgroups('system.slice/ssh.service', 'system.slice/cron.service', 'system.slice/x.scope', 'init.scope');
    cgroups('user.slice/user-1000.slice/user@1000.service/app.slice/a.service');
  });

  test.each([
    ['/system.slice/*.service', ['/system.slice/cron.service', '/system.slice/ssh.service']],
    ['/system.slice', ['/system.slice']],
    ['system.slice/ssh.service/', ['/system.slice/ssh.service']],
    ['/*.slice', ['/system.slice', '/user.slice']],
    ['/**/a.service', ['/user.slice/user-1000.slice/user@1000.service/app.slice/a.service']],
    ['/system.slice/?.scope', ['/system.slice/x.scope']],
    ['/system.slice/ssh-service', []],
    ['/nowhere/*', []],
    ['/', []],
    ['/../*', []],
  ])('%s', async (pattern, paths) => {
    expect(await found(pattern)).toEqual(paths);
  });

  test('several that overlap find a cgroup once', async () => {
    expect(await found('/init.scope', '/*.scope', '/**/init.scope')).toEqual(['/init.scope']);
  });
});

test('a unit’s labels: its path, and its name as systemd shows it', async () => {
  cgroups('system.slice/dev-disk\\x2dby.service');
  const tree = subtrees(['/system.slice/*']);
  await tree.tick();
  const [unit] = tree.units();
  expect(unit?.entity).toMatchObject({ kind: 'cgroup', key: '/system.slice/dev-disk\\x2dby.service' });
  expect(unit?.entity.labels.values).toEqual(['/system.slice/dev-disk\\x2dby.service', 'dev-disk\\x2dby.service']);
});

test('a unit keeps its identity from search to search; new and gone ones are noticed', async () => {
  cgroups('a', 'b');
  const tree = subtrees(['/*'], { everyTicks: 1 });
  const keys = (): string[] => [...tree.units()].map((unit) => unit.entity.key).sort();
  await tree.tick();
  const before = [...tree.units()].find((unit) => unit.entity.key === '/b');
  rmSync(join(root, 'a'), { recursive: true });
  cgroups('c');
  await tree.tick();
  await waitFor(() => keys().join() === '/b,/c');
  expect([...tree.units()].find((unit) => unit.entity.key === '/b')).toBe(before);
  await tree.close();
});

test('what a tick has no time for comes first in the next one, and is counted', async () => {
  cgroups(...Array.from({ length: 30 }, (_, i) => `many/${String(i).padStart(2, '0')}`));
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  // Each look at this clock takes 10 ms; each cgroup needs several, and there are 50 ms in any case.
  let now = 0;
  const clock = { ...systemClock, monotonic: () => (now += 10) };
  const source = sourceOf(mounts, { subtrees: subtrees(['/many/*']), clock, budgetMs: 1 });
  const seen: string[][] = [];
  while (new Set(seen.flat()).size < 30) {
    const tables = await source.read(tick);
    seen.push(tables.flatMap(({ shape, rows }) => (shape.name === 'memory' ? rows.map((row) => row.entity.key) : [])));
    expect(seen.at(-1)?.length).toBeGreaterThan(0);
    expect(seen.length).toBeLessThan(31);
  }
  // One after the other, nobody twice before all have been read once.
  expect(new Set(seen.flat().slice(0, 30)).size).toBe(30);
  expect(source.counts.putOff).toBe(seen.reduce((sum, read) => sum + 30 - read.length, 0));
  await source.close();
});

test('more than the limit are left out, and counted', async () => {
  cgroups(...Array.from({ length: 12 }, (_, i) => `many/${i}`));
  const tree = subtrees(['/many/*'], { maxUnits: 10 });
  await tree.tick();
  expect([[...tree.units()].length, tree.leftOut]).toEqual([10, 2]);
});

test('the source reads units beside containers, and a container’s cgroup only as the container', async () => {
  const host = recordedHost('v2', 't1');
  const mounts = findMounts(host);
  const units = createSubtrees({ mounts, patterns: ['/system.slice/*'], breathe, log: silent });
  const containers = recordedContainers(host);
  const source = sourceOf(mounts, { containers: () => containers, subtrees: units });
  const tables = await source.read(tick);
  const memory = tables.find((table) => table.shape.name === 'memory');
  expect(memory?.rows.map((row) => row.entity.kind).sort()).toEqual([
    ...containers.map(() => 'cgroup').slice(0, 2),
    ...containers.map(() => 'container'),
  ]);
  // docker.service at t1: memory.current 137273344, inactive_file 14553088; cpu.stat usage_usec 133829416.
  const docker = numbersOf(tables, 'docker.service');
  expect(docker.get('container_memory_working_set_bytes')).toBe(122720256);
  expect(docker.get('container_cpu_usage_seconds_total{cpu="total"}')).toBe(133.829416);
  await source.close();
});

test('a container that is excluded or keeps itself out is no unit either, nor is anything in it', async () => {
  const [ignored, other] = ['c'.repeat(64), 'd'.repeat(64)];
  cgroups(
    `system.slice/docker-${ignored}.scope/init.scope`,
    `system.slice/docker-${other}.scope`,
    'system.slice/a.scope',
  );
  cgroups(`system.slice/docker-${ignored}.scope`);
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  const known = new Set([ignored]);
  const source = sourceOf(mounts, { subtrees: subtrees(['/system.slice/**']), isIgnored: (id) => known.has(id) });
  const read = async (): Promise<(string | undefined)[]> => {
    const memory = (await source.read(tick)).find((table) => table.shape.name === 'memory');
    return memory?.rows.map((row) => row.labels.values[1]).sort() ?? [];
  };
  expect(await read()).toEqual(['a.scope', `docker-${other}.scope`]);
  // Since the last search the other one was told to stay out, too.
  known.add(other);
  expect(await read()).toEqual(['a.scope']);
  await source.close();
});

/**
 * A container that crun runs below systemd, as Podman on Debian 12 has it: its scope has no limits, all of them are on the cgroup
 * `container` below. Seen on a real host: crun 1.8.1, Podman 4.3.1, kernel 6.1.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import { createSubtrees } from '../../../agents/cgroup/subtrees.ts';
import { silent } from '../../../src/log.ts';
import { breathe } from '../../../src/run/clock.ts';
import { container, numbersOf, sourceOf } from './host.ts';

const ID = 'f2'.repeat(32);
const SCOPE = `/machine.slice/libpod-${ID}.scope`;
const tick = { signal: new AbortController().signal } as const;
let root: string;

function write(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, path, name), `${text}\n`);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-crun-'));
  write('.', { 'cgroup.controllers': 'cpu memory pids' });
  write(SCOPE, {
    'cpu.max': 'max 100000',
    'cpu.stat': 'usage_usec 1149473\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0',
    'memory.max': 'max',
    'memory.swap.max': 'max',
    'memory.current': '400000',
    'pids.max': '3546',
  });
  write(`${SCOPE}/container`, {
    'cpu.max': '10000 100000',
    'cpu.stat': 'usage_usec 851110\nnr_periods 85\nnr_throttled 81\nthrottled_usec 6073493',
    'memory.max': '67108864',
    'memory.swap.max': '67108864',
    'memory.current': '237568',
    'pids.max': '50',
  });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('limits and throttling of a container that crun runs are those of its cgroup `container`, and its scope is not another cgroup', async () => {
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  const cgroup = { unified: `${SCOPE}/container`, controllers: new Map<string, string>() };
  const subtrees = createSubtrees({ mounts, patterns: ['/machine.slice/**'], breathe, log: silent });
  const source = sourceOf(mounts, { containers: () => [container('burner', { id: ID, cgroup })], subtrees });
  const tables = await source.read({ ...tick } as Parameters<typeof source.read>[0]);
  const burner = numbersOf(tables, 'burner');
  expect(
    Object.fromEntries([...burner].filter(([name]) => /quota|cores|periods|limit|_max$|usage_bytes/.test(name))),
  ).toEqual({
    container_spec_cpu_quota: 10000,
    container_spec_cpu_limit_cores: 0.1,
    container_cpu_cfs_periods_total: 85,
    container_cpu_cfs_throttled_periods_total: 81,
    container_memory_usage_bytes: 237568,
    container_spec_memory_limit_bytes: 67108864,
    container_spec_memory_swap_limit_bytes: 67108864,
    container_threads_max: 50,
  });
  expect(new Set(tables.flatMap(({ rows }) => rows.map(({ entity }) => entity.kind)))).toEqual(new Set(['container']));
  await source.close();
});

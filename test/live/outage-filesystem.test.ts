/**
 * File systems hang, as those of a server that has gone do: one of them, then five, one of them a container's volume. What they hold is
 * absent and counted; everything else goes on, and the agent ends when it is told to.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { type Hanging, mountHanging } from '../support/hanging.ts';
import { requirePrograms } from '../support/install.ts';
import { type Page, pageOf } from '../support/page.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

/** More than the four threads that a process of Node has for file work. */
const COUNT = 5;
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';

let dockerd: Dockerd;
let mounts: Hanging[];
let volume: Hanging;
let stage: AgentStage;
let collector: Program;
/** The machine's own file systems and what containers take, before anything hangs. */
let healthy: string[];

beforeAll(async () => {
  requirePrograms('bindfs');
  dockerd = await startDockerd();
  mounts = [];
  for (let i = 0; i < COUNT; i++) mounts.push(await mountHanging(dockerd.pid));
  volume = mounts[COUNT - 1] as Hanging;
  const inside = ['nsenter', '-t', String(dockerd.pid), '-m'];
  // The agent lists the mounts of the machine's first process: in there, those of the engine's namespace.
  execFileSync('nsenter', [
    ...inside.slice(1),
    'mount',
    '--bind',
    `/proc/${dockerd.pid}/mountinfo`,
    '/proc/1/mountinfo',
  ]);
  const bind = ['--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${volume.point}`];
  await dockerd.docker('volume', 'create', ...bind, 'served');
  await dockerd.run({ name: 'on-served', flags: ['-v', 'served:/data'], script: STAY });
  await dockerd.run({ name: 'on-disk', flags: ['-v', 'disk:/data'], script: STAY });
  const port = await freePort();
  collector = await startProgram({
    command: 'collector',
    config: { collector: { listen: `127.0.0.1:${port}`, window: '1s', lateness: '1s' } },
  });
  stage = await startAgentStage(
    {
      engines: [`unix://${dockerd.socket}`],
      filesystem: { interval: '1s', volumes: true },
      // By name, so that a thread is needed to find it.
      push: { url: `http://localhost:${port}` },
    },
    { become: inside },
  );
  const page = await stage.until(
    'agent',
    (p) => shown(p).length === COUNT && volumes(p).length === 2 && layers(p).length === 2 && p,
    'all',
  );
  healthy = others(page);
  expect(healthy.length).toBeGreaterThan(0);
});

afterAll(async () => {
  for (const mount of mounts ?? []) mount.wake();
  await stage?.stop();
  await collector?.stop();
  await dockerd?.remove();
  for (const mount of mounts ?? []) await mount.stop();
  await dockerd?.stop();
});

const devices = (page: Page): string[] =>
  page.all('container_fs_usage_bytes', { id: '/' }).map(({ labels }) => labels.get('device') ?? '');
/** Those of ours that have a size now. */
const shown = (page: Page): string[] =>
  devices(page).filter((device) => mounts.some((mount) => mount.device === device));
const others = (page: Page): string[] =>
  devices(page)
    .filter((device) => !shown(page).includes(device))
    .sort();
const volumes = (page: Page): string[] => page.labelValues('container_volume_usage_bytes', 'volume');
const layers = (page: Page): string[] =>
  page.labelValues('container_fs_usage_bytes', 'name').filter((name) => name.startsWith('on-'));
const lost = (page: Page, reason: string): number =>
  page.sum('plimsoll_source_losses_total', { source: 'filesystem', reason }) ?? 0;
const ticks = (page: Page): number => page.value('plimsoll_agent_ticks_total');
const missed = (page: Page): number => page.value('plimsoll_agent_ticks_missed_total');

/** For some ticks: none is missed, and what does not hang keeps its series in each of them. */
async function expectTheRestGoesOn(): Promise<void> {
  const before = await stage.page();
  const seen = new Set<string>();
  const after = await stage.until(
    'agent',
    (page) => {
      const containers = page.labelValues('container_memory_rss', 'name').filter((name) => name.startsWith('on-'));
      const disk = volumes(page).filter((name) => name === 'disk');
      seen.add([...others(page), ...layers(page), ...disk, ...containers].join(' '));
      return ticks(page) >= ticks(before) + 8 && page;
    },
    'eight ticks',
  );
  const both = ['on-disk', 'on-served'];
  expect([...seen]).toEqual([[...healthy, ...both, 'disk', ...both].join(' ')]);
  expect(missed(after)).toBe(missed(before));
}

test('one hangs: it alone is absent, and is back when it wakes up', async () => {
  const [one] = mounts as [Hanging];
  one.hang();
  await stage.until('agent', (page) => !shown(page).includes(one.device), 'its absence');
  await expectTheRestGoesOn();
  const page = await stage.page();
  expect(shown(page)).toHaveLength(COUNT - 1);
  expect(lost(page, 'hung')).toBeGreaterThan(0);
  one.wake();
  await stage.until('agent', (p) => shown(p).length === COUNT, 'its return');
});

test('a container’s volume hangs: the volume alone is absent', async () => {
  volume.hang();
  await stage.until('agent', (page) => !volumes(page).includes('served'), 'its absence');
  await expectTheRestGoesOn();
  const page = await stage.page();
  expect(lost(page, 'walk_hung')).toBeGreaterThan(0);
  volume.wake();
  await stage.until('agent', (p) => volumes(p).includes('served') && shown(p).length === COUNT, 'its return');
});

test('more hang than there are threads: files, names of hosts and the engine are still asked', async () => {
  for (const mount of mounts) mount.hang();
  await stage.until('agent', (page) => shown(page).length === 0 && !volumes(page).includes('served'), 'their absence');
  await expectTheRestGoesOn();
  // The engine: a newcomer and its name.
  await dockerd.run({ name: 'newcomer', script: STAY });
  await stage.until('agent', (page) => page.all('container_memory_rss', { name: 'newcomer' }).length === 1, 'newcomer');
  // Files: what a volume takes grows.
  const room = (page: Page): number => page.value('container_volume_usage_bytes', { volume: 'disk' });
  const before = room(await stage.page());
  await dockerd.docker('exec', 'on-disk', 'dd', 'if=/dev/zero', 'of=/data/file', 'bs=1M', 'count=3');
  await stage.until('agent', (page) => room(page) >= before + 3 * 1024 * 1024, 'three mebibytes more');
  // Names of hosts: the collector is found anew by its name when it has been away.
  await collector.end();
  await collector.start();
  const arrived = async (): Promise<boolean> =>
    pageOf(await collector.metrics('containers')).all('container_memory_rss', { name: 'newcomer' }).length === 1;
  await waitFor(arrived, { timeoutMs: 60_000, what: 'a batch at the collector' });
  for (const mount of mounts) mount.wake();
  await stage.until('agent', (page) => shown(page).length === COUNT && volumes(page).length === 2, 'their return');
});

test('told to end while they hang, it ends', async () => {
  for (const mount of mounts) mount.hang();
  await stage.until('agent', (page) => shown(page).length === 0, 'their absence');
  process.kill(stage.program.pid, 'SIGTERM');
  await waitFor(() => stage.program.pid === 0, { timeoutMs: 60_000, what: 'its end' });
  expect(stage.program.log()).toContain('ending without it');
});

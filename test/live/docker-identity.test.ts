/** Identity against a real Docker Engine: states, names over its restart, short lives, hostile names. Expected values are docker's own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cgroupPathsOf } from '../../agents/cgroup/locate.ts';
import { createInventory, type Inventory } from '../../agents/docker/inventory.ts';
import type { ContainerEvent } from '../../agents/docker/register.ts';
import type { Container } from '../../agents/container.ts';
import { silent } from '../../src/log.ts';
import { labelValue } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { IMAGE } from '../support/engine.ts';
import { waitFor } from '../support/wait.ts';

const SLEEP = 'trap "exit 0" TERM; sleep 100000 & wait';

interface Told {
  readonly event: ContainerEvent;
  readonly container: Container;
  readonly exitCode: string | undefined;
}

let dockerd: Dockerd;
let inventory: Inventory;
const told: Told[] = [];

beforeAll(async () => {
  dockerd = await startDockerd({ flags: ['--live-restore'] });
  inventory = createInventory({
    endpoint: { socketPath: dockerd.socket },
    labelAllow: ['*'],
    envAllow: ['TEAM*'],
    locate: (pid) => cgroupPathsOf('/proc', pid),
    clock: systemClock,
    log: silent,
  });
  inventory.onChange((container, event, attributes) => {
    told.push({ container, event, exitCode: attributes.get('exitCode') });
  });
  await inventory.start();
});

afterAll(async () => {
  await inventory?.close();
  await dockerd?.stop();
});

function byName(name: string): Container | undefined {
  return [...inventory.containers().values()].find((c) => c.name === name);
}

function toldOf(name: string): string[] {
  return told
    .filter((t) => t.container.name === name)
    .map((t) => `${t.event}${t.exitCode === undefined ? '' : ` ${t.exitCode}`}`);
}

test('running, paused, stopped, restarting and never started are told apart', async () => {
  await dockerd.run({ name: 'runs', script: SLEEP });
  await dockerd.run({ name: 'pauses', script: SLEEP });
  await dockerd.docker('pause', 'pauses');
  await dockerd.run({ name: 'stops', script: 'exit 4' });
  await dockerd.docker('create', '--name', 'waits', IMAGE, 'true');
  await dockerd.run({ name: 'loops', flags: ['--restart', 'always'], script: 'exit 6' });

  await waitFor(() => byName('runs')?.state === 'running');
  await waitFor(() => byName('pauses')?.state === 'paused');
  await waitFor(() => byName('stops')?.state === 'exited');
  await waitFor(() => byName('waits')?.state === 'created');
  await waitFor(() => byName('loops')?.state === 'restarting', { timeoutMs: 30_000 });
  await dockerd.docker('rm', '-f', 'loops');
  await waitFor(() => byName('loops') === undefined);
  await dockerd.docker('unpause', 'pauses');
  await waitFor(() => byName('pauses')?.state === 'running');
  await dockerd.docker('rename', 'pauses', 'renamed');
  await waitFor(() => byName('renamed')?.state === 'running');
});

test('a running container has the pid, start and cgroup that the kernel and docker say', async () => {
  const runs = await waitFor(() => byName('runs'));
  expect(runs.pid).toBe(Number(await dockerd.field('runs', '.State.Pid')));
  expect(runs.entity.startMs).toBe(Date.parse(await dockerd.field('runs', '.State.StartedAt')));
  expect(runs.cgroup).toEqual(cgroupPathsOf('/proc', runs.pid));
  expect(labelValue(runs.entity.labels, 'id')).toContain(runs.id);
  expect(labelValue(runs.entity.labels, 'image')).toBe(IMAGE);
  // Computed for one that does not run, it must be of the same form.
  const waits = await waitFor(() => byName('waits'));
  expect(labelValue(waits.entity.labels, 'id')).toBe(labelValue(runs.entity.labels, 'id')?.replace(runs.id, waits.id));
});

test('names survive a restart of the engine, and what happened meanwhile is known afterwards', async () => {
  const runs = await waitFor(() => byName('runs'));
  await dockerd.kill();
  await waitFor(() => !inventory.status().connected);
  expect(byName('runs')).toBe(runs);
  expect(inventory.alive(runs)).toBe(true);
  process.kill(Number(byName('renamed')?.pid), 'SIGKILL');
  await waitFor(() => !inventory.alive(byName('renamed') as Container));
  await dockerd.start();
  await waitFor(() => inventory.status().connected, { timeoutMs: 60_000 });
  await waitFor(() => byName('renamed')?.state === 'exited', { timeoutMs: 30_000 });
  expect(byName('runs')?.entity).toBe(runs.entity);
  expect(toldOf('renamed').filter((t) => t.startsWith('die'))).toHaveLength(1);
});

test('a container of a blink leaves its name and exit code', async () => {
  for (let i = 0; i < 5; i++) {
    // docker run ends with the container's own code.
    const command = ['run', '--rm', '--name', `blink-${i}`, IMAGE, 'sh', '-c', `exit ${i + 10}`];
    await dockerd.docker(...command).catch(() => '');
  }
  for (let i = 0; i < 5; i++) {
    await waitFor(() => toldOf(`blink-${i}`).includes(`die ${i + 10}`));
    await waitFor(() => byName(`blink-${i}`) === undefined);
  }
});

test('health is followed: starting, then healthy', async () => {
  const health = ['--health-cmd', 'test -e /tmp/up', '--health-interval', '1s', '--health-retries', '1000'];
  await dockerd.run({ name: 'checked', flags: health, script: SLEEP });
  await waitFor(() => (byName('checked')?.details as { health?: string })?.health === 'starting');
  await dockerd.docker('exec', 'checked', 'touch', '/tmp/up');
  await waitFor(() => (byName('checked')?.details as { health?: string })?.health === 'healthy', { timeoutMs: 30_000 });
});

test('hostile labels and variables arrive as they are', async () => {
  const flags = [
    '--label',
    '__proto__=x',
    '--label',
    'quote="a\\b\nc',
    '--label',
    'constructor=y',
    '--env',
    'TEAM_X=a=b',
  ];
  await dockerd.run({ name: 'hostile', flags, script: SLEEP });
  const { labels } = (await waitFor(() => byName('hostile'))).entity;
  expect(labelValue(labels, 'container_label___proto__')).toBe('x');
  expect(labelValue(labels, 'container_label_constructor')).toBe('y');
  expect(labelValue(labels, 'container_label_quote')).toBe('"a\\b\nc');
  expect(labelValue(labels, 'container_env_team_x')).toBe('a=b');
});

test('the engine is asked once per change, not per container and tick', async () => {
  const before = inventory.counts();
  // Nothing is awaited but the absence of questions, while a health check runs three times.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(inventory.counts().inspects).toBe(before.inspects);
});

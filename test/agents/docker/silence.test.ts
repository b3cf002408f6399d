/** An engine that says less than it should: nothing about itself, or nothing at all. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CgroupPaths } from '../../../agents/container.ts';
import type { Inventory, InventoryOptions } from '../../../agents/docker/inventory.ts';
import { stateSource } from '../../../agents/docker/state.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { type TalkingLog, talkingLog } from '../../support/talkinglog.ts';
import { waitFor } from '../../support/wait.ts';
import { numbersOf } from '../cgroup/host.ts';
import { event, put, watch } from './watched.ts';

const INFO = { Name: 'fake', CgroupDriver: 'systemd', CgroupVersion: '2', Driver: 'overlay2', DockerRootDir: '/d' };
let engine: FakeEngine;
let inventory: Inventory;
let log: TalkingLog;

beforeEach(() => {
  engine = fakeEngine();
  log = talkingLog();
});

afterEach(async () => {
  await inventory.close();
  await engine.close();
});

async function start(options: Partial<InventoryOptions> = {}): Promise<void> {
  await engine.start();
  inventory = watch(engine, { log, ...options });
  await inventory.start();
}

describe('an engine that does not tell about itself', () => {
  const ways: [string, () => void, () => void][] = [
    ['info hangs', () => (engine.hang = (path) => path === '/info'), () => (engine.hang = () => false)],
    ['info is refused', () => engine.answers.delete('/info'), () => engine.answers.set('/info', INFO)],
  ];

  test.each(ways)('%s: containers come all the same, and what it tells later is taken', async (_, silence, speak) => {
    engine.answers.set('/info', INFO);
    put(engine, 'web');
    silence();
    await start({ callTimeoutMs: 1000 });
    expect(inventory.status()).toMatchObject({ connected: true, version: '20.10.24', cgroupDriver: '' });
    expect(inventory.containers().get('web')).toMatchObject({ state: 'running', pid: 100 });
    put(engine, 'late');
    engine.send(event('late', 'start'));
    await waitFor(() => inventory.containers().has('late'));
    const asked = () => engine.requests.filter((url) => url === '/info').length;
    await waitFor(() => asked() >= 3);
    expect(log.warned).toEqual(['the engine does not tell about itself; it is asked again']);
    expect(inventory.status().connected).toBe(true);
    speak();
    await waitFor(() => inventory.status().cgroupDriver === 'systemd');
    expect(inventory.status()).toMatchObject({ connected: true, name: 'fake', rootDir: '/d' });
    expect(inventory.counts().reconnects).toBe(0);
  });

  test('what it told before a reconnect stays', async () => {
    engine.answers.set('/info', INFO);
    await start();
    engine.answers.delete('/info');
    engine.cut();
    await waitFor(() => inventory.counts().reconnects === 1 && inventory.status().connected);
    expect(inventory.status().cgroupDriver).toBe('systemd');
  });
});

describe('an engine that hangs', () => {
  const TICK = { timeMs: 0, signal: new AbortController().signal };

  test('speaks for no process that has gone: that it runs is not said on its word', async () => {
    put(engine, 'web');
    put(engine, 'elsewhere', { Pid: 200 });
    let there = true;
    let looked = 0;
    const paths: CgroupPaths = { unified: '/docker/web', controllers: new Map() };
    await start({
      callTimeoutMs: 60_000,
      timing: { pulseMs: 60_000, quietMs: 1000 },
      locate(pid) {
        looked++;
        return there && pid === 100 ? paths : undefined;
      },
    });
    const source = stateSource({ inventory, clock: systemClock });
    const seen = async (name: string) => numbersOf(await source.read(TICK), name).has('container_last_seen');
    // While it answers pings no process is looked for, however quiet it is.
    await waitFor(() => engine.requests.filter((url) => url === '/_ping').length >= 3);
    const before = looked;
    expect(await seen('web')).toBe(true);
    expect(looked).toBe(before);
    there = false;
    engine.hang = () => true;
    await waitFor(async () => !(await seen('web')));
    expect(inventory.status().connected).toBe(true);
    // Nobody else can say anything about a process that is not to be seen from here.
    expect(await seen('elsewhere')).toBe(true);
  });

  test('and whose containers run on is not doubted', async () => {
    put(engine, 'web');
    const paths: CgroupPaths = { unified: '/docker/web', controllers: new Map() };
    let looked = 0;
    await start({
      callTimeoutMs: 60_000,
      timing: { pulseMs: 60_000, quietMs: 50 },
      locate() {
        looked++;
        return paths;
      },
    });
    engine.hang = () => true;
    const web = inventory.containers().get('web');
    const before = looked;
    await waitFor(() => web && inventory.alive(web) && looked > before);
    expect(web && inventory.alive(web)).toBe(true);
  });
});

/** The inventory over recorded hosts and a controllable engine: what a user would see of names, states and an engine's absence. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInventory, type Inventory, type InventoryOptions } from '../../../agents/docker/inventory.ts';
import { cgroupPathsOf } from '../../../agents/cgroup/locate.ts';
import { silent } from '../../../src/log.ts';
import { labelValue } from '../../../src/model/labels.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { answerAs, type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { recordedEvents, recordedHost } from '../../support/fixture.ts';
import { waitFor } from '../../support/wait.ts';

const DEFAULT_LABELS = [
  'com.docker.compose.project',
  'com.docker.compose.service',
  'io.kubernetes.pod.name',
  'io.kubernetes.pod.namespace',
  'io.kubernetes.pod.uid',
  'io.kubernetes.container.name',
];

let engine: FakeEngine;
let open: Inventory[];

beforeEach(() => {
  engine = fakeEngine();
  open = [];
});

afterEach(async () => {
  for (const inventory of open) await inventory.close();
  await engine.close();
});

function inventoryOf(options: Partial<InventoryOptions> = {}): Inventory {
  const made = createInventory({
    endpoint: { socketPath: engine.socket },
    labelAllow: DEFAULT_LABELS,
    envAllow: [],
    locate: () => undefined,
    clock: systemClock,
    log: silent,
    callTimeoutMs: 1500,
    timing: { pulseMs: 200, retryFirstMs: 10, retryMaxMs: 40 },
    ...options,
  });
  open.push(made);
  return made;
}

function named(inventory: Inventory, name: string) {
  const found = [...inventory.containers().values()].find((c) => c.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

/** A minimal inspection, as the Engine writes it. */
function inspection(id: string, name: string, state: object, more: object = {}): object {
  return {
    Id: id,
    Name: `/${name}`,
    State: { Status: 'running', Pid: 100, StartedAt: '2026-01-01T00:00:00Z', ...state },
    ...more,
  };
}

function put(id: string, name: string, state: object = {}, more: object = {}): void {
  engine.answers.set(`/containers/${id}/json`, inspection(id, name, state, more));
  const list = (engine.answers.get('/containers/json') as { Id: string }[]).filter((c) => c.Id !== id);
  const status = (state as { Status?: string }).Status ?? 'running';
  engine.answers.set('/containers/json', [...list, { Id: id, Names: [`/${name}`], State: status }]);
}

function event(id: string, Action: string, Attributes: object = {}, timeNano = Date.now() * 1e6): object {
  return { Type: 'container', Action, Actor: { ID: id, Attributes }, time: Math.floor(timeNano / 1e9), timeNano };
}

describe('a recorded host', () => {
  test.each(['v1', 'v2'] as const)('%s: names, states and labels are those of docker ps', async (version) => {
    const host = recordedHost(version, 't1');
    answerAs(engine, host);
    await engine.start();
    const inventory = inventoryOf({ callTimeoutMs: 10_000, locate: (pid) => cgroupPathsOf(host.procRoot, pid) });
    await inventory.start();

    expect(inventory.status()).toMatchObject({ connected: true, version: '20.10.24+dfsg1', apiVersion: '1.41' });
    expect(inventory.containers().size).toBe(12);
    const states = Object.fromEntries([...inventory.containers().values()].map((c) => [c.name, c.state]));
    expect(states).toMatchObject({
      web: 'running',
      paused: 'paused',
      exits: 'exited',
      neverstarted: 'created',
      db: 'running',
    });

    const web = named(inventory, 'web');
    expect(web.entity).toMatchObject({ key: host.idOf('web'), kind: 'container' });
    expect(Object.fromEntries(web.entity.labels.names.map((n, i) => [n, web.entity.labels.values[i]]))).toEqual({
      id: version === 'v1' ? `/docker/${web.id}` : `/system.slice/docker-${web.id}.scope`,
      name: 'web',
      image: 'demo/web:1.0',
      container_label_com_docker_compose_project: 'shop',
      container_label_com_docker_compose_service: 'web',
    });
    const pod = named(inventory, 'k8s_app_pod-a_default_0000-1111_0').entity.labels;
    expect(labelValue(pod, 'container_label_io_kubernetes_pod_name')).toBe('pod-a');
    // Never started: no process to look at, so the path is the one its engine would give it.
    const never = named(inventory, 'neverstarted');
    expect(never).toMatchObject({ pid: 0, cgroup: undefined });
    expect(never.entity.startMs).toBe(0);
    expect(labelValue(never.entity.labels, 'id')).toBe(
      version === 'v1' ? `/docker/${never.id}` : `/system.slice/docker-${never.id}.scope`,
    );
  });

  test("shared and host networks are not the container's own, no network is", async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    await engine.start();
    const inventory = inventoryOf({ callTimeoutMs: 10_000 });
    await inventory.start();
    const own = ['web', 'db', 'nonet', 'twonets', 'hostnet', 'sharednet'].map((n) => named(inventory, n).ownNetwork);
    expect(own).toEqual([true, true, true, true, false, false]);
  });

  test("its event stream costs no question for health checks' execs", async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    await engine.start();
    const inventory = inventoryOf({ callTimeoutMs: 10_000 });
    await inventory.start();
    const before = inventory.counts().inspects;
    const execs = recordedEvents('v1').filter((e) => String((e as { Action: string }).Action).startsWith('exec_'));
    for (const exec of execs) engine.send({ ...(exec as object), timeNano: Date.now() * 1e6 });
    await waitFor(() => inventory.counts().events >= execs.length);
    expect(execs.length).toBe(37);
    expect(inventory.counts().inspects).toBe(before);
    expect(engine.requests.find((url) => url.startsWith('/events'))).toContain('health_status');
  });

  test('at most four containers are asked about at once', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    engine.holdMs = 250;
    await engine.start();
    const inventory = inventoryOf({ callTimeoutMs: 10_000 });
    await inventory.start();
    expect(engine.mostAtOnce).toBe(4);
    expect(inventory.counts().inspects).toBe(12);
  });
});

describe('events', () => {
  test('a container that comes, dies and goes is told of, with its exit code', async () => {
    await engine.start();
    const inventory = inventoryOf({ locate: () => ({ unified: '/docker/a', controllers: new Map() }) });
    const told: unknown[] = [];
    inventory.onChange((c, what, attributes) => told.push([what, c.name, c.pid, attributes.get('exitCode')]));
    await inventory.start();
    put('a', 'job', { Pid: 77 });
    engine.send(event('a', 'start'));
    await waitFor(() => told.length === 1);
    engine.send(event('a', 'die', { exitCode: '3', name: 'job' }));
    put('a', 'job', { Status: 'exited', Pid: 0, ExitCode: 3 });
    await waitFor(() => inventory.counts().inspects === 2 && told.length >= 3);
    engine.send(event('a', 'destroy'));
    await waitFor(() => inventory.containers().size === 0);
    expect(told).toEqual([
      ['start', 'job', 77, undefined],
      // As it was while it ran: its last numbers can still be looked for.
      ['die', 'job', 77, '3'],
      ['update', 'job', 0, undefined],
      ['gone', 'job', 0, undefined],
    ]);
  });

  test('one that is gone before it could be inspected still leaves its name and exit code', async () => {
    await engine.start();
    const inventory = inventoryOf();
    const told: unknown[] = [];
    inventory.onChange((c, what, attributes) => told.push([what, c.name, attributes.get('exitCode')]));
    await inventory.start();
    engine.send(event('x', 'die', { exitCode: '9', name: 'flash', image: 'i' }));
    await waitFor(() => told.length > 0);
    expect(told).toEqual([['die', 'flash', '9']]);
  });

  test('an end is told once per run, however it is heard', async () => {
    put('a', 'job', { Pid: 7 });
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    const told: string[] = [];
    inventory.onChange((_, what) => told.push(what));
    // Seen in an inspection first, told by its event afterwards.
    put('a', 'job', { Status: 'exited', Pid: 0, ExitCode: 1 });
    engine.send(event('a', 'update'));
    await waitFor(() => told.includes('die'));
    engine.send(event('a', 'die', { exitCode: '1' }));
    // Two more runs, too short for any inspection to see them.
    for (let run = 0; run < 2; run++) {
      engine.send(event('a', 'start'));
      engine.send(event('a', 'die', { exitCode: '2' }));
    }
    await waitFor(() => inventory.counts().events === 6);
    expect(told.filter((what) => what === 'die')).toHaveLength(3);
  });

  test('a burst about one container is one question', async () => {
    put('a', 'web');
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    for (const action of ['pause', 'unpause', 'rename', 'update', 'health_status: healthy'])
      engine.send(event('a', action));
    put('a', 'renamed');
    await waitFor(() => inventory.containers().get('a')?.name === 'renamed');
    expect(inventory.counts().inspects).toBe(2);
  });

  test('identity stays the same object while only the health changes', async () => {
    put('a', 'web', { Health: { Status: 'starting', FailingStreak: 0 } });
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    const before = inventory.containers().get('a');
    put('a', 'web', { Health: { Status: 'healthy', FailingStreak: 0 } });
    engine.send(event('a', 'health_status: healthy'));
    const after = await waitFor(() => inventory.containers().get('a') !== before && inventory.containers().get('a'));
    expect(after.entity).toBe(before?.entity);
  });

  test('garbage between events is counted and costs nothing; a name of many bytes may arrive in pieces', async () => {
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    put('a', 'größe-☃-𝛑');
    const line = Buffer.from(`${JSON.stringify(event('a', 'start', { name: 'größe-☃-𝛑' }))}\n`);
    engine.write('{"half":\nnot json\n[1,2]\n"text"\n{}\n');
    // A single piece per byte cuts every character that can be cut.
    for (const byte of line) engine.write(Buffer.of(byte));
    await waitFor(() => inventory.containers().get('a'));
    expect(inventory.containers().get('a')?.name).toBe('größe-☃-𝛑');
    // `{"half":` and `not json`; the others are JSON, but no events.
    expect(inventory.counts()).toMatchObject({ garbage: 2, events: 1, reconnects: 0 });
  });
});

describe('an engine that is away', () => {
  test('is named in plain words, and found when it comes', async () => {
    const inventory = inventoryOf();
    await inventory.start();
    expect(inventory.status()).toMatchObject({ connected: false, lastReason: 'missing' });
    expect(inventory.status().lastError).toContain(`there is no socket at unix://${engine.socket}`);
    put('a', 'late');
    await engine.start();
    await waitFor(() => inventory.containers().get('a')?.name === 'late');
    expect(inventory.status()).toMatchObject({ connected: true, lastError: '' });
  });

  test('names survive its restart; what changed meanwhile is made up for', async () => {
    put('a', 'stays', { Pid: 1 });
    put('b', 'ends', { Pid: 2 });
    put('c', 'goes', { Pid: 3 });
    put('d', 'restarts', { Pid: 4 });
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    const stays = inventory.containers().get('a');
    const told: unknown[] = [];
    inventory.onChange((c, what, attributes) => told.push([what, c.name, attributes.get('exitCode')]));
    await engine.stop();
    await waitFor(() => !inventory.status().connected);
    expect([...inventory.containers().values()].map((c) => c.name)).toEqual(['stays', 'ends', 'goes', 'restarts']);

    engine.answers.set('/containers/json', []);
    put('a', 'stays', { Pid: 1 });
    put('b', 'ends', { Status: 'exited', Pid: 0, ExitCode: 5 });
    put('d', 'restarts', { Pid: 44, StartedAt: '2026-01-02T00:00:00Z' });
    put('e', 'new', { Pid: 5 });
    await engine.start();
    await waitFor(() => inventory.containers().get('e'));
    expect(inventory.containers().get('a')).toBe(stays);
    expect([...inventory.containers().keys()].sort()).toEqual(['a', 'b', 'd', 'e']);
    expect(told).toEqual([
      ['die', 'goes', undefined],
      ['gone', 'goes', undefined],
      ['die', 'ends', '5'],
      ['die', 'restarts', undefined],
      ['start', 'restarts', undefined],
      ['start', 'new', undefined],
    ]);
    expect(inventory.counts().reconnects).toBe(1);
  });

  test('an event that was told while the stream was down is asked for again', async () => {
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    engine.send(event('x', 'create', {}, Number(1_800_000_000_123_456_768n)));
    await waitFor(() => inventory.counts().events === 1);
    engine.cut();
    await waitFor(() => inventory.counts().reconnects === 1);
    // The last event's time, less a microsecond, because times are exact to 256 ns.
    expect(engine.requests.filter((url) => url.startsWith('/events')).at(-1)).toContain('since=1800000000.123455768');
  });

  test('one that hangs at once lets the start go on, and says so', async () => {
    engine.hang = () => true;
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    expect(inventory.status()).toMatchObject({ connected: false, lastReason: 'timeout' });
    expect(inventory.counts().apiErrors.get('version')).toBeGreaterThan(0);
    engine.hang = () => false;
    await waitFor(() => inventory.status().connected);
  });

  test('one that stops answering is noticed by its silence; containers stay', async () => {
    put('a', 'web');
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    engine.hang = (path) => path !== '/events';
    await waitFor(() => !inventory.status().connected);
    expect(inventory.status().lastError).toContain('did not answer ping');
    expect(inventory.containers().get('a')?.name).toBe('web');
    engine.hang = () => false;
    await waitFor(() => inventory.status().connected);
  });

  test('a single container that cannot be inspected keeps the name of the list and delays nobody', async () => {
    put('a', 'stuck');
    put('b', 'fine');
    engine.hang = (path) => path === '/containers/a/json';
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    expect(inventory.containers().get('b')).toMatchObject({ name: 'fine', pid: 100 });
    expect(inventory.containers().get('a')).toMatchObject({ name: 'stuck', state: 'running', pid: 0 });
    engine.hang = () => false;
    await waitFor(() => inventory.containers().get('a')?.pid === 100);
  });

  test('an answer that breaks off in its middle is a failed call, not a hanging one', async () => {
    put('a', 'web');
    engine.breakOff = (path) => path === '/containers/a/json';
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    expect(inventory.counts().apiErrors.get('inspect')).toBe(1);
    engine.breakOff = () => false;
    await waitFor(() => inventory.containers().get('a')?.pid === 100);
  });

  test('what is not an engine is called that', async () => {
    engine.answers.set('/version', '<html>hello</html>');
    await engine.start();
    const inventory = inventoryOf();
    await inventory.start();
    expect(inventory.status().lastError).toContain('is not a Docker-compatible engine');
  });

  test('closing while the engine hangs takes no time-out', async () => {
    engine.hang = () => true;
    await engine.start();
    const inventory = inventoryOf({ callTimeoutMs: 3_600_000, startWithinMs: 1 });
    await inventory.start();
    await inventory.close();
  });
});

describe('limits', () => {
  test('containers beyond the cap are refused and counted', async () => {
    for (const id of ['a', 'b', 'c']) put(id, id);
    await engine.start();
    const inventory = inventoryOf({ maxContainers: 2 });
    await inventory.start();
    expect(inventory.containers().size).toBe(2);
    expect(inventory.counts().refused).toBeGreaterThan(0);
  });

  test('a filtered container is not in the map and is not asked about again', async () => {
    put('a', 'keep');
    put('b', 'skip');
    await engine.start();
    const inventory = inventoryOf({ filter: ({ name }) => name !== 'skip' });
    await inventory.start();
    expect([...inventory.containers().values()].map((c) => c.name)).toEqual(['keep']);
    engine.send(event('b', 'die', { exitCode: '0', name: 'skip' }));
    engine.send(event('b', 'destroy', { name: 'skip' }));
    await waitFor(() => inventory.counts().events === 2);
    expect(inventory.counts().containers).toBe(1);
  });

  test("a pid that leads to somebody else's cgroup is not believed", async () => {
    put('a', 'in-a-virtual-machine', { Pid: 1 });
    await engine.start();
    const inventory = inventoryOf({ locate: () => ({ unified: '/init.scope', controllers: new Map([['cpu', '/']]) }) });
    await inventory.start();
    expect(inventory.containers().get('a')?.cgroup).toBeUndefined();
    expect(labelValue(named(inventory, 'in-a-virtual-machine').entity.labels, 'id')).toBe('/docker/a');
  });

  test('two inventories watch two engines', async () => {
    const other = fakeEngine();
    put('a', 'here');
    other.answers.set('/containers/json', [{ Id: 'b', Names: ['/there'], State: 'running' }]);
    other.answers.set('/containers/b/json', inspection('b', 'there', {}));
    await engine.start();
    await other.start();
    const first = inventoryOf();
    const second = inventoryOf({ endpoint: { socketPath: other.socket } });
    await Promise.all([first.start(), second.start()]);
    expect([...first.containers().values()].map((c) => c.name)).toEqual(['here']);
    expect([...second.containers().values()].map((c) => c.name)).toEqual(['there']);
    await second.close();
    await other.close();
  });
});

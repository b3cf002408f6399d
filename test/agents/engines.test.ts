/** Several engines in one agent: whose container is whose, and that a stranger's process is nobody's. */
import { symlinkSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findMounts } from '../../agents/cgroup/mounts.ts';
import { type EngineOptions, type Engines, startEngines } from '../../agents/engines.ts';
import { loadConfig } from '../../src/config/load.ts';
import { silent } from '../../src/log.ts';
import type { Runtime } from '../../agents/kubernetes/runtime.ts';
import { systemClock } from '../../src/run/clock.ts';
import { fakeClock } from '../support/clock.ts';
import { answerAs, type FakeEngine, fakeEngine } from '../support/fakeengine.ts';
import { recordedHost } from '../support/fixture.ts';
import { waitFor } from '../support/wait.ts';

const host = recordedHost('v1', 't0');
let engine: FakeEngine;
let engines: Engines | undefined;

beforeEach(async () => {
  engine = fakeEngine();
  answerAs(engine, host);
  await engine.start();
});

afterEach(async () => {
  await engines?.close();
  await engine.close();
});

async function start(procRoot: string, ...sockets: string[]): Promise<Engines> {
  return startWith(() => true, procRoot, ...sockets);
}

async function startWith(filter: EngineOptions['filter'], procRoot: string, ...sockets: string[]): Promise<Engines> {
  engines = await startEngines({
    settings: { ...loadConfig({ env: {}, flags: new Map() }).agent, proc: procRoot },
    mounts: findMounts({ procRoot, cgroupRoot: host.cgroupRoot }),
    endpoints: sockets.map((socketPath) => ({ socketPath })),
    filter,
    clock: systemClock,
    log: silent,
  });
  return engines;
}

const names = (containers: Iterable<{ name: string }>): string[] => [...containers].map(({ name }) => name).sort();

test('an engine reached by two sockets is spoken for by the first that answers', async () => {
  const other = `${engine.socket}.too`;
  symlinkSync(engine.socket, other);
  const { all, running } = await start(host.procRoot, engine.socket, other);
  const [first, second] = all;
  const known = names(first?.inventory.containers().values() ?? []);
  expect(names(second?.inventory.containers().values() ?? [])).toEqual(known);
  expect(names(first?.containers().values() ?? [])).toEqual(known);
  expect(names(second?.containers().values() ?? [])).toEqual([]);
  const runs = names(running());
  expect(new Set(runs).size).toBe(runs.length);
  expect(runs).toContain('web');
  expect(first?.speaksFor(host.idOf('web'))).toBe(true);
  expect(second?.speaksFor(host.idOf('web'))).toBe(false);
  unlinkSync(other);
});

test('what runs on another machine has no process here, whoever has its pid', async () => {
  // Its processes' numbers are in use here, as those of this very machine are by others.
  const { all, running } = await start('/proc', engine.socket);
  await waitFor(() => all[0]?.inventory.containers().get(host.idOf('web'))?.pid);
  expect(names(running())).toEqual([]);
});

test('a container that is left out is known by its id, so that nobody else shows it', async () => {
  const { isIgnored, running } = await startWith(({ name }) => name !== 'web', host.procRoot, engine.socket);
  expect(names(running())).not.toContain('web');
  expect(['web', 'db'].map((name) => isIgnored(host.idOf(name)))).toEqual([true, false]);
});

test('fault: a runtime whose folder came after us was found within a minute, its first pods nameless for as long: within five seconds', async () => {
  const clock = fakeClock();
  const files: Runtime = {
    name: 'containerd',
    place: '/run/containerd',
    lendsProcesses: false,
    watched: () => [],
    idOf: () => undefined,
    ids: () => [],
    read: () => undefined,
  };
  const there: Runtime[] = [];
  engines = await startEngines({
    settings: loadConfig({ env: {}, flags: new Map() }).agent,
    mounts: findMounts({ procRoot: host.procRoot, cgroupRoot: host.cgroupRoot }),
    endpoints: [],
    runtimes: () => there,
    filter: () => true,
    clock,
    log: silent,
  });
  const further: string[] = [];
  engines.onFurther(({ endpoint }) => void further.push(endpoint));
  there.push(files);
  await clock.advance(5000);
  expect(further).toEqual(['/run/containerd']);
  // It is the same one that is there after that.
  await clock.advance(5000);
  expect(further).toHaveLength(1);
});

/** What Podman 4.3's compatible socket answers otherwise than Docker's, from answers recorded of it, and of a rootless dockerd 20.10. */
import { afterEach, expect, test } from 'vitest';
import { parseEvent, parseInfo } from '../../../agents/docker/engine/api.ts';
import { detailsOf } from '../../../agents/docker/identity.ts';
import type { EngineInventory } from '../../../agents/docker/inventory.ts';
import { statsSource } from '../../../agents/docker/stats.ts';
import { makesCgroups } from '../../../agents/docker/status.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { waitFor } from '../../support/wait.ts';
import { watch as watchEngine } from './watched.ts';

const ID = '62c9034c36a5ce629cf70edbd9943f08def68219c66ba69991f58ca9572591eb';
const VERSION = { Components: [{ Name: 'Podman Engine', Version: '4.3.1' }], Version: '4.3.1', ApiVersion: '1.41' };
const ROOTFUL = { CgroupDriver: 'cgroupfs', CgroupVersion: '1', SecurityOptions: ['name=seccomp'], Rootless: false };
const ROOTLESS = { ...ROOTFUL, Rootless: true };
const ROOTLESS_DOCKER = {
  CgroupDriver: 'none',
  CgroupVersion: '1',
  SecurityOptions: ['name=seccomp', 'name=rootless'],
};

const INSPECT = {
  Id: ID,
  Name: '/burner',
  State: { Status: 'running', Running: true, Pid: 8694, StartedAt: '2026-11-23T07:20:03.471772032Z' },
  Config: { Image: 'docker.io/plimsoll-test/busybox:latest' },
  HostConfig: { NetworkMode: 'bridge', NanoCpus: 200000000, CpuQuota: 20000, CpuPeriod: 100000, Memory: 67108864 },
};

/** One second into a loop under a quota of 0.2 CPUs; the kernel had counted ten throttled periods by then. */
const STATS = {
  read: '2026-11-23T07:20:03.690098101Z',
  pids_stats: { current: 1 },
  blkio_stats: { io_service_bytes_recursive: [], io_serviced_recursive: null },
  cpu_stats: {
    cpu_usage: { total_usage: 70173248, usage_in_kernelmode: 12000000, usage_in_usermode: 58173248 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  },
  memory_stats: { usage: 643072, limit: 67108864 },
  // The interface had received 540 bytes and sent 292.
  networks: { network: { rx_bytes: 292, rx_packets: 0, tx_bytes: 540, tx_packets: 0 } },
};

let engine: FakeEngine | undefined;
let inventory: EngineInventory | undefined;

afterEach(async () => {
  await inventory?.close();
  await engine?.close();
});

/** The metrics and values of the one container that the engine's stats give. */
async function numbersOf(version: unknown, info: unknown, stats: unknown): Promise<Record<string, number>> {
  engine = fakeEngine();
  engine.answers.set('/version', version);
  engine.answers.set('/info', info);
  engine.answers.set('/containers/json', [{ Id: ID, Names: ['/burner'], State: 'running' }]);
  engine.answers.set(`/containers/${ID}/json`, INSPECT);
  engine.answers.set(`/containers/${ID}/stats`, stats);
  await engine.start();
  inventory = watchEngine(engine);
  await inventory.start();
  await waitFor(() => inventory?.containers().get(ID)?.pid === 8694);
  const families = new Set(['cpu', 'memory', 'network', 'diskio', 'pids']);
  const source = statsSource({ inventory, clock: systemClock, families });
  const tables = await source.read({ timeMs: 0, signal: new AbortController().signal });
  return Object.fromEntries(
    tables.flatMap(({ shape, rows, values }) =>
      shape.columns
        .map(({ metric }, column): [string, number] => [metric, values[column * rows.length] as number])
        .filter(([, value]) => !Number.isNaN(value)),
    ),
  );
}

test('Podman’s stats: what it counts is shown, what it leaves at zero or turns round is absent', async () => {
  expect(await numbersOf(VERSION, ROOTFUL, STATS)).toEqual({
    container_cpu_usage_seconds_total: 0.070173248,
    container_cpu_user_seconds_total: 0.058173248,
    container_cpu_system_seconds_total: 0.012,
    container_spec_cpu_quota: 20000,
    container_spec_cpu_period: 100000,
    container_spec_cpu_limit_cores: 0.2,
    container_memory_usage_bytes: 643072,
    container_spec_memory_limit_bytes: 67108864,
    container_threads: 1,
  });
});

test('a rootless engine on cgroup v1 answers the numbers of its own cgroup: none of them is a container’s', async () => {
  expect(await numbersOf(VERSION, ROOTLESS, STATS)).toEqual({});
  await inventory?.close();
  await engine?.close();
  // Docker's interfaces are the container's all the same.
  const networks = { eth0: { rx_bytes: 822, rx_packets: 9 } };
  expect(await numbersOf({ ApiVersion: '1.41' }, ROOTLESS_DOCKER, { ...STATS, networks })).toEqual({
    container_network_receive_bytes_total: 822,
    container_network_receive_packets_total: 9,
  });
});

test('who can make cgroups', () => {
  const status = (info: unknown) => ({ ...(inventory as EngineInventory).status(), ...parseInfo(info) });
  expect(parseInfo(ROOTLESS).rootless).toBe(true);
  expect(makesCgroups(status(ROOTFUL))).toBe(true);
  expect(makesCgroups(status(ROOTLESS))).toBe(false);
  expect(makesCgroups(status(ROOTLESS_DOCKER))).toBe(false);
  expect(makesCgroups(status({ ...ROOTLESS, CgroupVersion: '2', CgroupDriver: 'systemd' }))).toBe(true);
});

test('its no to the question whether a killed container was out of memory is no answer', async () => {
  const state = { Status: 'exited', OOMKilled: false, Pid: 0, StartedAt: '2026-11-23T08:06:13Z' };
  const oomKilled = async (version: unknown, State: object): Promise<boolean | undefined> => {
    await numbersOf(version, ROOTFUL, STATS);
    engine?.answers.set(`/containers/${ID}/json`, { ...INSPECT, State: { ...state, ...State } });
    engine?.send({ Type: 'container', Action: 'die', Actor: { ID }, timeNano: 1795421175270372000 });
    const known = await waitFor(() => {
      const container = inventory?.containers().get(ID);
      return container?.state === 'exited' && detailsOf(container).exitCode !== undefined && detailsOf(container);
    });
    await inventory?.close();
    await engine?.close();
    return known.oomKilled;
  };
  // As recorded of a container that read zeros into memory until the kernel killed it.
  expect(await oomKilled(VERSION, { ExitCode: 137 })).toBeUndefined();
  expect(await oomKilled(VERSION, { ExitCode: 7 })).toBe(false);
  expect(await oomKilled({ ApiVersion: '1.41' }, { ExitCode: 137 })).toBe(false);
  expect(await oomKilled({ ApiVersion: '1.41' }, { ExitCode: 137, OOMKilled: true })).toBe(true);
});

test('its events are Docker’s, but for a removal', () => {
  const line = {
    status: 'remove',
    id: ID,
    Type: 'container',
    Action: 'remove',
    Actor: { ID, Attributes: { containerExitCode: '0', image: 'docker.io/plimsoll-test/busybox:latest', name: 'k2' } },
    time: 1795418463,
    timeNano: 1795418463981831000,
  };
  expect(parseEvent(line)).toMatchObject({ id: ID, action: 'remove' });
});

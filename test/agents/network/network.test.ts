import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Container } from '../../../agents/container.ts';
import { createNetworkSource } from '../../../agents/network/network.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { fakeClock } from '../../support/clock.ts';
import { recordedHost, type HostVersion, type Moment } from '../../support/fixture.ts';
import { container, fakeProc, HOST, put, readOf, rowsOf } from '../reading.ts';

interface Inspected {
  readonly State: { readonly Pid: number };
  readonly HostConfig: { readonly NetworkMode: string };
}

const NAMES = [
  'web',
  'db',
  'hostnet',
  'nonet',
  'k8s_app_pod-a_default_0000-1111_0',
  'sharednet',
  'twonets',
  'paused',
  'oomchild',
];

/** As the inventory would make them of the recorded answers. */
function recorded(version: HostVersion, moment: Moment): { procRoot: string; containers: Container[] } {
  const host = recordedHost(version, moment);
  const containers = NAMES.map((name) => {
    const inspected = host.api(`inspect-${host.idOf(name)}`) as Inspected;
    const mode = inspected.HostConfig.NetworkMode;
    return container(name, { pid: inspected.State.Pid, ownNetwork: mode !== 'host' && !mode.startsWith('container:') });
  });
  return { procRoot: host.procRoot, containers };
}

const dev = (...lines: string[]): string => `header\nheader\n${lines.join('\n')}\n`;
const line = (name: string, rx: number, tx = 0): string => `${name}: ${rx} 2 3 4 0 0 0 0 ${tx} 6 7 8 0 0 0 0`;

describe('recorded hosts', () => {
  test('v1: each namespace once, host networking and container:X not at all', async () => {
    const { procRoot, containers } = recorded('v1', 't0');
    const source = createNetworkSource({ procRoot, containers: () => containers, host: HOST, clock: systemClock });
    const found = rowsOf(await readOf(source), 'network').map((row) => [
      row.of,
      row.interface,
      row.receiveBytes,
      row.receivePackets,
      row.transmitBytes,
      row.transmitPackets,
    ]);
    // Bytes and packets as in t0/proc/<pid>/net/dev; of the host's 14 lines only eth0 is the machine's: not lo, two ifb, two bridges, seven veth.
    expect(found).toEqual([
      ['/', 'eth0', 989929095, 28875, 2212268, 21314],
      ['web', 'eth0', 1252, 14, 0, 0],
      ['db', 'eth0', 1182, 13, 0, 0],
      ['k8s_app_pod-a_default_0000-1111_0', 'eth0', 656, 8, 0, 0],
      ['twonets', 'eth0', 656, 8, 0, 0],
      ['twonets', 'eth1', 656, 8, 0, 0],
      ['paused', 'eth0', 656, 8, 0, 0],
      ['oomchild', 'eth0', 656, 8, 0, 0],
    ]);
  });

  test('errors and drops are their own columns', async () => {
    const procRoot = fakeProc({ '1/net/dev': dev('eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16') });
    const source = createNetworkSource({ procRoot, containers: () => [], host: HOST, clock: systemClock });
    const [row] = rowsOf(await readOf(source), 'network');
    // In the order of net/dev's header: bytes packets errs drop fifo frame compressed multicast, twice.
    expect(row).toMatchObject({ receiveErrors: 3, receiveDropped: 4, transmitErrors: 11, transmitDropped: 12 });
  });

  test('v2: the same, and a container that says it owns the host’s namespace is not counted beside the host', async () => {
    const { procRoot, containers } = recorded('v2', 't1');
    const liar = containers.map((one) => (one.name === 'hostnet' ? { ...one, ownNetwork: true } : one));
    const source = createNetworkSource({ procRoot, containers: () => liar, host: HOST, clock: systemClock });
    const found = rowsOf(await readOf(source), 'network').map((row) => [
      row.of,
      row.interface,
      row.receiveBytes,
      row.transmitBytes,
    ]);
    expect(found).toEqual([
      ['web', 'eth0', 1462, 0],
      ['db', 'eth0', 1462, 0],
      ['k8s_app_pod-a_default_0000-1111_0', 'eth0', 866, 0],
      ['twonets', 'eth0', 866, 0],
      ['twonets', 'eth1', 866, 0],
      ['paused', 'eth0', 866, 0],
      ['oomchild', 'eth0', 866, 0],
    ]);
  });
});

describe('namespaces', () => {
  test('of two containers that own one namespace the first that started has it', async () => {
    const procRoot = fakeProc({
      '11/net/dev': dev(line('eth0', 100)),
      '11/ns/net': '->net:[7]',
      '12/net/dev': dev(line('eth0', 100)),
      '12/ns/net': '->net:[7]',
    });
    const containers = [container('app', { pid: 12, startMs: 2000 }), container('pause', { pid: 11, startMs: 1000 })];
    const source = createNetworkSource({ procRoot, containers: () => containers, clock: systemClock });
    expect(rowsOf(await readOf(source), 'network').map((row) => row.of)).toEqual(['pause']);
  });

  test.each([
    ['with containers inside', ['lo', 'eth0', 'docker0', 'veth1', 'veth2'], ['eth0']],
    ['whose bridge comes first', ['lo', 'docker0', 'veth1', 'br-1', 'eth0', 'eth1'], ['br-1', 'eth0', 'eth1']],
    [
      'with containers inside and nothing to the outside',
      ['lo', 'veth1', 'docker0', 'nerdctl0'],
      ['docker0', 'nerdctl0'],
    ],
    ['that has nothing but a veth', ['lo', 'veth0'], ['veth0']],
    ['that has nothing but an interface of that name', ['docker7', 'lo'], ['docker7']],
    ['with names that only look alike', ['lo0', 'vet', 'dock', 'l'], ['lo0', 'vet', 'dock', 'l']],
    ['without any', ['lo'], []],
  ])(
    'in a container traffic is not counted again on bridges and cables to containers inside: one %s',
    async (_, names, counted) => {
      const procRoot = fakeProc({ '11/net/dev': dev(...names.map((name) => line(name, 5))) });
      const source = createNetworkSource({
        procRoot,
        containers: () => [container('dind', { pid: 11 })],
        clock: systemClock,
      });
      expect(rowsOf(await readOf(source), 'network').map((row) => row.interface)).toEqual(counted);
    },
  );

  test('on the host traffic of containers is not counted again: no veth*, docker*, nerdctl*, br-<twelve digits>', async () => {
    const names = ['lo', 'eth0', 'docker0', 'nerdctl0', 'veth12', 'br-88fa678406ed', 'docker_gwbridge', 'wlan0'];
    const procRoot = fakeProc({ '1/net/dev': dev(...names.map((name) => line(name, 5))), '1/ns/net': '->net:[1]' });
    const source = createNetworkSource({ procRoot, containers: () => [], host: HOST, clock: systemClock });
    expect(rowsOf(await readOf(source), 'network').map((row) => row.interface)).toEqual(['eth0', 'wlan0']);
  });

  test('a pid that has passed to another process is not read for the container', async () => {
    const procRoot = fakeProc({ '11/net/dev': dev(line('eth0', 100)), '11/ns/net': '->net:[7]' });
    const containers = [container('web', { pid: 11 })];
    const source = createNetworkSource({ procRoot, containers: () => containers, clock: systemClock });
    expect(rowsOf(await readOf(source), 'network')).toHaveLength(1);
    put(join(procRoot, '11/ns/net'), '->net:[8]');
    expect(rowsOf(await readOf(source), 'network')).toEqual([]);
    expect(source.losses.get('namespace_changed')).toBe(1);
  });
});

describe('from tick to tick', () => {
  test('rows stay the same objects while interfaces come and go, and carry the time of reading', async () => {
    const procRoot = fakeProc({ '11/net/dev': dev(line('eth0', 1), line('eth1', 2)) });
    const clock = fakeClock(5_000);
    const containers = [container('web', { pid: 11 })];
    const source = createNetworkSource({ procRoot, containers: () => containers, clock });
    const first = (await readOf(source))[0];
    clock.step(10_000);
    put(join(procRoot, '11/net/dev'), dev(line('new', 9), line('eth1', 3), line('eth0', 4)));
    const second = (await readOf(source))[0];
    expect(first?.rows.map((row) => row.dims.values)).toEqual([['eth0'], ['eth1']]);
    expect(second?.rows.map((row) => row.dims.values)).toEqual([['new'], ['eth1'], ['eth0']]);
    expect(second?.rows[1]).toBe(first?.rows[1]);
    expect(second?.rows[2]).toBe(first?.rows[0]);
    expect([...(first?.timesMs ?? [])]).toEqual([5_000, 5_000]);
    expect([...(second?.timesMs ?? [])]).toEqual([15_000, 15_000, 15_000]);
  });

  test('a process that vanished leaves its rows out and is no failure', async () => {
    const procRoot = fakeProc({ '11/net/dev': dev(line('eth0', 1)), '12/net/dev': dev(line('eth0', 2)) });
    const containers = [container('a', { pid: 11 }), container('b', { pid: 12 })];
    const source = createNetworkSource({ procRoot, containers: () => containers, clock: systemClock });
    await readOf(source);
    rmSync(join(procRoot, '11'), { recursive: true });
    expect(rowsOf(await readOf(source), 'network').map((row) => row.of)).toEqual(['b']);
    expect([...source.losses]).toEqual([]);
  });

  test('a container that makes up interfaces has the rest counted and left out', async () => {
    const procRoot = fakeProc({ '11/net/dev': dev(line('a', 1), line('b', 2), line('c', 3)) });
    const containers = [container('web', { pid: 11 })];
    const source = createNetworkSource({
      procRoot,
      containers: () => containers,
      clock: systemClock,
      maxInterfaces: 2,
    });
    expect(rowsOf(await readOf(source), 'network').map((row) => row.interface)).toEqual(['a', 'b']);
    expect(source.losses.get('too_many_interfaces')).toBe(1);
  });

  test('files that fail in an unexpected way fail the source only when all do', async () => {
    // A folder in the place of the file: reading it gives EISDIR.
    const procRoot = fakeProc({ '11/net/dev/x': '', '12/net/dev': dev(line('eth0', 2)) });
    const containers = [container('a', { pid: 11 }), container('b', { pid: 12 })];
    const source = createNetworkSource({ procRoot, containers: () => containers, clock: systemClock });
    expect(rowsOf(await readOf(source), 'network').map((row) => row.of)).toEqual(['b']);
    expect(source.losses.get('read_error')).toBe(1);
    rmSync(join(procRoot, '12'), { recursive: true });
    await expect(readOf(source)).rejects.toThrow('no net/dev could be read');
  });
});

/** Traffic is counted once: whatever is a bridge, a cable into one, or lies over another interface, is not counted beside it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNetworkSource } from '../../../agents/network/network.ts';
import { fakeClock } from '../../support/clock.ts';
import { container, fakeProc, HOST, put, readOf, rowsOf } from '../reading.ts';

const dev = (names: readonly string[]): string =>
  `header\nheader\n${names.map((name, i) => `${name}: ${i} 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n`).join('')}`;

/** `lo`, and interfaces with what their folders in /sys/class/net hold, as `ls` shows it; `->` is a link. */
type Interfaces = Readonly<Record<string, Readonly<Record<string, string>>>>;

const DEVICE = { device: '->../../../virtio2' };
const bridge = (...lower: string[]) => ({ 'bridge/forward_delay': '1500\n', ...over(...lower) });
const over = (...lower: string[]) => Object.fromEntries(lower.map((name) => [`lower_${name}`, `->../${name}`]));
const into = (name: string) => ({ 'brport/state': '3\n', master: `->../${name}` });

function hostWith(interfaces: Interfaces) {
  const files: Record<string, string> = {
    'sys/class/net/bonding_masters': 'bond0\n',
    'sys/class/net/lo/type': '772\n',
  };
  for (const [name, entries] of Object.entries(interfaces)) {
    files[`sys/class/net/${name}/ifindex`] = '2\n';
    for (const [entry, content] of Object.entries(entries)) files[`sys/class/net/${name}/${entry}`] = content;
  }
  files['proc/1/net/dev'] = dev(['lo', ...Object.keys(interfaces)]);
  const dir = fakeProc(files);
  const clock = fakeClock(0);
  const roots = { procRoot: join(dir, 'proc'), sysRoot: join(dir, 'sys') };
  const source = createNetworkSource({ ...roots, containers: () => [], host: HOST, clock });
  return {
    ...roots,
    clock,
    source,
    shown: async () => rowsOf(await readOf(source), 'network').map((r) => r.interface),
  };
}

describe('of the host the kernel tells which interfaces are the machine’s', () => {
  test.each<[string, Interfaces, string[]]>([
    [
      'a network of Docker’s, whatever its bridge is called',
      { eth0: DEVICE, mynet: bridge('veth1'), veth1: into('mynet') },
      ['eth0'],
    ],
    [
      'a disk-less host’s bridge over its only card',
      { eno1: { ...DEVICE, ...into('vmbr0') }, vmbr0: bridge('eno1', 'tap100i0'), tap100i0: into('vmbr0') },
      ['eno1'],
    ],
    [
      'cables without a bridge, as network plugins lay them',
      { eth0: DEVICE, cali12345678901: {}, 'vxlan.calico': over('eth0') },
      ['eth0'],
    ],
    [
      'a bond over two cards, and a VLAN over it',
      {
        eth0: { ...DEVICE, master: '->../bond0' },
        eth1: { ...DEVICE, master: '->../bond0' },
        bond0: over('eth0', 'eth1'),
        'bond0.7': over('bond0'),
      },
      ['eth0', 'eth1'],
    ],
    [
      'VLAN, macvlan and tunnels over the card',
      { eth0: DEVICE, 'eth0.100': over('eth0'), mac0: over('eth0'), wg0: {}, tun0: {}, dummy0: {}, ifb0: {} },
      ['eth0'],
    ],
    // Azure: hv_netvsc counts what its fast path carries as well.
    [
      'a virtual machine’s fast path',
      { eth0: { ...DEVICE, ...over('enP1s1') }, enP1s1: { ...DEVICE, master: '->../eth0' } },
      ['eth0'],
    ],
    [
      'a switch chip’s ports behind the card',
      { eth0: DEVICE, lan0: { ...DEVICE, ...over('eth0') }, lan1: { ...DEVICE, ...over('eth0') } },
      ['eth0'],
    ],
    [
      'a network card’s doors to virtual functions',
      { p0: { ...DEVICE, phys_port_name: 'p0\n' }, pf0vf0: { ...DEVICE, phys_port_name: 'pf0vf0\n' } },
      ['p0'],
    ],
    ['two cards', { eth0: DEVICE, wlan0: DEVICE }, ['eth0', 'wlan0']],
    // A machine that is itself a container: no interface has a device.
    ['a container as the machine', { eth0: {}, lxdnet: bridge('vethab'), vethab: into('lxdnet') }, ['eth0']],
  ])('%s', async (_, interfaces, counted) => {
    const { shown } = hostWith(interfaces);
    expect(await shown()).toEqual(counted);
  });

  test('an interface that comes later is judged when it comes, and the rows of the others stay the same objects', async () => {
    const { source, procRoot, sysRoot } = hostWith({ eth0: DEVICE });
    const [before] = await readOf(source);
    put(join(sysRoot, 'class/net/br-1/bridge/x'), '');
    put(join(procRoot, '1/net/dev'), dev(['lo', 'br-1', 'eth0']));
    const [after] = await readOf(source);
    expect(after?.rows).toEqual(before?.rows);
    expect(after?.rows[0]).toBe(before?.rows[0]);
  });

  test('what becomes a bridge’s without another name is noticed within a minute', async () => {
    const { shown, sysRoot, clock } = hostWith({ eth0: {}, p: {} });
    expect(await shown()).toEqual(['eth0', 'p']);
    put(join(sysRoot, 'class/net/p/brport/state'), '3\n');
    await clock.advance(60_000);
    expect(await shown()).toEqual(['eth0']);
  });

  test('a sysfs that shows another network namespace is not believed: names tell', async () => {
    const { shown, sysRoot } = hostWith({ eth0: DEVICE, eth1: DEVICE, 'br-0123456789ab': bridge() });
    rmSync(join(sysRoot, 'class/net/eth1'), { recursive: true });
    expect(await shown()).toEqual(['eth0', 'eth1']);
  });
});

describe('in a container’s namespace the names tell, and whether there is a bridge', () => {
  const read = async (names: readonly string[]) => {
    const procRoot = fakeProc({ '11/net/dev': dev(names) });
    const source = createNetworkSource({
      procRoot,
      containers: () => [container('x', { pid: 11 })],
      clock: fakeClock(0),
    });
    const [table] = await readOf(source);
    return (table?.rows ?? []).map((row) => `${row.dims.values[0]}${row.shownOnly ? ' (shown)' : ''}`);
  };

  test.each([
    // It sent 248 144 bytes through both, of which 5 740 through eth0.
    ['a cable of its own to the host beside eth0', ['lo', 'eth0', 'veth0'], ['eth0', 'veth0']],
    ['the same with a bridge', ['lo', 'eth0', 'podman0', 'veth0'], ['eth0']],
    ['Compose inside', ['lo', 'eth0', 'docker0', 'br-0123456789ab', 'veth1a2b3c4'], ['eth0']],
    ['cables without a bridge (Kubernetes inside)', ['lo', 'eth0', 'veth1a2b3c4d'], ['eth0']],
    [
      'a tunnel over eth0',
      ['lo', 'tunl0', 'eth0', 'tun0', 'wg0'],
      ['tunl0 (shown)', 'eth0', 'tun0 (shown)', 'wg0 (shown)'],
    ],
    [
      'a VLAN over eth0, and one that was put in',
      ['lo', 'eth0', 'eth0.7', 'eth1.8'],
      ['eth0', 'eth0.7 (shown)', 'eth1.8'],
    ],
    ['nothing but a tunnel', ['lo', 'tun0'], ['tun0']],
  ])('%s', async (_, names, expected) => {
    expect(await read(names)).toEqual(expected);
  });
});

test('of a container whose engine is inside of another container groups add nothing: its bytes pass through the outer one’s', async () => {
  const procRoot = fakeProc({ '11/net/dev': dev(['lo', 'eth0']), '12/net/dev': dev(['lo', 'eth0']) });
  const nested = new Set(['inner']);
  const containers = [container('outer', { pid: 11 }), container('inner', { pid: 12 })];
  const source = createNetworkSource({
    procRoot,
    containers: () => containers,
    nested: () => nested,
    clock: fakeClock(0),
  });
  const said = async () => (await readOf(source)).flatMap(({ rows }) => rows.map((row) => row.shownOnly ?? false));
  expect(await said()).toEqual([false, true]);
  nested.clear();
  expect(await said()).toEqual([false, false]);
});

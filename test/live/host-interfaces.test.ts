/**
 * Which interfaces are the machine's, beside a kernel that really has bridges, cables, VLANs and tunnels: on this machine, and in a network
 * namespace that has no device, as a machine that is itself a container has none. They are made for the test and are never up.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createNetworkSource } from '../../agents/network/network.ts';
import { labels } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { holdNamespaces } from '../support/namespaces.ts';

const HOST = { key: '/', kind: 'host', startMs: 1, labels: labels([['id', '/']]) } as const;

async function shown(procRoot: string, sysRoot: string): Promise<string[]> {
  const source = createNetworkSource({ procRoot, sysRoot, containers: () => [], host: HOST, clock: systemClock });
  const [table] = await source.read({ timeMs: 0, signal: new AbortController().signal });
  return (table?.rows ?? []).map((row) => row.dims.values[0] ?? '').sort();
}

/** Kinds that this kernel does not have are passed over; answers those that it made. */
function make(ip: (...args: string[]) => void, links: readonly (readonly string[])[]): string[] {
  return links.flatMap(([name = '', ...how]) => {
    try {
      ip('link', 'add', ...(how[0] === 'link' ? [...how.slice(0, 2), 'name', name, ...how.slice(2)] : [name, ...how]));
      return [name];
    } catch {
      return [];
    }
  });
}

const quietly = { stdio: 'ignore' } as const;

test('on this machine: the interfaces of its devices', async () => {
  const devices = readdirSync('/sys/class/net').filter((name) => existsSync(`/sys/class/net/${name}/device`));
  const [card = ''] = devices;
  const ip = (...args: string[]): void => void execFileSync('ip', args, quietly);
  const made = make(ip, [
    ['plbridge', 'type', 'bridge'],
    ['plcable', 'type', 'veth', 'peer', 'name', 'plend'],
    ['pldummy', 'type', 'dummy'],
    ['plvlan', 'link', card, 'type', 'vlan', 'id', '77'],
    ['plmac', 'link', card, 'type', 'macvlan'],
    ['plwg', 'type', 'wireguard'],
    ['plbond', 'type', 'bond'],
  ]);
  onTestFinished(() => {
    for (const name of made) ip('link', 'del', name);
  });
  ip('link', 'set', 'plcable', 'master', 'plbridge');
  expect(made).toEqual(expect.arrayContaining(['plbridge', 'plcable']));
  const all = readFileSync('/proc/1/net/dev', 'utf8');
  for (const name of made) expect(all).toContain(`${name}:`);
  expect(await shown('/proc', '/sys')).toEqual(devices.sort());
});

test('without any device: what is no bridge, no cable into one, and lies over nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-links-'));
  const namespaces = await holdNamespaces({ dir, prepare: 'mount -t sysfs sysfs /sys' });
  onTestFinished(() => {
    namespaces.release();
    rmSync(dir, { recursive: true });
  });
  const ip = (...args: string[]): void =>
    void execFileSync('nsenter', [`--net=/proc/${namespaces.pid}/ns/net`, 'ip', ...args], quietly);
  const made = make(ip, [
    ['eth0', 'type', 'veth', 'peer', 'name', 'far'],
    ['ours', 'type', 'bridge'],
    ['upper', 'link', 'eth0', 'type', 'vlan', 'id', '7'],
  ]);
  ip('link', 'set', 'far', 'master', 'ours');
  expect(made).toEqual(expect.arrayContaining(['eth0', 'ours']));
  symlinkSync(`/proc/${namespaces.pid}`, join(dir, '1'));
  expect(await shown(dir, `/proc/${namespaces.pid}/root/sys`)).toEqual(['eth0']);
});

/**
 * What is written to disks and sent over networks: known numbers of bytes, the kernel's own counters, and networks that
 * several containers share.
 */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectBracketed, expectEqual, measuredFromNow } from '../support/bracket.ts';
import { diskOf, type Transfer, transfer, type Writing, writer } from '../support/containers.ts';
import { engineAt, type Running } from '../support/engine.ts';
import { upperDirOf } from '../support/layer.ts';
import { diskCounters, kernelFile, networkCounters } from '../support/kernel.ts';
import { numberIn } from '../support/cgroupfiles.ts';
import { type Stage, startStage, type ViewName } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const EVERYWHERE: readonly ViewName[] = ['agent', 'collector', 'scraped agent', 'scraped collector'];
const MIB = 1024 * 1024;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ socket });
});

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
  await engine.docker('volume', 'prune', '-f');
});

describe('a container that writes 16 MiB', () => {
  let writing: Writing;
  beforeAll(async () => {
    writing = await writer(engine, { mebibytes: 16 });
    await writing.done();
  });

  test('bytes and operations are the kernel’s, on the disk by its name', async () => {
    const labels = { device: `/dev/${await diskOf(engine)}` };
    const shown = diskCounters(writing.id).map((each) => ({ ...each, labels }));
    await expectBracketed(stage, { container: { name: 'writer' }, shown, views: EVERYWHERE });
  });

  test('they are the bytes it wrote, and file system metadata', async () => {
    const page = await stage.views['scraped agent']();
    const bytes = page.sum('container_fs_writes_bytes_total', { name: 'writer' });
    expect(bytes).toBeGreaterThanOrEqual(writing.bytes);
    // Inodes and bitmaps: some blocks of 4 KiB.
    expect(bytes).toBeLessThan(writing.bytes + MIB);
  });

  test('its threads are what the pids controller counts', async () => {
    const shown = [
      { metric: 'container_threads', kernel: () => numberIn(kernelFile(writing.id, 'pids', 'pids.current')) },
    ];
    await expectEqual(stage, { container: { name: 'writer' }, shown, views: EVERYWHERE });
  });
});

test('a container’s room on the disk is what du counts in its layer and beside its log', async () => {
  const { id, pid } = await engine.run({
    name: 'layer',
    script: 'dd if=/dev/zero of=/tmp/five bs=1M count=5 && ln /tmp/five /tmp/again; sleep 100000',
  });
  const upper = upperDirOf(pid);
  const log = dirname(await engine.field(id, '.LogPath'));
  const counted = (...dirs: string[]): number => {
    const lines = execFileSync('du', ['-x', '--summarize', '--total', '--block-size=1', ...dirs], { encoding: 'utf8' });
    return Number(/^(\d+)\ttotal$/m.exec(lines)?.[1]);
  };
  await waitFor(() => counted(upper) >= 5 * MIB, { what: 'five mebibytes in the layer' });
  // The walk has a schedule of its own, a second here.
  const shown = await stage.until(
    'scraped agent',
    (page) => page.sum('container_fs_usage_bytes', { name: 'layer' }) === counted(upper, log) && counted(upper, log),
    'the layer’s size',
  );
  // The second name of the file takes no room; the engine's own records of the container take some blocks.
  expect(shown).toBeGreaterThanOrEqual(5 * MIB);
  expect(shown).toBeLessThan(6 * MIB);
});

describe('20 MiB over the bridge', () => {
  let net: Transfer;
  beforeAll(async () => {
    net = await transfer(engine, { mebibytes: 20 });
    await net.done();
  });

  test('the bytes at both ends are those of their interfaces', async () => {
    const ends = (['sender', 'receiver'] as const).map((end) =>
      expectBracketed(stage, {
        container: { name: `net-${end}` },
        shown: networkCounters(net[end].pid),
        views: EVERYWHERE,
      }),
    );
    await Promise.all(ends);
  });

  test('what one end sent the other received, headers included', async () => {
    const page = await measuredFromNow(stage, 'scraped agent', { name: 'net-receiver' });
    for (const [way, name] of [
      ['transmit', 'net-sender'],
      ['receive', 'net-receiver'],
    ] as const) {
      const bytes = page.value(`container_network_${way}_bytes_total`, { name });
      const packets = page.value(`container_network_${way}_packets_total`, { name });
      expect(bytes).toBeGreaterThanOrEqual(net.bytes);
      // Ethernet 14, IP 20, TCP with its time stamps 32: 66 bytes of headers a packet, however many the kernel joins. A few packets are
      // other ones, and a busy machine sends some twice.
      const payload = bytes - 66 * packets;
      expect(payload).toBeGreaterThan(net.bytes - 5000);
      expect(payload).toBeLessThan(net.bytes * 1.01);
    }
  });
});

test('a container below a container has its rows, and the outer one’s threads hold its own', async () => {
  const rest = 'sleep 100000';
  const outer = await engine.run({ name: 'outer', script: rest });
  const parent = (await engine.docker('info', '-f', '{{.CgroupDriver}}')) === 'cgroupfs' ? `/docker/${outer.id}` : '';
  // systemd lets nobody put a scope below a scope.
  if (parent === '') return;
  const inner = await engine.run({ name: 'inner', flags: ['--cgroup-parent', parent], script: rest });
  const page = await measuredFromNow(stage, 'scraped agent', { name: 'inner' });
  expect(page.all('container_threads', { name: 'inner' })[0]?.labels.get('id')).toBe(`${parent}/${inner.id}`);
  const threads = (name: string): number => page.value('container_threads', { name });
  expect(threads('inner')).toBeGreaterThanOrEqual(1);
  expect(threads('outer')).toBeGreaterThan(threads('inner'));
});

describe('networks that are not a container’s own', () => {
  let guest: Running;
  beforeAll(async () => {
    const rest = 'sleep 100000';
    await engine.run({ name: 'owner', script: rest });
    guest = await engine.run({ name: 'guest', flags: ['--network', 'container:owner'], script: rest });
    await engine.run({ name: 'hosted', flags: ['--network', 'host'], script: rest });
    await engine.run({ name: 'none', flags: ['--network', 'none'], script: rest });
  });

  test('are counted for their owner alone', async () => {
    const page = await measuredFromNow(stage, 'scraped agent', { name: 'none' });
    const interfaces = (name: string): string[] =>
      page.all('container_network_receive_bytes_total', { name }).map(({ labels }) => labels.get('interface') ?? '');
    expect(interfaces('owner')).toEqual(['eth0']);
    // Seen from the inside it has the same eth0; it is owner's.
    expect(networkCounters(guest.pid)[0]?.kernel()).toBeGreaterThanOrEqual(0);
    for (const name of ['guest', 'hosted', 'none']) expect(interfaces(name), name).toEqual([]);
    // All of them are there otherwise.
    expect(page.labelValues('container_memory_usage_bytes', 'name')).toEqual(
      expect.arrayContaining(['guest', 'hosted', 'none', 'owner']),
    );
  });

  test('the host’s interfaces are its own, without the ends of the containers’', async () => {
    const page = await stage.views['scraped agent']();
    const interfaces = page.all('container_network_receive_bytes_total', { id: '/' });
    const names = interfaces.map(({ labels }) => labels.get('interface') ?? '');
    expect(names).not.toContain('lo');
    expect(names.filter((name) => /^(veth|docker|nerdctl)/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** The harness proves itself before it proves anything else: containers do what they say, by the kernel's own files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { cgroupDir, interfaceBytes, keyIn, numberIn } from '../support/cgroupfiles.ts';
import { burn, comeAndGo, diskOf, killed, oomChild, shortLived, transfer, writer } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const v2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

afterEach(() => engine.remove());

/** CPU seconds used so far. */
function cpuSeconds(id: string): number {
  if (v2) return keyIn(join(cgroupDir(id), 'cpu.stat'), 'usage_usec') / 1e6;
  return numberIn(join(cgroupDir(id, 'cpuacct'), 'cpuacct.usage')) / 1e9;
}

describe('containers with known behaviour', () => {
  test('a quota of 0.2 CPUs is used up and throttled', async () => {
    const container = await burn(engine, { cores: 0.2 });
    const stat = join(cgroupDir(container.id, v2 ? '' : 'cpu'), 'cpu.stat');
    const [periods, throttled, used] = [
      keyIn(stat, 'nr_periods'),
      keyIn(stat, 'nr_throttled'),
      cpuSeconds(container.id),
    ];
    const passed = await waitFor(
      () => keyIn(stat, 'nr_periods') - periods >= 30 && keyIn(stat, 'nr_periods') - periods,
    );
    // A period is 0.1 s, of which 0.2 may be used: 30 periods are 3 s and 0.6 CPU seconds. The reading may be a period off at
    // either end, and a busy machine may keep the loop from using all of it.
    const cores = (cpuSeconds(container.id) - used) / (passed * 0.1);
    expect(cores).toBeGreaterThan(0.15);
    expect(cores).toBeLessThan(0.25);
    expect(keyIn(stat, 'nr_throttled') - throttled).toBeGreaterThan(passed / 2);
  });

  test('a known number of bytes reaches the disk', async () => {
    const container = await writer(engine, { mebibytes: 8 });
    await container.done();
    const file = v2 ? 'io.stat' : 'blkio.throttle.io_service_bytes';
    const text = readFileSync(join(cgroupDir(container.id, v2 ? '' : 'blkio'), file), 'utf8');
    const written = v2 ? [...text.matchAll(/wbytes=(\d+)/g)] : [...text.matchAll(/\d+:\d+ Write (\d+)/g)];
    const bytes = written.reduce((sum, match) => sum + Number(match[1]), 0);
    expect(await diskOf(engine)).toMatch(/^\w+$/);
    expect(bytes).toBeGreaterThanOrEqual(container.bytes);
    // Inodes and bitmaps come on top: some blocks of 4 KiB.
    expect(bytes).toBeLessThan(container.bytes + 1024 * 1024);
  });

  test('a known number of bytes crosses the bridge', async () => {
    const { sender, receiver, bytes, done } = await transfer(engine, { mebibytes: 10 });
    const before = interfaceBytes(sender.pid).transmitted;
    await done();
    expect(interfaceBytes(receiver.pid).received).toBeGreaterThanOrEqual(bytes);
    expect(interfaceBytes(sender.pid).transmitted).toBeGreaterThanOrEqual(bytes);
    // Headers: 66 bytes for each packet of at most 1500.
    expect(interfaceBytes(sender.pid).transmitted - before).toBeLessThan(bytes * 1.06);
  });

  test('a child is OOM-killed while the container lives', async () => {
    const container = await oomChild(engine, { everyMs: 200 });
    const file = v2 ? 'memory.events' : 'memory.oom_control';
    const events = join(cgroupDir(container.id, v2 ? '' : 'memory'), file);
    await waitFor(() => keyIn(events, 'oom_kill') >= 2, { what: 'two OOM kills' });
    expect(await engine.field(container.id, '.State.Status')).toBe('running');
  });

  test('a killed container and a short-lived one end as they say', async () => {
    const dead = await killed(engine);
    const short = await shortLived(engine);
    await short.ended();
    expect(await engine.field(dead.id, '.State.ExitCode')).toBe(String(dead.exitCode));
    expect(await engine.field(short.id, '.State.ExitCode')).toBe(String(short.exitCode));
  });

  test('twenty come and go', async () => {
    const ids = await comeAndGo(engine, { count: 20 });
    expect(new Set(ids).size).toBe(20);
    expect(await engine.docker('ps', '-aq')).toBe('');
  });
});

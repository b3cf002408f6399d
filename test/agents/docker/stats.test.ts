/**
 * Numbers from the engine's stats, compared with the cgroup files of the same recorded host. An answer was recorded after the files of
 * its moment and before those of the next, so a counter must lie between the two.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineInventory } from '../../../agents/docker/inventory.ts';
import { statsSource } from '../../../agents/docker/stats.ts';
import type { Source } from '../../../agents/source.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { labelValue } from '../../../src/model/labels.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { answerAs, type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { type HostVersion, recordedHost } from '../../support/fixture.ts';
import { waitFor } from '../../support/wait.ts';
import { watch as watchEngine } from './watched.ts';

const FAMILIES = new Set(['cpu', 'memory', 'network', 'diskio', 'pids']);

let engine: FakeEngine;
let inventory: EngineInventory;

beforeEach(() => {
  engine = fakeEngine();
});

afterEach(async () => {
  await inventory.close();
  await engine.close();
});

async function sourceOf({
  patienceMs = 5000,
  callTimeoutMs = 5000,
  isInside = (): boolean => false,
} = {}): Promise<Source> {
  await engine.start();
  inventory = watchEngine(engine, { callTimeoutMs });
  await inventory.start();
  return statsSource({ inventory, clock: systemClock, families: FAMILIES, patienceMs, isInside });
}

function tick(): { timeMs: number; signal: AbortSignal } {
  return { timeMs: 0, signal: new AbortController().signal };
}

/** `name/dimension metric{fixed labels}` -> value of everything that is not absent. */
function flat(tables: FamilyTable[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { shape, rows, values } of tables) {
    shape.columns.forEach(({ metric, labels }, c) => {
      rows.forEach((row, r) => {
        const value = values[c * rows.length + r] as number;
        const fixed = labels.map(([k, v]) => `{${k}=${v}}`).join('');
        const dims = row.dims.values.map((v) => `/${v}`).join('');
        if (!Number.isNaN(value))
          found.set(`${labelValue(row.labels, 'name')}${dims} ${metric.slice(10)}${fixed}`, value);
      });
    });
  }
  return found;
}

/** A number of a cgroup file: of `key`, or the only one. */
function inFile(version: HostVersion, moment: 't0' | 't1', file: string, key = ''): number {
  const path = join(recordedHost(version, moment).cgroupRoot, file);
  expect(existsSync(path)).toBe(true);
  const text = readFileSync(path, 'utf8');
  return Number(key === '' ? text : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('cgroup v1', () => {
  test('counters lie between the files before and after, limits are the same', async () => {
    answerAs(engine, recordedHost('v1', 't0'));
    const numbers = flat(await (await sourceOf()).read(tick()));
    const id = recordedHost('v1', 't0').idOf('web');
    const between = (name: string, [controller, file, key = '']: [string, string, string?], per = 1) => {
      const value = numbers.get(`web ${name}`) as number;
      expect(value * per).toBeGreaterThanOrEqual(inFile('v1', 't0', `${controller}/docker/${id}/${file}`, key));
      expect(value * per).toBeLessThanOrEqual(inFile('v1', 't1', `${controller}/docker/${id}/${file}`, key));
    };
    between('cpu_usage_seconds_total{cpu=total}', ['cpuacct', 'cpuacct.usage'], 1e9);
    // cpuacct.stat counts in steps of 10 ms, as the engine does.
    between('cpu_user_seconds_total', ['cpuacct', 'cpuacct.stat', 'user'], 100);
    between('cpu_system_seconds_total', ['cpuacct', 'cpuacct.stat', 'system'], 100);
    between('cpu_cfs_periods_total', ['cpu', 'cpu.stat', 'nr_periods']);
    between('cpu_cfs_throttled_periods_total', ['cpu', 'cpu.stat', 'nr_throttled']);
    between('cpu_cfs_throttled_seconds_total', ['cpu', 'cpu.stat', 'throttled_time'], 1e9);
    between('memory_failures_total{failure_type=pgfault}{scope=hierarchy}', ['memory', 'memory.stat', 'total_pgfault']);
    expect(numbers.get('web spec_cpu_quota')).toBe(inFile('v1', 't0', `cpu/docker/${id}/cpu.cfs_quota_us`));
    expect(numbers.get('web spec_cpu_period')).toBe(inFile('v1', 't0', `cpu/docker/${id}/cpu.cfs_period_us`));
    // A quota of 0.2 CPUs.
    expect(numbers.get('web spec_cpu_limit_cores')).toBe(0.2);
  });

  test('memory and pids are those of the recorded answer', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const numbers = flat(await (await sourceOf()).read(tick()));
    const id = recordedHost('v1', 't1').idOf('db');
    expect(numbers.get('db memory_usage_bytes')).toBe(5148672);
    // 5148672 of use less 4194304 of inactive page cache.
    expect(numbers.get('db memory_working_set_bytes')).toBe(954368);
    expect(numbers.get('db memory_rss')).toBe(118784);
    expect(numbers.get('db memory_cache')).toBe(4214784);
    expect(numbers.get('db spec_memory_limit_bytes')).toBe(
      inFile('v1', 't1', `memory/docker/${id}/memory.limit_in_bytes`),
    );
    // memory.memsw.limit_in_bytes of 268435456 holds the memory's 134217728.
    expect(numbers.get('db spec_memory_swap_limit_bytes')).toBe(134217728);
    expect(numbers.get('db threads')).toBe(2);
    expect(numbers.get('db threads_max')).toBe(50);
    // Without a limit the answer gives the machine's memory; that is not a limit.
    expect(numbers.has('twonets spec_memory_limit_bytes')).toBe(false);
    expect(numbers.has('twonets spec_cpu_quota')).toBe(false);
    expect(numbers.has('twonets cpu_cfs_periods_total')).toBe(false);
  });

  test('network by interface; host and shared networks are left out', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const numbers = flat(await (await sourceOf()).read(tick()));
    const received = [...numbers.keys()].filter((key) => key.endsWith(' network_receive_bytes_total'));
    const owners = received.map((key) => key.split(' ')[0]).sort();
    const alone = ['db', 'k8s_app_pod-a_default_0000-1111_0', 'oomchild', 'oomer', 'paused', 'web'];
    expect(owners).toEqual([...alone.map((name) => `${name}/eth0`), 'twonets/eth0', 'twonets/eth1'].sort());
    expect(numbers.get('db/eth0 network_receive_bytes_total')).toBe(1252);
    expect(numbers.get('db/eth0 network_receive_packets_total')).toBe(14);
  });
});

describe('cgroup v2', () => {
  test('counters lie between the files before and after', async () => {
    answerAs(engine, recordedHost('v2', 't0'));
    const numbers = flat(await (await sourceOf()).read(tick()));
    const between = (name: string, [container, file, key]: [string, string, string], per = 1) => {
      const path = `system.slice/docker-${recordedHost('v2', 't0').idOf(container)}.scope/${file}`;
      const value = Math.round((numbers.get(`${container} ${name}`) as number) * per);
      expect(value).toBeGreaterThanOrEqual(inFile('v2', 't0', path, key));
      expect(value).toBeLessThanOrEqual(inFile('v2', 't1', path, key));
    };
    between('cpu_usage_seconds_total{cpu=total}', ['db', 'cpu.stat', 'usage_usec'], 1e6);
    between('cpu_user_seconds_total', ['db', 'cpu.stat', 'user_usec'], 1e6);
    between('cpu_system_seconds_total', ['db', 'cpu.stat', 'system_usec'], 1e6);
    between('cpu_cfs_throttled_seconds_total', ['web', 'cpu.stat', 'throttled_usec'], 1e6);
    between('memory_failures_total{failure_type=pgfault}{scope=hierarchy}', ['db', 'memory.stat', 'pgfault']);
    // What the answer calls failcnt is `oom`, not `max`, of memory.events: max was 771 then.
    between('memory_events_oom_total', ['oomchild', 'memory.events', 'oom']);
    // Left out of the answer while it is 0, which an increase must start from.
    between('memory_events_oom_total', ['db', 'memory.events', 'oom']);
    expect(numbers.get('db memory_events_oom_total')).toBe(0);
    expect(numbers.has('oomchild memory_failcnt')).toBe(false);
  });

  test('block devices go by their numbers, operations are absent', async () => {
    answerAs(engine, recordedHost('v2', 't1'));
    const numbers = flat(await (await sourceOf()).read(tick()));
    expect(numbers.get('db/254:0 fs_writes_bytes_total')).toBe(977272832);
    expect(numbers.get('db/254:0 fs_reads_bytes_total')).toBe(0);
    expect(numbers.has('db/254:0 fs_writes_total')).toBe(false);
    // anon, file and the inactive part of it, of the recorded answer.
    expect(numbers.get('db memory_rss')).toBe(114688);
    expect(numbers.get('db memory_working_set_bytes')).toBe(4771840 - 4194304);
  });
});

describe('the engine', () => {
  test('is asked about four at once, once each, without waiting for a second reading', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const source = await sourceOf();
    await source.read(tick());
    const asked = engine.requests.filter((url) => url.includes('/stats'));
    expect(asked).toHaveLength(10);
    expect(asked.every((url) => url.includes('stream=false') && url.includes('one-shot=true'))).toBe(true);
    expect(engine.mostAtOnce).toBe(4);
  });

  test('when one container hangs the others are read, and that one is not asked again meanwhile', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const stuck = `/containers/${recordedHost('v1', 't1').idOf('db')}/stats`;
    engine.hang = (path) => path === stuck;
    const source = await sourceOf({ patienceMs: 50, callTimeoutMs: 2000 });
    const seen = new Set<string>();
    await waitFor(async () => {
      for (const key of flat(await source.read(tick())).keys()) seen.add(key.split(/[ /]/)[0] as string);
      return seen.size === 9;
    });
    expect(seen.has('db')).toBe(false);
  });

  test('when it is away the source has failed, and says why', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const source = await sourceOf();
    await engine.stop();
    await waitFor(() => !inventory.status().connected);
    await expect(source.read(tick())).rejects.toThrow(/socket|connection|stops or restarts/);
  });

  test('answers of any shape give no numbers, and no crash', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const odd = ['text', 7, [], {}, { read: '0001-01-01T00:00:00Z', memory_stats: { usage: 1 } }];
    const ids = [...engine.answers.keys()].filter((path) => path.endsWith('/stats'));
    for (const [i, path] of ids.entries()) engine.answers.set(path, odd[i % odd.length]);
    const wrong = {
      read: '2026-01-01T00:00:00Z',
      networks: [1],
      blkio_stats: { io_service_bytes_recursive: [null, 3, {}] },
    };
    engine.answers.set(ids[0] as string, { ...wrong, cpu_stats: 'x', memory_stats: { usage: '1' }, pids_stats: null });
    const numbers = flat(await (await sourceOf()).read(tick()));
    // Only what its inspection says: web's limits.
    expect([...numbers.keys()].every((key) => key.includes(' spec_'))).toBe(true);
  });

  test('an engine inside of a container: its containers are shown, and counted in the outer one', async () => {
    answerAs(engine, recordedHost('v2', 't1'));
    let inside = true;
    const source = await sourceOf({ isInside: () => inside });
    const marks = async () =>
      new Set((await source.read(tick())).flatMap(({ rows }) => rows.map((row) => row.shownOnly ?? false)));
    expect(await marks()).toEqual(new Set([true]));
    inside = false;
    expect(await marks()).toEqual(new Set([false]));
  });

  test('rows stay the same objects from reading to reading', async () => {
    answerAs(engine, recordedHost('v1', 't1'));
    const source = await sourceOf();
    const rowsOf = (tables: FamilyTable[]) =>
      new Map(tables.flatMap((t) => t.rows.map((row) => [row.labels.key, row])));
    const first = rowsOf(await source.read(tick()));
    const second = rowsOf(await source.read(tick()));
    expect(second.size).toBe(first.size);
    for (const [key, row] of second) expect(row).toBe(first.get(key));
  });
});

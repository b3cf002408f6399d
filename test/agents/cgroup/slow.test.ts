/**
 * Cgroups that take long to read, of which the kernel knows many: each is measured, rests in proportion, and costs the others nothing; and a
 * tick that has no time for all goes on with the rest in the next one. Time is a clock that files move when they are read.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import type { CgroupSource, CgroupSourceOptions } from '../../../agents/cgroup/source.ts';
import { createSubtrees } from '../../../agents/cgroup/subtrees.ts';
import type { Container } from '../../../agents/container.ts';
import { silent } from '../../../src/log.ts';
import { breathe, systemClock } from '../../../src/run/clock.ts';
import { container, sourceOf } from './host.ts';

const tick = { timeMs: 0, signal: new AbortController().signal };

let root: string;
let nowMs: number;
/** The CPU time that has been used by a time: all of it, unless the machine has none. */
let cpuOf: (ms: number) => number;
/** How long reading takes, by the minor number of the cgroup's device, which is asked for in the middle of it. */
let costs: Map<number, number>;
let source: CgroupSource;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-slow-'));
  writeFileSync(join(root, 'cgroup.controllers'), 'io\n');
  nowMs = 0;
  cpuOf = (ms) => ms;
  costs = new Map();
});

afterEach(async () => {
  await source.close();
  rmSync(root, { recursive: true, force: true });
});

/** A container whose reading takes what `costs` says. */
function made(name: string, device: number): Container {
  const unified = `/system.slice/docker-${name.repeat(64)}.scope`;
  mkdirSync(join(root, unified), { recursive: true });
  writeFileSync(join(root, unified, 'io.stat'), `8:${device} rbytes=1\n`);
  return container(name, { id: name.repeat(64), cgroup: { unified, controllers: new Map() } });
}

function open(containers: readonly Container[], options: Partial<CgroupSourceOptions> = {}): void {
  const deviceName = (_: number, minor: number): undefined => {
    nowMs += costs.get(minor) ?? 0;
  };
  const clock = { ...systemClock, monotonic: () => nowMs, cpu: () => cpuOf(nowMs), after: () => () => undefined };
  const around = { deviceName, pageBytes: 4096 };
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  source = sourceOf(mounts, { clock, around, families: new Set(['diskio']), containers: () => containers, ...options });
}

/** The names that a tick has, which begins `afterMs` after the one before has ended. */
async function read(afterMs = 0): Promise<string[]> {
  nowMs += afterMs;
  const tables = await source.read(tick);
  return tables.flatMap(({ rows }) => rows.map((row) => row.entity.key[0] ?? '')).sort();
}

describe('a cgroup that takes long to read', () => {
  test('is read again after fifty times as long, the others at each tick; it is counted, and absent in between', async () => {
    costs.set(1, 200);
    open([made('a', 1), made('b', 2)]);
    // Once may be chance.
    expect(await read()).toEqual(['a', 'b']);
    expect(await read(1000)).toEqual(['a', 'b']);
    // 200 ms at 2 % of the time: 10 s.
    expect(await read(9999)).toEqual(['b']);
    expect(source.losses?.get('slow')).toBe(1);
    expect(await read(1)).toEqual(['a', 'b']);
    expect(await read(9999)).toEqual(['b']);
    expect(source.counts.slow).toBe(2);
  });

  test('one that waits for a CPU is read at each tick, unless it waits for a second', async () => {
    // A tenth of a CPU is left for us.
    cpuOf = (ms) => ms / 10;
    costs.set(1, 900);
    open([made('a', 1)]);
    for (const _ of [1, 2, 3]) expect(await read(1000)).toEqual(['a']);
    expect(source.counts.slow).toBe(0);
    costs.set(1, 1000);
    expect([await read(), await read(), await read()]).toEqual([['a'], ['a'], []]);
  });

  test('takes at most a small share of the time, however long each reading is', async () => {
    costs.set(1, 3000);
    open([made('a', 1)]);
    await read();
    const startMs = nowMs;
    let readings = 0;
    while (nowMs - startMs < 3_600_000) readings += (await read(1000)).length;
    // In an hour 3 s every 153 s, the first at once: 24 times.
    expect(readings).toBe(24);
  });

  test('is read at each tick again when it has become fast', async () => {
    costs.set(1, 200);
    open([made('a', 1)]);
    await read();
    await read();
    costs.clear();
    expect(await read(10_000)).toEqual(['a']);
    expect(await read()).toEqual(['a']);
  });

  test('is not read at its end either: what it had last is given', async () => {
    costs.set(1, 200);
    const a = made('a', 1);
    open([a]);
    await read();
    await read();
    const beforeMs = nowMs;
    expect(source.readNow(a).map(({ rows }) => rows.length)).toEqual([1]);
    expect(nowMs).toBe(beforeMs);
  });

  test('rests if it is a unit, too', async () => {
    costs.set(1, 200);
    made('a', 1);
    const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
    open([], { subtrees: createSubtrees({ mounts, patterns: ['/system.slice/*'], breathe, log: silent }) });
    const seen = [await read(), await read(), await read()];
    expect(seen.map((names) => names.length)).toEqual([1, 1, 0]);
    expect(source.counts.slow).toBe(1);
  });
});

test('containers for which a tick has no time come first in the next one, and are counted', async () => {
  for (const device of [1, 2, 3, 4]) costs.set(device, 90);
  const all = ['a', 'b', 'c', 'd'].map((name, i) => made(name, i + 1));
  open(all, { budgetMs: 100 });
  expect(await read()).toEqual(['a', 'b']);
  expect(await read()).toEqual(['c', 'd']);
  expect(source.counts.putOff).toBe(4);
  expect(source.losses?.get('put_off')).toBe(4);
});

test('of one that is put off the last reading is held for one tick, at its own time; what is put off again is absent', async () => {
  for (const device of [1, 2, 3]) costs.set(device, 90);
  const all = ['a', 'b', 'c'].map((name, i) => made(name, i + 1));
  open(all, {
    budgetMs: 1000,
    clock: { ...systemClock, monotonic: () => nowMs, now: () => 1_000_000 + nowMs, cpu: () => nowMs },
  });
  const held = (): string[] =>
    (source.held?.() ?? [])
      .flatMap(({ rows, timesMs }) => rows.map((row, r) => `${row.entity.key[0]} ${timesMs[r]}`))
      .sort();
  expect(await read()).toEqual(['a', 'b', 'c']);
  expect(held()).toEqual([]);
  // Now each takes a second, so that a tick suffices for one: read at 0, 90 and 180 ms before.
  for (const device of [1, 2, 3]) costs.set(device, 1000);
  cpuOf = () => 0;
  expect(await read()).toEqual(['a']);
  expect(held()).toEqual(['b 1000090', 'c 1000180']);
  // b has its turn; a was read at 270 ms; c has been put off twice.
  expect(await read()).toEqual(['b']);
  expect(held()).toEqual(['a 1000270']);
  expect(source.counts.putOff).toBe(4);
});

test('a container that is put off before its first reading is not shown as a unit meanwhile', async () => {
  for (const device of [1, 2]) costs.set(device, 90);
  const all = [made('a', 1), made('b', 2)];
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  const subtrees = createSubtrees({ mounts, patterns: ['/system.slice/*'], breathe, log: silent });
  open(all, { budgetMs: 1, subtrees });
  const tables = await source.read(tick);
  expect(tables.flatMap(({ rows }) => rows.map((row) => row.entity.kind))).toEqual(['container']);
});

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findMounts, type Hierarchy } from '../../../agents/cgroup/mounts.ts';
import type { CgroupSource } from '../../../agents/cgroup/source.ts';
import type { Container } from '../../../agents/container.ts';
import { descriptorsKept, setDescriptorBudget } from '../../../agents/kernel/files.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { copyOfHost, recordedHost } from '../../support/fixture.ts';
import { container, numbersOf, recordedContainers, sourceOf } from './host.ts';

const tick = { timeMs: 0, signal: new AbortController().signal };
const USAGE = 'container_memory_usage_bytes';

let host: ReturnType<typeof copyOfHost>;
let all: Container[];
let source: CgroupSource | undefined;

/** The scope's folder of a container on the copy of the v2 host. */
const scope = (one: Container): string => join(host.cgroupRoot, `system.slice/docker-${one.id}.scope`);
const named = (name: string): Container => all.find((one) => one.name === name)!;
const namesIn = (tables: readonly FamilyTable[], family: string): string[] =>
  (tables.find((table) => table.shape.name === family)?.rows ?? []).map((row) => row.labels.values.at(-1)!).sort();

beforeEach(() => {
  host = copyOfHost('v2', 't1');
  all = recordedContainers(recordedHost('v2', 't1')).filter((one) => ['web', 'db', 'hostnet'].includes(one.name));
});

afterEach(async () => {
  await source?.close();
  setDescriptorBudget(4096);
  rmSync(host.dir, { recursive: true, force: true });
});

function open(options: Parameters<typeof sourceOf>[1] = {}): CgroupSource {
  source = sourceOf(findMounts(host), { containers: () => all, ...options });
  return source;
}

describe('rows', () => {
  test('stay the same objects while nothing about them changes', async () => {
    const cgroup = open();
    const [before, after] = [await cgroup.read(tick), await cgroup.read(tick)];
    const rows = (tables: FamilyTable[]): unknown[] => tables.flatMap((table) => table.rows);
    expect(rows(after)).toHaveLength(rows(before).length);
    rows(after).forEach((row, i) => void expect(row).toBe(rows(before)[i]));
  });

  test('are made anew when the container’s identity changes', async () => {
    const cgroup = open();
    await cgroup.read(tick);
    const renamed = container('renamed', { id: named('db').id, cgroup: named('db').cgroup, startMs: 1 });
    all = [renamed];
    expect(namesIn(await cgroup.read(tick), 'diskio')).toEqual(['renamed']);
  });

  test('carry the moment at which their files were read', async () => {
    let now = 5000;
    const cgroup = open({ clock: { ...systemClock, now: () => now++ } });
    const memory = (await cgroup.read(tick)).find((table) => table.shape.name === 'memory');
    expect([...memory!.timesMs]).toEqual([5000, 5001, 5002]);
  });

  test('only of the families that are wanted', async () => {
    const tables = await open({ families: new Set(['pids', 'network']) }).read(tick);
    expect(tables.map((table) => table.shape.name)).toEqual(['pids']);
  });
});

describe('containers that come and go', () => {
  test('one that stops is gone from the next reading, and its files are closed', async () => {
    const cgroup = open();
    await cgroup.read(tick);
    all = [named('db')];
    expect(namesIn(await cgroup.read(tick), 'memory')).toEqual(['db']);
    all = [];
    await cgroup.read(tick);
    expect(descriptorsKept()).toBe(0);
  });

  test('a cgroup removed between two readings costs nobody else anything', async () => {
    setDescriptorBudget(0);
    const cgroup = open();
    await cgroup.read(tick);
    rmSync(scope(named('db')), { recursive: true });
    expect(namesIn(await cgroup.read(tick), 'memory')).toEqual(['hostnet', 'web']);
    expect(cgroup.counts.failures.size).toBe(0);
    expect(cgroup.counts.vanished).toBe(1);
  });

  test('a cgroup removed in the middle of a reading is left out of it altogether', async () => {
    // The device's name is asked for in the middle of the reading: after cpu and memory, before hugetlb and numa.
    const deviceName = (): undefined => {
      rmSync(scope(named('db')), { recursive: true, force: true });
    };
    const tables = await open({ around: { deviceName, pageBytes: 4096 } }).read(tick);
    expect(numbersOf(tables, 'db').size).toBe(0);
    expect(namesIn(tables, 'cpu')).toContain('hostnet');
  });

  test('a restarted container is read from its new cgroup in the same tick', async () => {
    setDescriptorBudget(0);
    const cgroup = open({ families: new Set(['memory']) });
    await cgroup.read(tick);
    const dir = scope(named('db'));
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    writeFileSync(join(dir, 'memory.current'), '4096\n');
    const tables = await cgroup.read(tick);
    expect(numbersOf(tables, 'db')).toEqual(new Map([[USAGE, 4096]]));
  });

  test('one without a cgroup, and one whose folder is nowhere', async () => {
    const nowhere = { unified: '/system.slice/nowhere.scope', controllers: new Map<string, string>() };
    all = [container('stopped', { id: 'a', cgroup: undefined }), container('lost', { id: 'b', cgroup: nowhere })];
    expect(await open().read(tick)).toEqual([]);
  });

  test('two containers in one cgroup: its numbers are neither’s', async () => {
    const shared = { unified: '/system.slice/docker.service', controllers: new Map<string, string>() };
    all = [container('a', { id: 'a', cgroup: shared }), container('b', { id: 'b', cgroup: shared }), named('db')];
    const cgroup = open();
    await cgroup.read(tick);
    expect(namesIn(await cgroup.read(tick), 'memory')).toEqual(['db']);
  });
});

describe('hostile files', () => {
  test('missing, empty, a folder in a file’s place, garbage: only what is there counts', async () => {
    const dir = scope(named('db'));
    rmSync(join(dir, 'memory.peak'));
    writeFileSync(join(dir, 'memory.max'), '');
    writeFileSync(join(dir, 'memory.stat'), 'anon\nfile x\n\n\0\0 5\ninactive_file 4096 extra\nkernel 7\n');
    writeFileSync(join(dir, 'memory.current'), '9007199254740993\n');
    writeFileSync(join(dir, 'memory.events'), 'oom_kill 18446744073709551615\n');
    writeFileSync(join(dir, 'cpu.max'), 'max\n');
    const got = numbersOf(await open({ families: new Set(['memory', 'oom']) }).read(tick), 'db');
    expect(got.get(USAGE)).toBe(2 ** 53);
    expect(got.get('container_memory_kernel_usage')).toBe(7);
    expect(got.get('container_oom_events_total')).toBe(2 ** 64);
    const absent = ['max_usage_bytes', 'cache', 'rss', 'working_set_bytes', 'total_inactive_file_bytes'];
    expect(absent.filter((name) => got.has(`container_memory_${name}`))).toEqual([]);
    expect(got.has('container_spec_memory_limit_bytes')).toBe(false);
  });

  test('what cannot be read for an unexpected reason costs that container its family, and is counted', async () => {
    const file = join(scope(named('db')), 'pids.current');
    rmSync(file);
    mkdirSync(file);
    const cgroup = open();
    const tables = await cgroup.read(tick);
    expect(namesIn(tables, 'pids')).toEqual(['hostnet', 'web']);
    expect(namesIn(tables, 'memory')).toEqual(['db', 'hostnet', 'web']);
    expect(Object.fromEntries(cgroup.counts.failures)).toEqual({ pids: 1 });
  });

  test('a device without a name goes by its numbers, and by its name once it has one', async () => {
    let name: string | undefined;
    const cgroup = open({ around: { deviceName: () => name, pageBytes: 4096 } });
    const metric = (device: string): string => `container_fs_writes_total{device="${device}"}`;
    expect(numbersOf(await cgroup.read(tick), 'db').get(metric('254:0'))).toBe(972);
    name = 'vda';
    const later = numbersOf(await cgroup.read(tick), 'db');
    expect(later.get(metric('vda'))).toBe(972);
    expect(later.has(metric('254:0'))).toBe(false);
  });
});

describe('one container at once', () => {
  test('a newcomer is read before any tick', () => {
    const tables = open().readNow(named('db'));
    expect(numbersOf(tables, 'db').get(USAGE)).toBe(4771840);
    expect(namesIn(tables, 'memory')).toEqual(['db']);
  });

  test('after its cgroup has gone its last reading is given, with that reading’s time', async () => {
    setDescriptorBudget(0);
    let now = 1000;
    const cgroup = open({ clock: { ...systemClock, now: () => now } });
    await cgroup.read(tick);
    rmSync(scope(named('db')), { recursive: true });
    now = 9000;
    const tables = cgroup.readNow(named('db'));
    expect(numbersOf(tables, 'db').get(USAGE)).toBe(4771840);
    expect([...tables[0]!.timesMs]).toEqual([1000]);
  });

  test('also when a tick has come in between, but not for another run of it', async () => {
    setDescriptorBudget(0);
    const cgroup = open();
    await cgroup.read(tick);
    const db = named('db');
    rmSync(scope(db), { recursive: true });
    all = [];
    await cgroup.read(tick);
    expect(numbersOf(cgroup.readNow(db), 'db').get(USAGE)).toBe(4771840);
    const later = container('db', { id: db.id, cgroup: db.cgroup, startMs: db.entity.startMs + 1 });
    expect(cgroup.readNow(later)).toEqual([]);
  });

  test('one that was never seen has nothing', () => {
    expect(open().readNow(container('x', { id: 'x', cgroup: undefined }))).toEqual([]);
  });
});

test('v1: one controller’s folder removed, and the container is left out', async () => {
  const v1 = copyOfHost('v1', 't1');
  const containers = recordedContainers(recordedHost('v1', 't1'));
  setDescriptorBudget(0);
  const cgroup = sourceOf(findMounts(v1), { containers: () => containers });
  expect(namesIn(await cgroup.read(tick), 'cpu')).toHaveLength(10);
  const gone = containers.find((one) => one.name === 'db')!;
  for (const controller of ['pids', 'cpu', 'cpuacct', 'memory', 'blkio', 'cpuset']) {
    rmSync(join(v1.cgroupRoot, controller, 'docker', gone.id), { recursive: true });
  }
  expect(namesIn(await cgroup.read(tick), 'cpu')).toHaveLength(9);
  await cgroup.close();
  rmSync(v1.dir, { recursive: true });
});

test('a hybrid host: controllers from v1, pressure from the unified hierarchy', async () => {
  const v1 = copyOfHost('v1', 't1');
  const db = recordedContainers(recordedHost('v1', 't1')).find((one) => one.name === 'db')!;
  const unified = join(v1.cgroupRoot, 'unified', 'docker', db.id);
  mkdirSync(unified, { recursive: true });
  cpSync(join(scope(named('db')), 'cpu.pressure'), join(unified, 'cpu.pressure'));
  const mounts = findMounts(v1);
  expect(mounts.version).toBe('hybrid');
  const cgroup = sourceOf(mounts, { containers: () => [db] });
  const got = numbersOf(await cgroup.read(tick), 'db');
  expect(got.get('container_pressure_cpu_waiting_seconds_total')).toBe(17.537342);
  expect(got.get(USAGE)).toBe(5050368);
  await cgroup.close();
  rmSync(v1.dir, { recursive: true });
});

test('a hybrid host that leaves containers in the engine’s unified cgroup: its pressure and its end are not theirs', async () => {
  const v1 = copyOfHost('v1', 't1');
  const recorded = recordedContainers(recordedHost('v1', 't1')).filter((one) => ['web', 'db'].includes(one.name));
  const engine = '/system.slice/containerd.service';
  const unified = join(v1.cgroupRoot, 'unified', engine);
  mkdirSync(unified, { recursive: true });
  cpSync(join(scope(named('db')), 'cpu.pressure'), join(unified, 'cpu.pressure'));
  const containers = recorded.map((one) => ({ ...one, cgroup: { ...one.cgroup!, unified: engine } }));
  const cgroup = sourceOf(findMounts(v1), { containers: () => containers });
  const tables = await cgroup.read(tick);
  expect(namesIn(tables, 'memory')).toEqual(['db', 'web']);
  expect(namesIn(tables, 'pressure')).toEqual([]);
  // The file that would have been watched is not there: had it been tried, it would have been counted.
  expect(cgroup.counts.unwatched).toBe(0);
  await cgroup.close();
  rmSync(v1.dir, { recursive: true });
});

describe('folders of a container that is complete are not looked for again at each tick', () => {
  /** A map that counts how often somebody goes through it. */
  class Watched extends Map<string, Hierarchy> {
    walks = 0;
    override [Symbol.iterator](): MapIterator<[string, Hierarchy]> {
      this.walks++;
      return super[Symbol.iterator]();
    }
  }

  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-complete-'));
    mkdirSync(join(root, 'memory/docker/x'), { recursive: true });
    writeFileSync(join(root, 'memory/docker/x/memory.usage_in_bytes'), '4096\n');
    for (const hierarchy of ['misc', 'unified']) mkdirSync(join(root, hierarchy));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** How often the hierarchies were gone through in the second tick, and the one after `between`. */
  async function walksOf(misc: string, between: () => void): Promise<{ walks: number[]; tables: FamilyTable[] }> {
    const found = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
    const controllers = new Watched(found.controllers);
    const paths = new Map([
      ['memory', '/docker/x'],
      ['misc', misc],
    ]);
    const x = container('x', { id: 'x', cgroup: { unified: '/', controllers: paths } });
    const cgroup = sourceOf({ ...found, controllers }, { containers: () => [x] });
    await cgroup.read(tick);
    const walks: number[] = [];
    let tables: FamilyTable[] = [];
    for (const step of [() => undefined, between, () => undefined]) {
      step();
      controllers.walks = 0;
      tables = await cgroup.read(tick);
      walks.push(controllers.walks);
    }
    await cgroup.close();
    return { walks, tables };
  }

  test('although it has not joined every hierarchy of the host', async () => {
    const { walks, tables } = await walksOf('/', () => undefined);
    expect(walks).toEqual([0, 0, 0]);
    expect(numbersOf(tables, 'x').get(USAGE)).toBe(4096);
  });

  test('but one whose folder is still missing is looked for until it is there', async () => {
    const { walks } = await walksOf('/docker/x', () => mkdirSync(join(root, 'misc/docker/x'), { recursive: true }));
    expect(walks[0]).toBeGreaterThan(0);
    expect(walks[1]).toBeGreaterThan(0);
    expect(walks[2]).toBe(0);
  });
});

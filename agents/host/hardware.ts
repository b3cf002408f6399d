/**
 * Source `topology`: caches, hardware threads, NUMA nodes and memory modules from sysfs, into rows of the host. Read again once a
 * minute: it changes when hardware does, or when somebody sets huge pages aside.
 */
import { join } from 'node:path';
import { topology } from '../../src/catalog/topology.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { labels } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import { namesIn } from '../kernel/files.ts';
import type { Source } from '../source.ts';
import { builderOf } from '../kernel/cells.ts';
import { numbered, textIn } from './sysfs.ts';

export interface HardwareOptions {
  readonly sysRoot: string;
  readonly entity: Entity;
  readonly clock: Clock;
}

type Key = keyof typeof topology.at;
type Where = Readonly<Record<string, string>>;
/** One number and what it is about. */
type Fact = readonly [key: Key, where: Where, value: number];

const SLOW_MS = 60_000;

export function createHardwareSource({ sysRoot, entity, clock }: HardwareOptions): Source {
  const rows = new Map<string, EntityRow>();
  let facts: Fact[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;

  function rowOf(where: Where): EntityRow {
    const dims = labels(Object.entries(where));
    const row = rows.get(dims.key) ?? entityRow(entity, dims);
    rows.set(dims.key, row);
    return row;
  }

  return {
    name: 'topology',
    async read() {
      const nowMs = clock.monotonic();
      if (nowMs - readAtMs >= SLOW_MS) {
        facts = [...cpuFacts(sysRoot), ...nodeFacts(sysRoot), ...dimmFacts(sysRoot)];
        readAtMs = nowMs;
      }
      const builder = builderOf(topology);
      const timeMs = clock.now();
      for (const [key, where, value] of facts) {
        builder.add(rowOf(where), timeMs);
        builder.set(topology.at[key], value);
      }
      const tables: FamilyTable[] = builder.size > 0 ? [builder.build()] : [];
      return tables;
    },
    async close() {
      rows.clear();
    },
  };
}

/** Threads and caches. A cache that several CPUs share stands in the folder of each of them: it is counted at the first. */
export function cpuFacts(sysRoot: string): Fact[] {
  const sums = new Map<string, Fact>();
  const add = (key: Key, where: Where, value: number): void => {
    if (Number.isNaN(value)) return;
    const name = JSON.stringify([key, where]);
    sums.set(name, [key, where, value + (sums.get(name)?.[2] ?? 0)]);
  };
  for (const { number, path } of numbered(join(sysRoot, 'devices/system/cpu'), 'cpu')) {
    const siblings = textIn(path, 'topology/core_cpus_list') || textIn(path, 'topology/thread_siblings_list');
    // An offline CPU has no place.
    if (siblings === '') continue;
    const core = { node_id: nodeOf(path), core_id: coreOf(path) };
    add('siblings', { ...core, thread_id: String(number) }, members(siblings).length);
    for (const { path: cache } of numbered(join(path, 'cache'), 'index')) {
      const shared = textIn(cache, 'shared_cpu_list');
      if (members(shared)[0] !== number) continue;
      const place = members(shared).length > members(siblings).length ? { node_id: core.node_id } : core;
      const what = { type: textIn(cache, 'type'), level: textIn(cache, 'level') };
      add('cache', { ...place, ...what }, sizeOf(textIn(cache, 'size')));
    }
  }
  return [...sums.values()];
}

/** A CPU's folder has a link to its node; kernels without NUMA have one node, 0. */
function nodeOf(cpu: string): string {
  return String(numbered(cpu, 'node')[0]?.number ?? 0);
}

/** Core numbers repeat from die to die. */
function coreOf(cpu: string): string {
  const [core, die] = [textIn(cpu, 'topology/core_id'), textIn(cpu, 'topology/die_id')];
  return die === '' || Number(die) <= 0 ? core : `${die}:${core}`;
}

/** Memory, huge pages and distances of each NUMA node. */
export function nodeFacts(sysRoot: string): Fact[] {
  const nodes = numbered(join(sysRoot, 'devices/system/node'), 'node');
  return nodes.flatMap(({ number, path }): Fact[] => {
    const node_id = String(number);
    const kibibytes = Number(/MemTotal:\s+(\d+) kB/.exec(textIn(path, 'meminfo'))?.[1]);
    // In the order of the nodes that there are, whose numbers may have gaps.
    const distances = textIn(path, 'distance').split(/\s+/);
    return [
      ...known('nodeMemory', { node_id }, kibibytes * 1024),
      ...namesIn(join(path, 'hugepages')).flatMap((name) => {
        const page_size = /^hugepages-(\d+)kB$/.exec(name)?.[1] ?? '';
        return known('hugepages', { node_id, page_size }, numberIn(path, 'hugepages', name, 'nr_hugepages'));
      }),
      ...nodes.flatMap((target, i) => {
        const where = { node_id, target_node_id: String(target.number) };
        return known('distance', where, Number.parseInt(distances[i] ?? '', 10));
      }),
    ];
  });
}

/** Memory modules, where the kernel has a driver for the memory controller; an empty socket has the size 0. */
export function dimmFacts(sysRoot: string): Fact[] {
  const byType = new Map<string, { count: number; bytes: number }>();
  for (const controller of numbered(join(sysRoot, 'devices/system/edac/mc'), 'mc')) {
    for (const { path } of numbered(controller.path, 'dimm')) {
      const mebibytes = numberIn(path, 'size');
      if (!(mebibytes > 0)) continue;
      const type = textIn(path, 'dimm_mem_type');
      const sum = byType.get(type) ?? { count: 0, bytes: 0 };
      byType.set(type, { count: sum.count + 1, bytes: sum.bytes + mebibytes * 1024 ** 2 });
    }
  }
  return [...byType].flatMap(([type, { count, bytes }]): Fact[] => [
    ['dimms', { type }, count],
    ['dimmBytes', { type }, bytes],
  ]);
}

function known(key: Key, where: Where, value: number): Fact[] {
  return Number.isFinite(value) ? [[key, where, value]] : [];
}

function numberIn(...path: string[]): number {
  return Number.parseInt(textIn(...path), 10);
}

/** `0-2,7` as 0, 1, 2, 7. */
function members(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    return first <= last ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
  });
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', 1024],
  ['M', 1024 ** 2],
  ['G', 1024 ** 3],
]);

/** `32K` in bytes; NaN if it is none. */
function sizeOf(text: string): number {
  const match = /^(\d+)([KMG]?)$/.exec(text);
  return match ? Number(match[1]) * (UNITS.get(match[2] as string) as number) : Number.NaN;
}

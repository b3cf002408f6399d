/**
 * Three hosts with a hundred containers each, made up: batches as an agent would send them, tick by tick, of containers that idle, work, come near
 * their limits, are throttled, restart, are not well and have ended. For a picture with 300 containers on a machine that could not run them.
 */
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import { diskio } from '../../src/catalog/diskio.ts';
import { filesystem } from '../../src/catalog/filesystem.ts';
import { info } from '../../src/catalog/info.ts';
import { machine, machineCpu } from '../../src/catalog/machine.ts';
import { memory } from '../../src/catalog/memory.ts';
import { network } from '../../src/catalog/network.ts';
import { oom } from '../../src/catalog/oom.ts';
import { pids } from '../../src/catalog/pids.ts';
import { pressure } from '../../src/catalog/pressure.ts';
import { state } from '../../src/catalog/state.ts';
import { type LabelPair, type Labels, labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import { type Character, characterOf, type Life, livedOn, newLife } from './characters.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

interface Container {
  readonly character: Character;
  readonly row: EntityRow;
  readonly onNetwork: EntityRow;
  readonly onDisk: EntityRow;
  readonly described: EntityRow;
  life: Life;
}

export interface Host {
  /** What it reads after `seconds` more. */
  batch(timeMs: number, seconds: number): Batch;
}

/** A host; its containers are those of Compose, or pods. */
export function createHost(node: string, options: { containers: number; pods: boolean; startMs: number }): Host {
  const session = `session-of-${node}`;
  const containers = Array.from({ length: options.containers }, (_, i) => container(node, i, options));
  const host: Entity = { key: '/', kind: 'host', startMs: options.startMs, labels: labels([['id', '/']]) };
  const whole = newLife(characterOf(3), node.length);
  let seq = 0;
  return {
    batch(timeMs, seconds) {
      for (const each of containers) each.life = livedOn(each.life, each.character, { seconds, timeMs });
      const tables = [
        ...ofContainers(containers, timeMs),
        ...ofHost(host, { containers, whole, timeMs, startMs: options.startMs }),
      ];
      return { node, session, seq: ++seq, timeMs, tables };
    },
  };
}

const PROJECTS = ['shop', 'search', 'billing', 'media'];
const SERVICES = ['web', 'api', 'worker', 'cache', 'db', 'queue', 'mailer'];

function container(node: string, i: number, { pods, startMs }: { pods: boolean; startMs: number }): Container {
  const character = characterOf(i);
  const project = PROJECTS[i % PROJECTS.length] as string;
  const service = SERVICES[i % SERVICES.length] as string;
  const id = `${node}-${i}`
    .padStart(8, '0')
    .repeat(8)
    .replace(/[^0-9a-f]/g, 'a')
    .slice(0, 64);
  const name = pods
    ? `k8s_${service}_${project}-${service}-${i}`
    : `${project}-${service}-${Math.floor(i / 28) + 1}${node.at(-1)}`;
  const own: LabelPair[] = pods
    ? [
        ['container_label_io_kubernetes_pod_namespace', project],
        ['container_label_io_kubernetes_pod_name', `${project}-${service}-${i}`],
        ['container_label_io_kubernetes_container_name', service],
      ]
    : [
        ['container_label_com_docker_compose_project', project],
        ['container_label_com_docker_compose_service', service],
      ];
  const all = labels([
    ['id', `/docker/${id}`],
    ['name', name],
    ['image', `registry.example/${project}/${service}:1.${i % 9}`],
    ...own,
  ]);
  const entity: Entity = { key: id, kind: 'container', startMs: startMs - 3_600_000 * ((i % 40) + 1), labels: all };
  const described: LabelPair[] = [
    ['hostname', name],
    ['network_mode', 'bridge'],
    ['restart_policy', 'unless-stopped'],
    ['runtime', 'runc'],
  ];
  return {
    character,
    row: entityRow(entity, NO_LABELS),
    onNetwork: entityRow(entity, labels([['interface', 'eth0']])),
    onDisk: entityRow(entity, labels([['device', '/dev/sda']])),
    described: entityRow(entity, labels(described)),
    life: newLife(character, i + node.length * 7),
  };
}

type Cells<T> = (item: T) => Readonly<Record<string, number>>;

/** A table with those columns that `cells` names; the others are absent. */
function table<T>(
  family: Family,
  items: readonly (readonly [EntityRow, T])[],
  { timeMs, cells }: { timeMs: number; cells: Cells<T> },
): FamilyTable {
  const values = new Float64Array(items.length * family.columns.length).fill(Number.NaN);
  items.forEach(([, item], r) => {
    for (const [key, value] of Object.entries(cells(item))) {
      const at = (family.at as Readonly<Record<string, number>>)[key];
      if (at === undefined) throw new Error(`${family.name} has no column ${key}`);
      values[at * items.length + r] = value;
    }
  });
  return {
    shape: family,
    rows: items.map(([row]) => row),
    timesMs: new Float64Array(items.length).fill(timeMs),
    values,
  };
}

function ofContainers(all: readonly Container[], timeMs: number): FamilyTable[] {
  const alive = all.filter(({ life }) => life.running);
  const items = (rowOf: (each: Container) => EntityRow, of = alive) => of.map((each) => [rowOf(each), each] as const);
  const plain = items(({ row }) => row);
  const at = <T>(cells: Cells<T>) => ({ timeMs, cells });
  return [
    table(cpu, plain, at(cpuCells)),
    table(memory, plain, at(memoryCells)),
    table(
      oom,
      plain,
      at(({ life }: Container) => ({ kills: life.kills })),
    ),
    table(
      pressure,
      plain,
      at(({ life }: Container) => ({
        cpuWaiting: life.waited,
        memoryWaiting: life.waited / 9,
        memoryStalled: life.waited / 20,
        ioWaiting: life.waited / 3,
        ioStalled: life.waited / 8,
      })),
    ),
    table(
      pids,
      plain,
      at(({ life, character }: Container) => ({ threads: life.threads, limit: character.threads * 4 })),
    ),
    table(
      network,
      items(({ onNetwork }) => onNetwork),
      at(networkCells),
    ),
    table(
      diskio,
      items(({ onDisk }) => onDisk),
      at(diskCells),
    ),
    table(
      filesystem,
      items(({ onDisk }) => onDisk),
      at(({ life }: Container) => ({ usage: life.written / 10 + 4 * MIB })),
    ),
    table(
      state,
      items(({ row }) => row, [...all]),
      at((each: Container) => stateCells(each, timeMs)),
    ),
    table(
      info,
      items(({ described }) => described, [...all]),
      at(() => ({ info: 1 })),
    ),
  ];
}

function cpuCells({ life, character: { quota } }: Container) {
  const limits =
    quota === undefined
      ? {}
      : {
          quota: quota * 100_000,
          limit: quota,
          periods: life.seconds * 10,
          throttledPeriods: life.throttled * 10,
          throttled: life.throttled,
        };
  return { usage: life.cpu, user: life.cpu * 0.7, system: life.cpu * 0.3, period: 100_000, shares: 1024, ...limits };
}

function memoryCells({ life, character: { limit } }: Container) {
  const limits = limit === undefined ? {} : { limit };
  return {
    usage: life.memory * 1.2,
    workingSet: life.memory,
    rss: life.memory * 0.8,
    cache: life.memory * 0.3,
    swap: 0,
    ...limits,
  };
}

function networkCells({ life }: Container) {
  return networkOf(life.received, life.sent);
}

function networkOf(received: number, sent: number): Record<string, number> {
  const way = (bytes: number, key: string) => ({
    [`${key}Bytes`]: bytes,
    [`${key}Packets`]: bytes / 800,
    [`${key}Errors`]: 0,
    [`${key}Dropped`]: 0,
  });
  return { ...way(received, 'receive'), ...way(sent, 'transmit') };
}

function diskCells({ life }: Container) {
  return { readBytes: life.read, writeBytes: life.written, reads: life.read / 16_384, writes: life.written / 16_384 };
}

function stateCells({ life, character, row }: Container, timeMs: number) {
  const healths = ['healthy', 'unhealthy', 'starting', 'none'];
  const is = (name: string, list: readonly string[], which: string) =>
    Object.fromEntries(
      list.map((each) => [`${which}${each[0]?.toUpperCase()}${each.slice(1)}`, each === name ? 1 : 0]),
    );
  const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
  const alive = life.running
    ? {
        lastSeen: timeMs / 1000,
        started: life.startedMs(row.entity.startMs) / 1000,
        healthState: character.health === 'healthy' ? 1 : character.health === 'unhealthy' ? 0 : -1,
        ...is(character.health, healths, 'health'),
      }
    : { exitCode: character.exitCode ?? 0, finished: timeMs / 1000 - 600 };
  return {
    created: row.entity.startMs / 1000 - 5,
    restarts: life.restarts,
    oomKilled: 0,
    ...is(life.running ? 'running' : 'exited', states, 'state'),
    ...alive,
  };
}

interface Whole {
  readonly containers: readonly Container[];
  readonly whole: Life;
  readonly timeMs: number;
  readonly startMs: number;
}

function ofHost(host: Entity, { containers, whole, timeMs, startMs }: Whole): FamilyTable[] {
  const row = entityRow(host, NO_LABELS);
  const sum = (of: (life: Life) => number): number =>
    containers.reduce((all, { life }) => all + (life.running ? of(life) : 0), 0);
  const on = (pairs: LabelPair[]): Labels => labels(pairs);
  const used = sum(({ cpu: seconds }) => seconds) * 1.15;
  const passed = (timeMs - startMs) / 1000 + 3600;
  const modes: Record<string, number> = {
    user: used * 0.7,
    system: used * 0.3,
    iowait: passed * 0.2,
    softirq: passed * 0.05,
    steal: 0,
    idle: Math.max(0, 32 * passed - used),
  };
  const one = <T>(family: Family, cells: Record<string, number>, dims = NO_LABELS): FamilyTable =>
    table(family, [[dims === NO_LABELS ? row : entityRow(host, dims), undefined as T]], { timeMs, cells: () => cells });
  const bytes = sum(({ memory: each }) => each);
  return [
    table(
      machineCpu,
      Object.keys(modes).map((mode) => [entityRow(host, on([['mode', mode]])), mode] as const),
      { timeMs, cells: (mode: string) => ({ seconds: modes[mode] as number }) },
    ),
    one(machine, {
      load1: 9 + (sum(({ threads }) => threads) % 7),
      load5: 11,
      load15: 10,
      cores: 32,
      memory: 128 * GIB,
      available: 128 * GIB - bytes * 1.3,
      swap: 0,
      bootTime: startMs / 1000 - 9e5,
      running: 4,
      blocked: 0,
    }),
    one(cpu, { usage: used, user: used * 0.7, system: used * 0.3 }),
    one(memory, { usage: bytes * 1.3, workingSet: bytes * 1.1, rss: bytes * 0.9, cache: bytes * 0.3, swap: 0 }),
    one(pressure, {
      cpuWaiting: whole.waited + passed * 0.04,
      memoryWaiting: passed * 0.01,
      memoryStalled: passed * 0.004,
      ioWaiting: passed * 0.05,
      ioStalled: passed * 0.03,
    }),
    one(pids, { threads: sum(({ threads }) => threads) + 400, limit: 500_000 }),
    one(
      network,
      networkOf(
        sum(({ received }) => received),
        sum(({ sent }) => sent),
      ),
      on([['interface', 'eth0']]),
    ),
    one(
      diskio,
      {
        readBytes: sum(({ read }) => read),
        writeBytes: sum(({ written }) => written),
        reads: sum(({ read }) => read) / 16_384,
        writes: sum(({ written }) => written) / 16_384,
      },
      on([['device', '/dev/sda']]),
    ),
    one(
      filesystem,
      {
        usage: 300 * GIB + sum(({ written }) => written) / 10,
        limit: 900 * GIB,
        inodesTotal: 6e7,
        inodesFree: 5e7,
        inodesUsed: 1e7,
      },
      on([['device', '/dev/sda']]),
    ),
    one(state, { lastSeen: timeMs / 1000, started: startMs / 1000 - 9e5 }),
  ];
}

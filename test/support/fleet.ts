/**
 * Simulated nodes for the page: the real sender with made-up containers that live as real ones do: they work in waves, fill memory, turn
 * unhealthy, end, are started again. Names and labels may be hostile. What each number is, is said here, so that a test can reckon it.
 */
import { createSender } from '../../agents/send/sender.ts';
import { familyNamed } from '../../src/catalog/index.ts';
import { silent } from '../../src/log.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { type LabelPair, labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';

const MIB = 1024 ** 2;

export interface Simulated {
  readonly name: string;
  readonly image?: string;
  readonly labels?: readonly LabelPair[];
  /** Cores that it uses, on average. */
  readonly cpu?: number;
  readonly cpuLimit?: number;
  readonly memory?: number;
  readonly memoryLimit?: number;
  readonly health?: 'healthy' | 'unhealthy' | 'starting';
  readonly exit?: number;
  readonly oomKilled?: boolean;
  readonly restarts?: number;
  /** Of its periods, how many the limit stopped it in. */
  readonly throttled?: number;
}

export interface FleetNode {
  /** Changes what is there from the next tick on. */
  set(containers: readonly Simulated[]): void;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly url: string;
  readonly node: string;
  readonly containers: readonly Simulated[];
  readonly everyMs?: number;
  readonly token?: string;
  /** How far its clock is ahead. */
  readonly aheadMs?: number;
}

export function fleetNode({ url, node, containers, everyMs = 1000, token, aheadMs = 0 }: FleetOptions): FleetNode {
  const session = `fleet-${node}-${Math.random().toString(36).slice(2)}`;
  const sender = createSender({
    ...{ url, clock: systemClock, log: silent, timeoutMs: 10_000, maxBatches: 100, maxBytes: 64 * MIB },
    encoder: createEncoder({ node, session }),
    ...(token === undefined ? {} : { token }),
  });
  const startedMs = Date.now();
  let present = containers.map((each) => alive(each));
  let seq = 0;
  const tick = (): void => {
    const timeMs = Date.now() + aheadMs;
    sender.offer({
      node,
      session,
      seq: ++seq,
      timeMs,
      intervalMs: everyMs,
      tables: tablesOf(present, { node, timeMs, startedMs }),
    });
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    set(next) {
      const known = new Map(present.map((one) => [one.of.name, one]));
      present = next.map((of) => ({ ...(known.get(of.name) ?? alive(of)), of }));
    },
    async stop() {
      clearInterval(timer);
      await sender.close(100);
    },
  };
}

interface Alive {
  readonly of: Simulated;
  readonly row: EntityRow;
  readonly startMs: number;
}

let ids = 0;

function alive(of: Simulated): Alive {
  const id = `${(++ids).toString(16).padStart(12, '0')}`.padEnd(64, 'abcdef0123456789');
  const startMs = Date.now() - 3_600_000;
  const all = labels([
    ['id', `/docker/${id}`],
    ['name', of.name],
    ['image', of.image ?? 'registry.example/shop/web:1.2.3'],
    ...(of.labels ?? []),
  ]);
  return { of, startMs, row: entityRow({ key: id, kind: 'container', startMs, labels: all }, NO_LABELS) };
}

/** Made from project and service, as Compose has them. */
export function compose(project: string, service: string): LabelPair[] {
  return [
    ['container_label_com_docker_compose_project', project],
    ['container_label_com_docker_compose_service', service],
  ];
}

interface At {
  readonly node: string;
  readonly timeMs: number;
  readonly startedMs: number;
}

type Values = Readonly<Record<string, number>>;

function tablesOf(present: readonly Alive[], at: At): FamilyTable[] {
  const running = present.filter(({ of }) => of.exit === undefined);
  const host = hostRow(at);
  const seconds = (at.timeMs - at.startedMs) / 1000;
  const work = (of: Simulated): number => of.cpu ?? 0.05;
  const used = running.reduce((sum, { of }) => sum + work(of), 0);
  const busy = (of: Simulated): number => 1000 + work(of) * (seconds + 10 * Math.sin(seconds / 10));
  return [
    table('cpu', at, [
      [host, { usage: 5000 + used * seconds, user: 3000 + used * seconds * 0.7, system: 2000 + used * seconds * 0.3 }],
      ...running.map(({ row, of }): [EntityRow, Values] => [
        row,
        {
          ...{ usage: busy(of), user: busy(of) * 0.7, system: busy(of) * 0.3 },
          ...(of.cpuLimit === undefined
            ? {}
            : {
                limit: of.cpuLimit,
                periods: seconds * 10,
                throttledPeriods: seconds * 10 * (of.throttled ?? 0),
                throttled: seconds * (of.throttled ?? 0) * 0.05,
              }),
        },
      ]),
    ]),
    table('memory', at, [
      [host, { workingSet: 6e9, cache: 2e9, usage: 8e9 }],
      ...running.map(({ row, of }): [EntityRow, Values] => [
        row,
        {
          workingSet: of.memory ?? 50 * MIB,
          cache: 10 * MIB,
          usage: (of.memory ?? 50 * MIB) + 10 * MIB,
          swap: 0,
          ...(of.memoryLimit === undefined ? {} : { limit: of.memoryLimit }),
        },
      ]),
    ]),
    table(
      'pids',
      at,
      running.map(({ row }) => [row, { threads: 7 }]),
    ),
    table('pressure', at, [
      [
        host,
        {
          cpuWaiting: seconds * 0.05,
          cpuStalled: 0,
          memoryWaiting: 0,
          memoryStalled: 0,
          ioWaiting: seconds * 0.02,
          ioStalled: 0,
        },
      ],
      ...running.map(({ row }): [EntityRow, Values] => [
        row,
        {
          cpuWaiting: seconds * 0.04,
          cpuStalled: 0,
          memoryWaiting: 0,
          memoryStalled: 0,
          ioWaiting: seconds * 0.01,
          ioStalled: 0,
        },
      ]),
    ]),
    table(
      'network',
      at,
      running.map(({ row, of }) => [
        entityRow(row.entity, labels([['interface', 'eth0']])),
        { receiveBytes: 1e6 + seconds * 50_000 * work(of), transmitBytes: 1e6 + seconds * 20_000 * work(of) },
      ]),
    ),
    table(
      'diskio',
      at,
      running.map(({ row, of }) => [
        entityRow(row.entity, labels([['device', '/dev/vda']])),
        { readBytes: seconds * 1000, writeBytes: seconds * 30_000 * work(of) },
      ]),
    ),
    table(
      'state',
      at,
      present.map(({ row, of, startMs }) => [row, stateOf(of, startMs, at)]),
    ),
    table(
      'info',
      at,
      present.map(({ row, of }) => [
        entityRow(
          row.entity,
          labels([
            ['hostname', of.name],
            ['runtime', 'runc'],
            ['restart_policy', 'always'],
          ]),
        ),
        { info: 1 },
      ]),
    ),
    table('machine', at, [
      [host, { load1: 0.5 + used, cores: 8, memory: 16e9, available: 9e9, bootTime: at.startedMs / 1000 - 90_000 }],
    ]),
    table('machine_info', at, [
      [
        entityRow(
          host.entity,
          labels([
            ['kernel', '6.1.0-18-amd64'],
            ['os', 'Debian GNU/Linux 12'],
            ['architecture', 'x86_64'],
          ]),
        ),
        { info: 1 },
      ],
    ]),
    table('filesystem', at, [
      [entityRow(host.entity, labels([['device', '/dev/vda1']])), { usage: 60e9, limit: 200e9 }],
      ...running.map(({ row }): [EntityRow, Values] => [row, { usage: 3 * MIB }]),
    ]),
  ];
}

const hosts = new Map<string, EntityRow>();

function hostRow({ node, startedMs }: At): EntityRow {
  const known =
    hosts.get(node) ??
    entityRow({ key: '/', kind: 'host', startMs: startedMs, labels: labels([['id', '/']]) }, NO_LABELS);
  hosts.set(node, known);
  return known;
}

function stateOf(
  { exit, health, restarts = 0, oomKilled = false }: Simulated,
  startMs: number,
  { timeMs, startedMs }: At,
): Values {
  const states = ['Created', 'Running', 'Paused', 'Restarting', 'Removing', 'Exited', 'Dead'];
  const now = exit === undefined ? 'Running' : 'Exited';
  const healths =
    exit === undefined
      ? {
          healthHealthy: +(health === 'healthy'),
          healthUnhealthy: +(health === 'unhealthy'),
          healthStarting: +(health === 'starting'),
          healthNone: +(health === undefined),
        }
      : {};
  return {
    created: startMs / 1000,
    ...(exit === undefined
      ? { started: startMs / 1000, lastSeen: timeMs / 1000 }
      : { finished: startedMs / 1000, exitCode: exit, oomKilled: +oomKilled }),
    ...Object.fromEntries(states.map((state) => [`state${state}`, +(state === now)])),
    ...healths,
    restarts,
  };
}

function table(name: string, { timeMs }: At, given: readonly (readonly [EntityRow, Values])[]): FamilyTable {
  const family = familyNamed(name) as Family;
  const values = new Float64Array(family.columns.length * given.length).fill(Number.NaN);
  given.forEach(([, numbers], r) => {
    for (const [key, value] of Object.entries(numbers)) {
      const column = family.at[key];
      if (column === undefined) throw new Error(`the family ${name} has no ${key}`);
      values[column * given.length + r] = value;
    }
  });
  return {
    shape: family,
    rows: given.map(([row]) => row),
    timesMs: new Float64Array(given.length).fill(timeMs),
    values,
  };
}

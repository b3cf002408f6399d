/** The present: two windows of one made-up host in, numbers reckoned by hand out; one message a window for those who watch, and none for nobody. */
import { expect, test } from 'vitest';
import { createPresent, type Pipeline, type Present } from '../../../collector/page/present.ts';
import { FIELDS } from '../../../collector/page/rows.ts';
import { familyNamed } from '../../../src/catalog/index.ts';
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import type { Family } from '../../../src/model/family.ts';
import { type LabelPair, labels, mergeLabels, NO_LABELS } from '../../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../../src/model/table.ts';

const T = 1_800_000_000_000;
const S = 1000;

function entity(kind: Entity['kind'], key: string, pairs: readonly LabelPair[]): Entity {
  return {
    key,
    kind,
    startMs: T - 3600 * S,
    labels: labels([['id', kind === 'host' ? '/' : `/docker/${key}`], ...pairs]),
  };
}

const web = entity('container', 'web', [
  ['name', '<b>web</b>'],
  ['image', 'shop:1'],
  ['container_label_com_docker_compose_project', '__proto__'],
  ['container_label_com_docker_compose_service', 'web'],
  ['container_label_plimsoll_alert_memory', '90'],
]);
const host = entity('host', '/', []);
const NODE = labels([['node', 'web-1']]);

type Given = readonly (readonly [EntityRow, Readonly<Record<string, number>>])[];

function table(name: string, timeMs: number, given: Given): LevelTable {
  const family = familyNamed(name) as Family;
  const sources = given.map(([row]) => row);
  const values = new Float64Array(family.columns.length * given.length).fill(Number.NaN);
  given.forEach(([, numbers], r) => {
    for (const [key, value] of Object.entries(numbers)) values[(family.at[key] as number) * given.length + r] = value;
  });
  const rows = sources.map((row) => ({ ...row, labels: mergeLabels(row.labels, NODE) }));
  return {
    level: 'container',
    shape: family,
    rows,
    sources,
    timesMs: new Float64Array(given.length).fill(timeMs),
    values,
  };
}

function frame(endMs: number, tables: readonly LevelTable[]): Frame {
  return { startMs: endMs - 10 * S, endMs, tables, samples: 0 };
}

const row = (of: Entity, ...dims: LabelPair[]): EntityRow =>
  entityRow(of, dims.length === 0 ? NO_LABELS : labels(dims));

/** `n`: how many windows have passed. The times of reading are not those of the windows. */
function window(n: number, more: readonly LevelTable[] = []): Frame {
  const readMs = T + n * 10 * S - 3 * S;
  return frame(T + n * 10 * S, [
    // 2.5 CPU seconds in ten seconds: a quarter of a core. 30 of 100 periods throttled.
    table('cpu', readMs, [[row(web), { usage: 100 + n * 2.5, periods: n * 100, throttledPeriods: n * 30, limit: 1 }]]),
    table('memory', readMs, [[row(web), { workingSet: 123_456_789, limit: 2 ** 30 }]]),
    // 1000 and 500 bytes a second on two interfaces.
    table('network', readMs, [
      [row(web, ['interface', 'eth0']), { receiveBytes: n * 10_000, transmitBytes: 7 }],
      [row(web, ['interface', 'eth1']), { receiveBytes: n * 5000, transmitBytes: 7 }],
    ]),
    // Of each second of the ten, a little more than all of it.
    table('pressure', readMs, [[row(web), { cpuWaiting: n * 10.1 }]]),
    table('state', readMs, [
      [
        row(web),
        { stateRunning: 1, stateExited: 0, healthUnhealthy: 1, healthNone: 0, started: 1_799_990_000, restarts: 2 },
      ],
    ]),
    table('machine', readMs, [[row(host), { cores: 8, memory: 16e9, available: 4e9 }]]),
    table('filesystem', readMs, [[row(host, ['device', '/dev/vda1']), { usage: 6e9, limit: 20e9 }]]),
    ...more,
  ]);
}

const pipeline: Pipeline = {
  sinks: [],
  clocks: new Map([['web-1', -7000]]),
  dropped: 0,
  series: 1,
  logUp: true,
  behindMs: undefined,
  history: false,
  since: undefined,
};

function present(): Present {
  return createPresent({ run: 'run', version: '1', cluster: 'c', windowMs: 10 * S, pipeline: () => pipeline });
}

function cells(of: Present): Record<string, unknown> {
  const snapshot = of.snapshot()!;
  const { n } = snapshot.things.find(({ kind }) => kind === 'container')!;
  const [, ...values] = snapshot.rows.find(([number]) => number === n)!;
  return Object.fromEntries(FIELDS.map((field, i) => [field, values[i]]));
}

test('gauges are as read, counters what they grew by a second', () => {
  const now = present();
  now.take(window(1), false);
  now.take(window(2), false);
  expect(cells(now)).toMatchObject({
    ...{ cpu: 0.25, cpuLimit: 1, throttled: 0.3, memory: 123_456_789, memoryLimit: 2 ** 30 },
    ...{ rx: 1500, tx: 0, waitCpu: 1, state: 'running', health: 'unhealthy', start: 1_799_990_000, restarts: 2 },
    // Not measured, and so not a zero.
    ...{ read: null, swap: null, exit: null, disk: null },
  });
});

test('after one window there are no rates yet, and after a reset there is none', () => {
  const now = present();
  now.take(window(2), false);
  expect(cells(now)).toMatchObject({ cpu: null, rx: null, memory: 123_456_789 });
  now.take({ ...window(1), endMs: T + 30 * S }, false);
  expect(cells(now).cpu).toBeNull();
});

test('who it is: names as they are, project and service, its own thresholds, the host’s disks and clock', () => {
  const now = present();
  now.take(window(1), false);
  const { things, hosts, run, window: seconds } = now.snapshot()!;
  expect(things.find(({ kind }) => kind === 'container')).toMatchObject({
    ...{ node: 'web-1', id: '/docker/web', name: '<b>web</b>', image: 'shop:1', project: '__proto__', service: 'web' },
    alerts: { memory: '90' },
  });
  expect(hosts).toEqual([{ node: 'web-1', seen: T / S + 10, clock: -7, disks: [['/dev/vda1', 6e9, 20e9]] }]);
  expect([run, seconds]).toEqual(['run', 10]);
});

test('one message a window for who watches: identities only of who is new; nothing is reckoned for nobody', () => {
  const now = present();
  expect(now.take(window(1), false)).toBeUndefined();
  const snapshot = now.snapshot()!;
  const next = now.take(window(2), true)!;
  expect([next.seq, snapshot.seq + 1]).toEqual([2, 2]);
  expect(next.things).toEqual([]);
  expect(next.rows).toHaveLength(2);
  const db = entity('container', 'db', [['name', 'db']]);
  const third = now.take(window(3, [table('pids', T, [[row(db), { threads: 3 }]])]), true)!;
  expect(third.things.map(({ name }) => name)).toEqual(['db']);
  expect(now.snapshot()!.seq).toBe(3);
});

test('small curves grow while somebody watches', () => {
  const now = present();
  now.take(window(1), false);
  now.snapshot();
  now.take(window(2), true);
  now.take(window(3), true);
  const { trails, things } = now.snapshot()!;
  const { n } = things.find(({ kind }) => kind === 'container')!;
  expect(trails[n]![0]).toEqual([null, 0.25, 0.25]);
  expect(trails[n]![1]).toEqual([123_456_789, 123_456_789, 123_456_789]);
});

test('a host that has gone is remembered with when it was seen', () => {
  const now = present();
  now.take(window(1), false);
  now.take(frame(T + 600 * S, []), false);
  expect(now.snapshot()!.hosts).toEqual([{ node: 'web-1', seen: T / S + 10, clock: -7 }]);
});

test('an agent that is late for a window has not lost its containers: they stay as they were, and go on; after three windows they leave', () => {
  const now = present();
  now.take(window(1), true);
  now.take(window(2), true);
  const numbered = now.snapshot()!.things.map(({ n }) => n);
  const without = now.take(frame(T + 30 * S, []), true)!;
  expect(without.rows.map(([n]) => n)).toEqual(numbered);
  expect(cells(now)).toMatchObject({ cpu: 0.25, memory: 123_456_789 });
  // The host was seen in the window before.
  expect(without.hosts[0]!.seen).toBe(T / S + 20);
  // Of the two windows since then: 5 CPU seconds in twenty.
  expect(now.take(window(4), true)!.things).toEqual([]);
  expect(cells(now).cpu).toBe(0.25);
  const rows = (n: number): number => now.take(frame(T + n * 10 * S, []), true)!.rows.length;
  expect([5, 6, 7, 8].map(rows)).toEqual([2, 2, 2, 0]);
});

test('one that has gone while its host is there leaves at once', () => {
  const now = present();
  now.take(window(1), true);
  const alone = frame(T + 20 * S, [table('machine', T + 17 * S, [[row(host), { cores: 8 }]])]);
  expect(now.take(alone, true)!.rows).toHaveLength(1);
});

test('what comes late is not the present', () => {
  const now = present();
  now.take(window(5), false);
  expect(now.take(window(4), true)).toBeUndefined();
  expect(now.snapshot()!.end).toBe(T / S + 50);
});

test('a late window is no present, nor is it when it is the first since the start', () => {
  const page = present();
  expect(page.take({ ...frame(T - 600 * S, []), late: ['web-1'] }, true)).toBeUndefined();
  expect(page.take(frame(T, []), true)).toMatchObject({ seq: 1, end: T / S });
});

test('a host says its engine, and what its kernel does not tell, once; again when that changes', () => {
  const now = present();
  const said = (engines: string) => [
    table('machine_info', T, [[row(host, ['kernel', '6.1'], ['engines', engines]), { info: 1 }]]),
    table('machine_absent', T, [
      [row(host, ['what', 'pressure'], ['why', 'start it with psi=1.']), { absent: 1 }],
      [row(host, ['what', 'swap'], ['why', 'start it with swapaccount=1.']), { absent: 1 }],
    ]),
  ];
  now.take(window(1, said('')), true);
  const hostOf = (things: readonly { kind: string }[]) => things.find(({ kind }) => kind === 'host');
  expect(hostOf(now.snapshot()!.things)).toMatchObject({
    facts: { kernel: '6.1' },
    absent: [
      ['pressure', 'start it with psi=1.'],
      ['swap', 'start it with swapaccount=1.'],
    ],
  });
  // The engine was started after the agent.
  const later = now.take(window(2, said('Docker 20.10.24')), true);
  expect(hostOf(later!.things)).toMatchObject({ facts: { kernel: '6.1', engines: 'Docker 20.10.24' } });
  expect(now.take(window(3, said('Docker 20.10.24')), true)!.things).toEqual([]);
});

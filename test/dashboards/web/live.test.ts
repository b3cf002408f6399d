/** The present as the page holds it: a snapshot, then window after window; and what happened between two of them. */
import { expect, test } from 'vitest';
import { FIELDS } from '../../../collector/page/rows.ts';
import type { Identity, Snapshot, WindowMessage } from '../../../dashboards/web/live/message.ts';
import { begin, type Model, next, nextInSteps } from '../../../dashboards/web/live/model.ts';
import { pastOf, withPast } from '../../../dashboards/web/live/past.ts';
import { cells } from './row.ts';

const pipeline = { sinks: [], dropped: 5, series: 10, history: false };
const web: Identity = { n: 0, kind: 'container', node: 'a', id: '/docker/web', name: 'web' };
const job: Identity = { n: 1, kind: 'container', node: 'a', id: '/docker/job', name: 'job' };
const host: Identity = { n: 2, kind: 'host', node: 'a', id: '/', name: 'a' };

const T = 1_800_000_000;
const snapshot: Snapshot = {
  ...{ run: 'r', version: '1', cluster: 'c', window: 10, fields: FIELDS, seq: 7, end: T },
  things: [web, job, host],
  rows: [
    [0, ...cells({ state: 'running', cpu: 0.5, memory: 100, restarts: 1, oom: 0 })],
    [1, ...cells({ state: 'running', cpu: 0.1 })],
    [2, ...cells({ cpu: 1 })],
  ],
  ...{
    hosts: [{ node: 'a', seen: T }],
    pipeline,
    trails: {
      0: [
        [0.3, null, 0.5],
        [90, 95, 100],
      ],
    },
  },
};

function message(rows: WindowMessage['rows'], rest: Partial<WindowMessage> = {}): WindowMessage {
  return { seq: 8, end: T + 10, things: [], hosts: [], pipeline, rows, ...rest };
}

const STILL: WindowMessage['rows'] = [
  [0, ...cells({ state: 'running', cpu: 0.7, memory: 110, restarts: 1, oom: 0 })],
  [1, ...cells({ state: 'running', cpu: 0.1 })],
  [2, ...cells({ cpu: 1 })],
];

test('a window changes what is there and makes the curves longer', () => {
  const now = next(begin(snapshot), message(STILL)) as Model;
  expect(now.rows.get(0)).toMatchObject({ name: 'web', cpu: 0.7, memory: 110, cpuTrail: [0.3, null, 0.5, 0.7] });
  expect([now.seq, now.end, now.lost]).toEqual([8, T + 10, 0]);
});

test('a window of many rows is taken in steps between which a browser may draw, and comes to the same', () => {
  const things = Array.from({ length: 1000 }, (_, n): Identity => ({ ...web, n, id: `/docker/${n}` }));
  const rows: WindowMessage['rows'] = things.map(({ n }) => [n, ...cells({ state: 'running', cpu: n })]);
  const steps = nextInSteps(begin(snapshot), message(rows, { things }));
  let turns = 0;
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      expect([...value!.rows.values()].map(({ cpu }) => cpu)).toEqual(things.map(({ n }) => n));
      expect(value!.rows.get(0)?.cpuTrail).toEqual([0.3, null, 0.5, 0]);
      break;
    }
    turns++;
  }
  // A thousand rows, 250 at a time.
  expect(turns).toBe(4);
});

test('a curve has the last sixty windows', () => {
  let now = begin(snapshot);
  for (let seq = 8; seq < 8 + 70; seq++) now = next(now, message([[0, ...cells({ cpu: seq })]], { seq })) as Model;
  expect(now.rows.get(0)?.cpuTrail).toEqual(Array.from({ length: 60 }, (_, i) => 18 + i));
});

test('a window that does not follow is refused, and one with somebody unknown', () => {
  expect(next(begin(snapshot), message(STILL, { seq: 9 }))).toBeUndefined();
  expect(next(begin(snapshot), message([[99, ...cells({})]]))).toBeUndefined();
});

test('who is new is in the message; who left is forgotten', () => {
  const fresh: Identity = { n: 3, kind: 'container', node: 'a', id: '/docker/new', name: '<b>new</b>' };
  const now = next(
    begin(snapshot),
    message(
      [
        [3, ...cells({ state: 'running' })],
        [2, ...cells({})],
      ],
      { things: [fresh] },
    ),
  ) as Model;
  expect([...now.identities.keys()].sort()).toEqual([2, 3]);
  expect(now.rows.get(3)?.name).toBe('<b>new</b>');
  expect(now.lately.map(({ name, words }) => [name, words]).sort()).toEqual([
    ['job', 'gone'],
    ['web', 'gone'],
  ]);
});

test('of a host that says nothing any more nothing is said to be gone', () => {
  const now = next(begin(snapshot), message([])) as Model;
  expect(now.lately).toEqual([]);
});

test('restarts, kills and ends are told once', () => {
  const rows: WindowMessage['rows'] = [
    [0, ...cells({ state: 'running', restarts: 3, oom: 1, start: T + 4 })],
    [1, ...cells({ state: 'exited', exit: 3, finished: T + 5 })],
    [2, ...cells({})],
  ];
  const once = next(begin(snapshot), message(rows)) as Model;
  const told = [
    [T + 10, 'web', '1 killed in it for want of memory', true],
    [T + 5, 'job', 'exited with 3', true],
    [T + 4, 'web', 'restarted 2 times', true],
  ];
  expect(once.lately.map(({ at, name, words, bad }) => [at, name, words, bad])).toEqual(told);
  const twice = next(once, message(rows, { seq: 9, end: T + 20 })) as Model;
  expect(twice.lately).toHaveLength(3);
});

test('what the pipeline lost since the window before', () => {
  const now = next(begin(snapshot), message(STILL, { pipeline: { ...pipeline, dropped: 9 } })) as Model;
  expect(now.lost).toBe(4);
});

const kept = begin({ ...snapshot, pipeline: { ...pipeline, history: true } });

test('small curves ask the store once what was before, and not where nothing is kept or curves have come', () => {
  // Thirty windows of ten seconds, the last of which has just ended.
  const asked = { from: T - 290, to: T, step: 10 };
  expect(pastOf(kept)).toEqual([
    { ...asked, expr: 'sum by (node, id) (rate(container_cpu_usage_seconds_total[30s]))' },
    { ...asked, expr: 'sum by (node, id) (container_memory_working_set_bytes{id="/"})' },
  ]);
  expect(pastOf(begin(snapshot))).toEqual([]);
  const long = Array.from({ length: 30 }, () => 1);
  expect(pastOf({ ...kept, rows: new Map([[0, { ...kept.rows.get(0)!, cpuTrail: long }]]) })).toEqual([]);
});

test('beyond a thousand containers the store is asked for the hosts alone', () => {
  const rows = new Map(Array.from({ length: 1001 }, (_, n) => [n, { ...kept.rows.get(1)!, n }]));
  // A host is none of them.
  const fewer = new Map([...rows, [0, kept.rows.get(2)!]]);
  expect(pastOf({ ...kept, rows: fewer })[0]?.expr).toContain('container_cpu_usage_seconds_total[30s]');
  expect(pastOf({ ...kept, rows }).map(({ expr }) => expr)).toEqual([
    'sum by (node, id) (rate(container_cpu_usage_seconds_total{id="/"}[30s]))',
    'sum by (node, id) (container_memory_working_set_bytes{id="/"})',
  ]);
});

test('what was kept is put before what the page has seen, at its own time; a gap stays a gap', () => {
  const of = (id: string, ...points: [number, number][]) => ({ labels: { node: 'a', id }, points });
  // A window has passed since it was asked for.
  const later = next(kept, message(STILL, { pipeline: { ...pipeline, history: true } })) as Model;
  const now = withPast(later, [
    [of('/docker/web', [T - 40, 0.9], [T - 30, 0.8], [T - 20, 0.2], [T - 10, 0.4], [T, 0.6]), of('/', [T - 10, 3])],
    [of('/', [T - 10, 5e9])],
  ]);
  // Seen of web: 0.3, nothing, 0.5 and 0.7, of which the last is of T + 10; of the others that one alone.
  const web = now.rows.get(0)!.cpuTrail;
  expect(web).toHaveLength(30);
  expect(web.slice(-7)).toEqual([null, 0.9, 0.8, 0.3, 0.4, 0.5, 0.7]);
  expect(now.rows.get(2)!.cpuTrail.slice(-4)).toEqual([null, 3, null, 1]);
  expect(now.rows.get(2)!.memoryTrail.slice(-4)).toEqual([null, 5e9, null, null]);
  expect(now.rows.get(1)!.cpuTrail.slice(-3)).toEqual([null, null, 0.1]);
});

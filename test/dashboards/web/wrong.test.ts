/** What is wrong now: each rule when it speaks, when it does not, where it leads; and that its numbers are the alerts'. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Row } from '../../../dashboards/web/live/message.ts';
import type { Model } from '../../../dashboards/web/live/model.ts';
import { wrongOf } from '../../../dashboards/web/wrong/rules.ts';
import { THRESHOLDS, thresholdOf } from '../../../dashboards/web/wrong/thresholds.ts';
import { row } from './row.ts';

const T = 1_800_000_000;

function model(rows: readonly Row[], rest: Partial<Model> = {}): Model {
  return {
    ...{
      run: '',
      version: '',
      cluster: '',
      window: 10,
      fields: [],
      seq: 1,
      end: T,
      identities: new Map(),
      hosts: [],
      lost: 0,
      lately: [],
    },
    pipeline: { sinks: [], dropped: 0, series: 0, history: false },
    rows: new Map(rows.map((each) => [each.n, each])),
    ...rest,
  };
}

function words(...rows: Row[]): string[] {
  return wrongOf(model(rows)).map(({ who, words: said }) => `${who} ${said}`);
}

test('the thresholds are those of the alerts', () => {
  const { groups } = parse(readFileSync('dashboards/prometheus/thresholds.rules.yml', 'utf8'));
  const rules: { labels: { alert: string }; expr: string }[] = groups[0].rules;
  const known = new Map(rules.map(({ labels, expr }) => [labels.alert, Number(expr)]));
  for (const [name, value] of Object.entries(THRESHOLDS)) expect(known.get(name), name).toBe(value);
});

test('nothing is wrong with what is well', () => {
  const well = {
    cpu: 0.5,
    cpuLimit: 1,
    memory: 50,
    memoryLimit: 100,
    throttled: 0,
    health: 'healthy',
    threads: 5,
    threadsMax: 100,
  };
  expect(
    words(
      row(well),
      row({ state: 'exited', runs: false, exit: 0, finished: T - 5 }),
      row({ state: 'exited', runs: false, exit: 143, finished: T - 5 }),
    ),
  ).toEqual([]);
});

test.each([
  [{ memory: 86, memoryLimit: 100 }, 'is near its memory limit: 86.0 % of 100 B'],
  [{ cpu: 0.95, cpuLimit: 1 }, 'uses 95.0 % of its CPU limit'],
  [{ throttled: 0.3 }, 'is throttled in 30.0 % of its periods: it wants more CPU than its limit'],
  [{ threads: 90, threadsMax: 100 }, 'has 90.0 % of the threads that it may have'],
  [{ stallMemory: 0.2 }, 'is stalled for want of memory 20.0 % of the time'],
  [{ stallIo: 0.4 }, 'is stalled for its disks 40.0 % of the time'],
  [{ health: 'unhealthy' }, 'is unhealthy: its health check fails'],
  [{ state: 'restarting' }, 'starts again and again'],
  [{ state: 'exited', runs: false, exit: 3, finished: T - 60 }, 'exited with 3, 1 m ago'],
  [
    { state: 'exited', runs: false, exit: 137, oomKilled: 1, finished: T - 60 },
    'was killed for want of memory, 1 m ago',
  ],
])('a container with %j', (given, said) => {
  expect(words(row(given))).toEqual([`web on web-1 ${said}`]);
});

test('an end of two hours ago is no news', () => {
  expect(words(row({ state: 'exited', runs: false, exit: 3, finished: T - 7200 }))).toEqual([]);
});

test('a container’s own label wins over the default, and off switches off', () => {
  expect(thresholdOf('memory', { memory: '95' })).toBeCloseTo(0.95, 9);
  expect(thresholdOf('memory', { memory: '95%' })).toBeCloseTo(0.95, 9);
  expect(thresholdOf('memory', { memory: 'ninety' })).toBe(0.85);
  expect(thresholdOf('memory', { memory: 'off' })).toBeUndefined();
  expect(thresholdOf('pressure_io', { pressure: '50' })).toBe(0.5);
  const near = { memory: 90, memoryLimit: 100 };
  expect(words(row({ ...near, alerts: { memory: '95' } }), row({ ...near, alerts: { memory: 'off' } }))).toEqual([]);
  expect(words(row({ health: 'unhealthy', alerts: { health: 'off' } }))).toEqual([]);
});

test('hosts: memory, pressure, silence, clocks', () => {
  const host = { kind: 'host' as const, name: 'web-1', state: null };
  expect(words(row({ ...host, memoryLimit: 100, available: 10 }))).toEqual([
    'web-1 only 10 B of memory are still available',
  ]);
  const much = [
    row({ ...host, memoryLimit: 100, available: 10 }),
    row({ memoryLimit: 80, memory: 1 }),
    row({ memoryLimit: 70, memory: 1 }),
  ];
  expect(words(...much)).toContain('web-1 its containers may use 150 B of memory, more than the 100 B that it has');
  const quiet = model([], {
    hosts: [
      { node: 'db-1', seen: T - 200 },
      { node: 'db-2', seen: T, clock: -42 },
    ],
  });
  expect(wrongOf(quiet).map(({ who, words: said }) => `${who} ${said}`)).toEqual([
    'db-1 its agent has said nothing for 3 m 20 s: is it running, and does it reach the collector?',
    'db-2 its clock is 42 s behind: is its time set by NTP?',
  ]);
});

test('the pipeline: sinks, the disk, losses', () => {
  const sinks = [
    { name: 'influx', up: false, waiting: 12 },
    { name: 'slow', up: true, waiting: 40 },
    { name: 'well', up: true, waiting: 1 },
  ];
  const found = wrongOf(
    model([], { pipeline: { sinks, dropped: 9, series: 0, logUp: false, history: false }, lost: 4 }),
  );
  expect(found.map(({ severity, who }) => [severity, who])).toEqual([
    ['bad', 'influx'],
    ['bad', 'Collector'],
    ['bad', 'Collector'],
    ['warn', 'slow'],
  ]);
});

test('each leads to its place, and the worst are first', () => {
  const near = row({ memory: 86, memoryLimit: 100 });
  const ill = row({ health: 'unhealthy' });
  const found = wrongOf(model([near, ill]));
  expect(found.map(({ severity }) => severity)).toEqual(['bad', 'warn']);
  expect(found[0]!.to.subject).toEqual({ kind: 'container', node: 'web-1', id: ill.id });
});

/** The families `state` and `info` of recorded hosts: expected values are the fields of the recorded inspections. */
import { afterEach, expect, test } from 'vitest';
import type { Inventory } from '../../../agents/docker/inventory.ts';
import { stateSource } from '../../../agents/docker/state.ts';
import { NOT_CONNECTED } from '../../../agents/docker/status.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { labelValue } from '../../../src/model/labels.ts';
import { answerAs, type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { type Moment, recordedHost } from '../../support/fixture.ts';
import { fakeClock } from '../../support/clock.ts';
import { watch as watchEngine } from './watched.ts';

const NOW_MS = 1_800_000_000_000;
let engine: FakeEngine;
let inventory: Inventory;

afterEach(async () => {
  await inventory?.close();
  await engine?.close();
});

async function watch(version: 'v1' | 'v2', moment: Moment, change: (engine: FakeEngine) => void = () => {}) {
  engine = fakeEngine();
  answerAs(engine, recordedHost(version, moment));
  change(engine);
  await engine.start();
  inventory = watchEngine(engine);
  await inventory.start();
  return stateSource({ inventory, clock: fakeClock(NOW_MS) });
}

const TICK = { timeMs: NOW_MS, signal: new AbortController().signal };

/** One container's series as `metric{fixed labels}` -> value; absent ones are not in it. */
function seriesOf(table: FamilyTable | undefined, name: string): Record<string, number> {
  if (!table) throw new Error('no table');
  const row = table.rows.findIndex((r) => labelValue(r.labels, 'name') === name);
  const found: Record<string, number> = {};
  table.shape.columns.forEach(({ metric, labels }, c) => {
    const value = table.values[c * table.rows.length + row] as number;
    const fixed = labels.map(([k, v]) => `{${k}=${v}}`).join('');
    if (!Number.isNaN(value)) found[metric.replace('container_', '') + fixed] = value;
  });
  return found;
}

/** The seven series of `container_state`. */
function inState(state: string): Record<string, number> {
  const all = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
  return Object.fromEntries(all.map((name) => [`state{state=${name}}`, name === state ? 1 : 0]));
}

function inHealth(status: string): Record<string, number> {
  const all = ['healthy', 'unhealthy', 'starting', 'none'];
  return Object.fromEntries(all.map((name) => [`health_status{status=${name}}`, name === status ? 1 : 0]));
}

const seconds = (time: string): number => Date.parse(time) / 1000;

test('running, killed, given up, paused and never started are told apart', async () => {
  const source = await watch('v1', 't2');
  const [states] = await source.read(TICK);
  // docker inspect: exited with 137 at 01:56:49.376, after 18 failed health checks; stopped containers have no health.
  expect(seriesOf(states, 'web')).toEqual({
    ...inState('exited'),
    creation_time_seconds: seconds(
      (recordedHost('v1', 't2').api(`inspect-${recordedHost('v1', 't2').idOf('web')}`) as { Created: string }).Created,
    ),
    finished_time_seconds: seconds('2026-11-23T01:56:49.376Z'),
    exit_code: 137,
    oom_killed: 0,
    restarts_total: 0,
  });
  // Out of memory, restarted three times, gave up with code 3.
  expect(seriesOf(states, 'oomer')).toMatchObject({
    ...inState('exited'),
    exit_code: 3,
    oom_killed: 1,
    restarts_total: 3,
  });
  // Running again since its restart: the end of the run before is not the end of this one.
  const db = seriesOf(states, 'db');
  expect(db).toMatchObject({ ...inState('running'), ...inHealth('none'), health_state: -1, last_seen: NOW_MS / 1000 });
  expect(db).not.toHaveProperty('finished_time_seconds');
  expect(db).not.toHaveProperty('exit_code');
  const never = seriesOf(states, 'neverstarted');
  expect(Object.keys(never).sort()).toEqual(
    [...Object.keys(inState('')), 'creation_time_seconds', 'oom_killed', 'restarts_total'].sort(),
  );
  expect(never).toMatchObject(inState('created'));
});

test('a paused container is alive and paused, not running', async () => {
  const source = await watch('v2', 't1');
  const [states] = await source.read(TICK);
  expect(seriesOf(states, 'paused')).toMatchObject({ ...inState('paused'), last_seen: NOW_MS / 1000 });
  expect(seriesOf(states, 'web')).toMatchObject({ ...inHealth('unhealthy'), health_state: 0 });
  expect(seriesOf(states, 'exits')).toMatchObject({ ...inState('exited'), exit_code: 7 });
});

test.each([
  ['starting', undefined],
  ['healthy', 1],
  ['unhealthy', 0],
])('health %s: container_health_state is %s', async (status, value) => {
  const source = await watch('v1', 't1', ({ answers }) => {
    const path = `/containers/${recordedHost('v1', 't1').idOf('web')}/json`;
    const web = structuredClone(answers.get(path)) as { State: { Health: { Status: string } } };
    web.State.Health.Status = status;
    answers.set(path, web);
  });
  const web = seriesOf((await source.read(TICK))[0], 'web');
  expect(web.health_state).toBe(value);
  expect(web).toMatchObject(inHealth(status));
});

test('between two runs a container is restarting, with the code of the last one', async () => {
  const source = await watch('v1', 't1', ({ answers }) => {
    const path = `/containers/${recordedHost('v1', 't1').idOf('oomer')}/json`;
    const oomer = structuredClone(answers.get(path)) as { State: object };
    Object.assign(oomer.State, { Status: 'restarting', Running: true, Restarting: true, Pid: 0, ExitCode: 3 });
    answers.set(path, oomer);
  });
  const oomer = seriesOf((await source.read(TICK))[0], 'oomer');
  expect(oomer).toMatchObject({ ...inState('restarting'), exit_code: 3 });
  expect(oomer).not.toHaveProperty('last_seen');
});

test('what describes a container is said once, in container_info', async () => {
  const source = await watch('v1', 't1');
  const [, infos] = await source.read(TICK);
  const row = infos?.rows.find((r) => labelValue(r.labels, 'name') === 'sharednet');
  expect(seriesOf(infos, 'sharednet')).toEqual({ info: 1 });
  const web = recordedHost('v1', 't1').idOf('web');
  expect(row?.dims.names.map((n, i) => `${n}=${row.dims.values[i]}`)).toEqual([
    // A container that shares a network has the other one's host name.
    expect.stringMatching(/^hostname=/),
    'image_id=sha256:5ee0ac70152948ad1fec99b35b59ef9f80780545144efa35db1132494eb355a4',
    `network_mode=container:${web}`,
    'restart_policy=no',
    'runtime=runc',
  ]);
});

test('while the engine is away nobody is called running on its word; the others keep what is known', async () => {
  const source = await watch('v1', 't1');
  const [before] = await source.read(TICK);
  await engine.stop();
  await expect.poll(() => inventory.status().connected).toBe(false);
  const [states] = await source.read(TICK);
  // The processes cannot be seen from here (locate finds none): no state, no last_seen.
  expect(seriesOf(states, 'db')).not.toHaveProperty('last_seen');
  expect(seriesOf(states, 'db')).not.toHaveProperty('state{state=running}');
  expect(seriesOf(states, 'db')).not.toHaveProperty('start_time_seconds');
  expect(seriesOf(states, 'db')).toHaveProperty('creation_time_seconds');
  // The source answers from memory, and says that it is no more than that.
  expect(source.trouble).toContain('socket');
  expect(seriesOf(states, 'exits')).toMatchObject({ ...inState('exited'), exit_code: 7 });
  // Rows stay the same objects: rendered labels hang on them.
  expect(states?.rows[0]).toBe(before?.rows[0]);
});

test('reading asks the engine nothing', async () => {
  const source = await watch('v1', 't1');
  const asked = engine.requests.length;
  for (let i = 0; i < 100; i++) await source.read(TICK);
  expect(engine.requests.length).toBe(asked);
});

test.each([
  [
    'may not be asked',
    { lastReason: 'denied', lastError: 'permission denied for unix:///s' },
    'permission denied for unix:///s',
  ],
  ['never was there', { lastReason: 'missing', lastError: 'there is no engine at unix:///s' }, ''],
  [
    'has gone',
    { lastReason: 'missing', lastError: 'there is no engine at unix:///s', version: '28.5' },
    'there is no engine at unix:///s',
  ],
  ['answers', { connected: true }, ''],
] as const)('source_up is 0 with the reason when an engine %s', (_, status, trouble) => {
  const inventory = {
    containers: () => new Map(),
    alive: () => false,
    status: () => ({ ...NOT_CONNECTED, ...status }),
  };
  expect(stateSource({ inventory, clock: fakeClock(0) }).trouble).toBe(trouble);
});

/** `docker run --rm`: what is left to say of a container that is removed the moment it ends, between two ticks. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Inventory } from '../../../agents/docker/inventory.ts';
import { type StateSource, stateSource } from '../../../agents/docker/state.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { waitFor } from '../../support/wait.ts';
import { numbersOf } from '../cgroup/host.ts';
import { changesOf, event, put, remove, watch } from './watched.ts';

const STARTED = '2026-01-01T00:00:00Z';
const ENDED_MS = Date.UTC(2026, 0, 1, 0, 0, 2, 500);
let engine: FakeEngine;
let inventory: Inventory;
let source: StateSource;
let told: string[];
let endings: FamilyTable[][];

beforeEach(async () => {
  engine = fakeEngine();
  await engine.start();
  inventory = watch(engine);
  await inventory.start();
  source = stateSource({ inventory, clock: systemClock });
  told = changesOf(inventory);
  endings = [];
  inventory.onChange((container, what) => {
    if (what === 'gone' || (what === 'die' && container.pid === 0)) endings.push(source.ending(container));
  });
});

afterEach(async () => {
  await inventory.close();
  await engine.close();
});

async function begin(id: string): Promise<void> {
  put(engine, id, { StartedAt: STARTED });
  engine.send(event(id, 'start'));
  await waitFor(() => told.includes(`start ${id}`));
}

function end(id: string, exitCode: string, timeMs = ENDED_MS): void {
  remove(engine, id);
  engine.send(event(id, 'die', { exitCode }, timeMs));
  engine.send(event(id, 'destroy'));
}

async function read(): Promise<FamilyTable[]> {
  return await source.read({ timeMs: 0, signal: new AbortController().signal });
}

test('a container removed at its end leaves its exit code and times', async () => {
  await begin('job');
  await read();
  end('job', '7');
  await waitFor(() => endings.length === 1);
  const numbers = numbersOf(endings[0] ?? [], 'job');
  expect(numbers.get('container_exit_code')).toBe(7);
  expect(numbers.get('container_state{state="exited"}')).toBe(1);
  expect(numbers.get('container_state{state="running"}')).toBe(0);
  // The dead have no uptime.
  expect(numbers.has('container_start_time_seconds')).toBe(false);
  expect(numbers.get('container_finished_time_seconds')).toBe(ENDED_MS / 1000);
  expect(numbers.get('container_info')).toBe(1);
  expect(numbers.has('container_last_seen')).toBe(false);
  // Nobody said whether it was killed for want of memory.
  expect(numbers.has('container_oom_killed')).toBe(false);
  // What has gone is absent from the next tick.
  expect(await read()).toEqual([]);
});

test('one that was killed for want of memory says so, and the run after it does not', async () => {
  await begin('job');
  engine.send(event('job', 'oom'));
  end('job', '137');
  await waitFor(() => endings.length === 1);
  expect(numbersOf(endings[0] ?? [], 'job').get('container_oom_killed')).toBe(1);

  await begin('twice');
  engine.send(event('twice', 'oom'));
  engine.send(event('twice', 'die', { exitCode: '137' }));
  put(engine, 'twice', { Pid: 101, StartedAt: '2026-01-01T00:01:00Z' });
  engine.send(event('twice', 'start'));
  await waitFor(() => told.filter((what) => what === 'start twice').length === 2);
  end('twice', '0', Date.UTC(2026, 0, 1, 0, 1, 2));
  await waitFor(() => endings.length === 2);
  const second = numbersOf(endings[1] ?? [], 'twice');
  expect(second.get('container_exit_code')).toBe(0);
  expect(second.has('container_oom_killed')).toBe(false);
});

test('one that was gone before it could be inspected leaves what its event tells', async () => {
  engine.send(event('flash', 'die', { exitCode: '9', image: 'i' }, ENDED_MS));
  await waitFor(() => endings.length === 1);
  const numbers = numbersOf(endings[0] ?? [], 'flash');
  expect(numbers.get('container_exit_code')).toBe(9);
  expect(numbers.get('container_finished_time_seconds')).toBe(ENDED_MS / 1000);
  expect(numbers.has('container_start_time_seconds')).toBe(false);
});

test('one whose end a reading has shown is not told of again when it is removed', async () => {
  put(engine, 'job', { Status: 'exited', Pid: 0, ExitCode: 7, FinishedAt: '2026-01-01T00:00:02Z' });
  engine.send(event('job', 'update'));
  await waitFor(() => inventory.containers().has('job'));
  expect(numbersOf(await read(), 'job').get('container_exit_code')).toBe(7);
  engine.send(event('job', 'destroy'));
  await waitFor(() => endings.length === 1);
  expect(endings).toEqual([[]]);
});

test('one that never ran leaves nothing', async () => {
  put(engine, 'waits', { Status: 'created', Pid: 0, StartedAt: '0001-01-01T00:00:00Z' });
  engine.send(event('waits', 'create'));
  await waitFor(() => inventory.containers().has('waits'));
  engine.send(event('waits', 'destroy'));
  await waitFor(() => endings.length === 1);
  expect(endings).toEqual([[]]);
});

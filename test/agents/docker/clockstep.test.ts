/** An engine whose clock is set back while it is watched, as an administrator or NTP would. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Inventory } from '../../../agents/docker/inventory.ts';
import { type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { waitFor } from '../../support/wait.ts';
import { changesOf, event, put, watch } from './watched.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.now();
let engine: FakeEngine;
let inventory: Inventory;

beforeEach(async () => {
  engine = fakeEngine();
  setClock(NOW);
  put(engine, 'old', { StartedAt: new Date(NOW - 60_000).toISOString() });
  await engine.start();
  // No list within the test: what is known is known from events.
  inventory = watch(engine, { timing: { pulseMs: 60_000, retryFirstMs: 10, retryMaxMs: 40 } });
  await inventory.start();
});

afterEach(async () => {
  await inventory.close();
  await engine.close();
});

function setClock(timeMs: number): void {
  engine.answers.set('/info', { Name: 'fake', SystemTime: new Date(timeMs).toISOString() });
}

test('events after the engine’s clock was set back by an hour are heard', async () => {
  put(engine, 'new', { StartedAt: new Date(NOW - HOUR_MS).toISOString() });
  put(engine, 'old', { Status: 'exited', Pid: 0, ExitCode: 3, StartedAt: new Date(NOW - 60_000).toISOString() });
  engine.send(event('new', 'start', {}, NOW - HOUR_MS + 5000));
  engine.send(event('old', 'die', { exitCode: '3' }, NOW - HOUR_MS + 6000));
  await waitFor(() => inventory.containers().get('new')?.state === 'running');
  await waitFor(() => inventory.containers().get('old')?.state === 'exited');
  expect(inventory.counts().events).toBe(2);
});

test('the last event is told again after a reconnect and heard once, whatever the clock did', async () => {
  const told = changesOf(inventory);
  const last = event('old', 'die', { exitCode: '3' }, NOW + 1000);
  put(engine, 'old', { Status: 'exited', Pid: 0, ExitCode: 3 });
  engine.send(last);
  await waitFor(() => told.includes('die old'));
  setClock(NOW + 2000);
  engine.cut();
  await waitFor(() => inventory.counts().reconnects === 1 && engine.streams === 1);
  engine.send(last);
  setClock(NOW - HOUR_MS);
  engine.send(event('old', 'start', {}, NOW - HOUR_MS));
  await waitFor(() => inventory.counts().events === 2);
  expect(told.filter((what) => what === 'die old')).toHaveLength(1);
});

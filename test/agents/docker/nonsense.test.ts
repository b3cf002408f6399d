/** Answers that are no answers: nothing known is lost by them, the failure is counted and said once, and it is asked again. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Inventory, InventoryOptions } from '../../../agents/docker/inventory.ts';
import { createInspector } from '../../../agents/docker/inspector.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type FakeEngine, fakeEngine } from '../../support/fakeengine.ts';
import { type TalkingLog, talkingLog } from '../../support/talkinglog.ts';
import { waitFor } from '../../support/wait.ts';
import { changesOf, event, put, remove, watch } from './watched.ts';

let engine: FakeEngine;
let inventory: Inventory;
let log: TalkingLog;
let told: string[];

beforeEach(() => {
  engine = fakeEngine();
  log = talkingLog();
});

afterEach(async () => {
  await inventory?.close();
  await engine.close();
});

async function start(options: Partial<InventoryOptions> = {}): Promise<void> {
  await engine.start();
  inventory = watch(engine, { log, ...options });
  await inventory.start();
  told = changesOf(inventory);
}

const requests = (path: string): number => engine.requests.filter((url) => url.startsWith(path)).length;

describe('a list that is none', () => {
  test.each([[{ message: 'warming up' }], ['text'], [7]])('%j deletes no container', async (nonsense) => {
    put(engine, 'web');
    await start();
    const list = engine.answers.get('/containers/json');
    const before = requests('/containers/json');
    engine.answers.set('/containers/json', nonsense);
    engine.cut();
    await waitFor(() => requests('/containers/json') >= before + 3);
    expect(inventory.containers().get('web')).toMatchObject({ state: 'running', pid: 100 });
    expect(told).toEqual([]);
    expect(inventory.counts().apiErrors.get('list')).toBeGreaterThanOrEqual(2);
    expect(inventory.status().lastError + log.warned.join()).toContain('answered nonsense for its list');
    expect(log.warned.filter((line) => line.includes('nonsense'))).toHaveLength(1);
    engine.answers.set('/containers/json', list);
    await waitFor(() => inventory.status().connected && engine.streams === 1);
    expect(inventory.containers().get('web')?.state).toBe('running');
  });

  test('null is how an engine says that there is none', async () => {
    put(engine, 'web');
    await start();
    remove(engine, 'web');
    engine.answers.set('/containers/json', null);
    engine.cut();
    await waitFor(() => inventory.containers().size === 0);
    expect(inventory.status().lastError).not.toContain('nonsense');
  });
});

describe('an inspection that is none', () => {
  test.each([[{}], [null], [[]]])('%j deletes no container and is asked for again', async (nonsense) => {
    put(engine, 'web');
    await start();
    const path = '/containers/web/json';
    engine.answers.set(path, nonsense);
    engine.send(event('web', 'update'));
    await waitFor(() => (inventory.counts().apiErrors.get('inspect') ?? 0) >= 2);
    expect(inventory.containers().get('web')).toMatchObject({ state: 'running', pid: 100 });
    expect(told).toEqual([]);
    expect(log.warned).toEqual(['container could not be inspected; it is asked about again']);
    put(engine, 'web', { Pid: 101 });
    await waitFor(() => inventory.containers().get('web')?.pid === 101);
  });

  test('a 404 is what says that a container is gone', async () => {
    put(engine, 'web');
    await start();
    remove(engine, 'web');
    engine.send(event('web', 'update'));
    await waitFor(() => inventory.containers().size === 0);
    expect(told).toEqual(['die web', 'gone web']);
  });
});

describe('an answer that cannot be taken', () => {
  const full = (): never => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };

  test('is a failed inspection', async () => {
    const failed: unknown[] = [];
    const inspector = createInspector({
      clock: systemClock,
      inspect: () => Promise.resolve(undefined),
      onAnswer: full,
      onFailure: (id, error) => failed.push(id, String(error)),
    });
    inspector.request('x');
    await inspector.idle();
    expect(failed).toEqual(['x', 'Error: EMFILE: too many open files']);
  });

  test('costs the container no name, and is asked for again', async () => {
    put(engine, 'web');
    let fails = 2;
    await start({ locate: () => (fails-- > 0 ? full() : undefined) });
    expect(inventory.containers().get('web')).toMatchObject({ state: 'running', pid: 0 });
    await waitFor(() => inventory.containers().get('web')?.pid === 100);
    expect(log.warned).toEqual(['container could not be inspected; it is asked about again']);
  });
});

test('a container found removed is still in the map when its end is told', async () => {
  put(engine, 'web');
  await start();
  const known: string[] = [];
  inventory.onChange((c, what) => known.push(`${what} ${inventory.containers().has(c.id)}`));
  await engine.stop();
  remove(engine, 'web');
  await engine.start();
  await waitFor(() => known.length === 2);
  expect(known).toEqual(['die true', 'gone false']);
});

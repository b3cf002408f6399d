/** The store's thread ends in the midst of things, as when it has no memory left: it is counted and started again, and nothing of what was said is lost. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { labels } from '../../../src/model/labels.ts';
import { offer, rateOf, startKept, T0, windowAt } from '../../support/keptstore.ts';
import { talkingLog } from '../../support/talkinglog.ts';
import { waitFor } from '../../support/wait.ts';
import { frameOf } from './model.ts';

const workers = vi.hoisted((): Worker[] => []);
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  class Seen extends real.Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      workers.push(this);
    }
  }
  return { ...real, Worker: Seen };
});

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'plimsoll-crashed-'));
  mkdirSync(join(path, 'store'));
  const folder = path;
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

type Kept = Awaited<ReturnType<typeof startKept>>;

/** Nothing of it is told to end. */
async function crash({ store }: Kept): Promise<void> {
  const before = store.crashes;
  await workers.at(-1)?.terminate();
  await waitFor(() => store.crashes === before + 1, { what: 'the crash to be counted' });
}

async function again({ clock, store }: Kept, afterMs: number): Promise<void> {
  await clock.advance(afterMs);
  await waitFor(() => store.absence === undefined, { what: 'the store to answer again' });
}

function sampleOf(n: number) {
  return { labels: labels([['__name__', 'x']]), timesMs: Float64Array.of(T0 + n), values: Float64Array.of(n) };
}

test('it is counted and started again; windows that came meanwhile are read, what was written is there once', async () => {
  const log = talkingLog();
  const kept = await startKept(path, T0, { log });
  await offer(kept, 1, 10);
  expect(await kept.store.write([sampleOf(1)])).toEqual({ accepted: 1, dropped: new Map() });
  await kept.store.settle(true);
  await offer(kept, 11, 15);
  expect(await kept.store.write([sampleOf(2)])).toEqual({ accepted: 1, dropped: new Map() });

  await crash(kept);
  expect(kept.store.absence).toBe('the store reads what is on disk and does not answer yet');
  for (let n = 16; n <= 20; n++) kept.log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await kept.log.settle();
  // Senders try again: whoever asks is told at once.
  await expect(kept.store.write([sampleOf(3)])).rejects.toMatchObject({ type: 'unavailable' });
  await again(kept, 1000);

  await kept.store.settle();
  // 2 s in 10 s, over all that came before, between and after.
  for (const n of [10, 15, 20]) expect(await rateOf(kept.store, n)).toEqual([0.2]);
  // Sent again by whoever had no answer; labels that the thread before knew are said anew.
  expect(await kept.store.write([sampleOf(2), sampleOf(3)])).toEqual({ accepted: 2, dropped: new Map() });
  const { series } = await kept.store.query({ query: 'x[1m]', startMs: T0 + 50, endMs: T0 + 50, stepMs: 0 });
  expect(series.map(({ values }) => [...values])).toEqual([[1, 2, 3]]);
  expect(kept.store.crashes).toBe(1);
  expect(log.warned).toEqual(['the store’s thread has ended and is started again: what it knew is on disk']);
});

test('what was asked while it ended fails at once', async () => {
  const kept = await startKept(path, T0);
  await offer(kept, 1, 10);
  const asked = [
    kept.store.query({ query: 'up', startMs: T0, endMs: T0, stepMs: 0 }),
    kept.store.write([sampleOf(1)]),
    kept.store.labelNames({ matchers: [], fromMs: 0, toMs: 1e14 }),
  ].map((answer) => answer.then(() => 'answered').catch(({ type }: { type: string }) => type));
  await crash(kept);
  for (const end of await Promise.all(asked)) expect(['answered', 'unavailable']).toContain(end);
});

test('an export that a crash falls into ends with an error, and does not look whole', async () => {
  const kept = await startKept(path, T0);
  await offer(kept, 1, 5);
  const pieces = kept.store.export({ matchers: [], fromMs: 0, toMs: 1e14 })[Symbol.asyncIterator]();
  expect((await pieces.next()).done).toBe(false);
  await crash(kept);
  await again(kept, 1000);
  await expect(pieces.next()).rejects.toMatchObject({ type: 'unavailable' });
});

test('one that fails again and again as soon as it answers is started ever more seldom, until it has been well for a while', async () => {
  const kept = await startKept(path, T0);
  for (const pauseMs of [1000, 2000, 4000]) {
    await waitFor(() => kept.store.absence === undefined, { what: 'the store to answer' });
    await crash(kept);
    await kept.clock.advance(pauseMs - 1);
    expect(workers.at(-1)?.threadId).toBe(-1);
    await kept.clock.advance(1);
    expect(workers.at(-1)?.threadId).toBeGreaterThan(0);
  }
  await waitFor(() => kept.store.absence === undefined, { what: 'the store to answer' });
  await kept.clock.advance(5 * 60_000);
  await crash(kept);
  await again(kept, 1000);
  expect(kept.store.crashes).toBe(4);
});

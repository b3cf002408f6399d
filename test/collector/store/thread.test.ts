/** The store on its own thread: reads a real log, answers PromQL over head and parts, goes on after a restart and after its thread has failed. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LogLimits } from '../../../collector/log/shelf.ts';
import { labels } from '../../../src/model/labels.ts';
import { DAY_MS, LIMITS, rateOf, startKept, T0, windowAt } from '../../support/keptstore.ts';
import { waitFor } from '../../support/wait.ts';
import { frameOf } from './model.ts';

let path: string;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
  mkdirSync(join(path, 'store'));
  const folder = path;
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const start = (nowMs: number, limits?: LogLimits) => startKept(path, nowMs, limits === undefined ? {} : { limits });

test('what is in the log, sealed or not, is answered; also after a restart', async () => {
  const first = await start(T0);
  for (let n = 1; n <= 20; n++) first.log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await first.log.settle();
  await first.store.settle();
  // 2 s in 10 s.
  expect(await rateOf(first.store, 20)).toEqual([0.2]);
  await first.store.settle(true);
  expect(await rateOf(first.store, 20)).toEqual([0.2]);
  for (let n = 21; n <= 23; n++) first.log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await first.log.settle();
  await first.store.settle();
  expect(await rateOf(first.store, 23)).toEqual([0.2]);
  await first.stop();

  const second = await start(T0 + 230_000);
  expect(await rateOf(second.store, 23)).toEqual([0.2]);
  const scope = { matchers: [], fromMs: 0, toMs: 1e14 };
  expect(await second.store.labelValues('__name__', scope)).toEqual(['container_cpu_total', 'container_load', 'up']);
  expect(await second.store.labelNames(scope)).toEqual(['__name__', 'cpu', 'instance', 'job', 'name', 'node']);
  const up = await second.store.query({ query: 'up', startMs: T0 + 230_000, endMs: T0 + 230_000, stepMs: 0 });
  expect(up.series.map(({ labels: pairs, values }) => [Object.fromEntries(pairs).job, values[0]]).sort()).toEqual([
    ['plimsoll-agent', 1],
    ['plimsoll-collector', 1],
    ['plimsoll-containers', 1],
  ]);
});

test('a container that has gone is gone at once', async () => {
  const { log, store } = await start(T0);
  for (let n = 1; n <= 3; n++) log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  log.offer(frameOf(T0 + 40_000, []));
  await log.settle();
  await store.settle();
  const count = async (atMs: number) =>
    (await store.query({ query: 'container_load', startMs: atMs, endMs: atMs, stepMs: 0 })).series.length;
  expect(await count(T0 + 39_998)).toBe(1);
  expect(await count(T0 + 39_999)).toBe(0);
});

test('samples of others are on disk when they are answered for, wherever in time they belong', async () => {
  const { store, stop } = await start(T0);
  const series = {
    labels: labels([
      ['__name__', 'x'],
      ['from', 'other'],
    ]),
    timesMs: Float64Array.of(T0 - 60_000, T0 - 30_000),
    values: Float64Array.of(1, 2),
  };
  expect(await store.write([series])).toEqual({ accepted: 2, dropped: new Map() });
  const older = {
    ...series,
    timesMs: Float64Array.of(T0 - 2 * DAY_MS, T0 - 45_000, T0 + DAY_MS),
    values: Float64Array.of(9, 7, 8),
  };
  expect(await store.write([older])).toMatchObject({
    accepted: 1,
    dropped: new Map([
      ['too_old', 1],
      ['too_far_ahead', 1],
    ]),
  });
  const other = { ...series, timesMs: Float64Array.of(T0 - 30_000), values: Float64Array.of(3) };
  expect(await store.write([other])).toMatchObject({ accepted: 0, dropped: new Map([['duplicate', 1]]) });
  await stop();
  const again = await start(T0);
  const { series: found } = await again.store.query({ query: 'x[2m]', startMs: T0, endMs: T0, stepMs: 0 });
  expect(found.map(({ timesMs, values }) => [[...timesMs], [...values]])).toEqual([
    [
      [T0 - 60_000, T0 - 45_000, T0 - 30_000],
      [1, 7, 2],
    ],
  ]);
});

test('as many questions are under way as are asked: the line is the API’s', async () => {
  const { store, stop } = await start(T0);
  const asked = Array.from({ length: 9 }, () => store.query({ query: '1', startMs: T0, endMs: T0, stepMs: 0 }));
  expect(store.queries.running).toBe(9);
  expect((await Promise.all(asked)).map(({ series }) => series[0]?.values[0])).toEqual(Array(9).fill(1));
  expect(store.queries).toEqual({ running: 0, answered: 9, failed: 0 });
  await stop();
});

test('an export comes in pieces, and a query that nobody waits for ends', async () => {
  const { log, store } = await start(T0);
  for (let n = 1; n <= 5; n++) log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await log.settle();
  await store.settle();
  const found: string[] = [];
  for await (const piece of store.export({
    matchers: [[{ name: 'name', op: '=', value: 'a' }]],
    fromMs: 0,
    toMs: 1e14,
  }))
    for (const { labels: pairs, values } of piece) found.push(`${Object.fromEntries(pairs).__name__} ${values.length}`);
  expect(found.sort()).toEqual(['container_cpu_total 5', 'container_cpu_total 5', 'container_load 5']);
  const leaving = new AbortController();
  leaving.abort();
  const request = { query: 'up', startMs: T0, endMs: T0, stepMs: 0 };
  await expect(store.query(request, leaving.signal)).rejects.toMatchObject({ type: 'canceled' });
  await expect(store.query({ ...request, query: 'up{' })).rejects.toMatchObject({ type: 'bad_data' });
  await waitFor(() => store.queries.running === 0, { what: 'no query to be under way' });
});

test('a log that begins anew, its files gone, is read on: its numbers go on behind those that the store has', async () => {
  const first = await start(T0);
  for (let n = 1; n <= 20; n++) first.log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await first.log.settle();
  await first.store.settle(true);
  await first.stop();
  for (const name of readdirSync(path)) if (name !== 'store') rmSync(join(path, name));

  const second = await start(T0 + 200_000);
  for (let n = 21; n <= 26; n++) second.log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await second.log.settle();
  await second.store.settle();
  expect(await rateOf(second.store, 26)).toEqual([0.2]);
  expect(
    await second.store.query({ query: 'container_load', startMs: T0 + 259_600, endMs: T0 + 259_600, stepMs: 0 }),
  ).toMatchObject({ series: [{ values: Float64Array.of(0.5) }] });
});

test('a store of a later version holds nothing of the log', async () => {
  const line = JSON.stringify({
    version: 99,
    number: 1,
    nextSeq: 0,
    primeSeq: 0,
    nextPart: 1,
    nextReceived: 1,
    parts: [],
  });
  const sum = crc32(line).toString(16).padStart(8, '0');
  writeFileSync(join(path, 'store', 'manifest-0000000001.json'), `${line}\n${sum}\n`);
  const { log, store } = await start(T0, { ...LIMITS, whenFull: 'push_back', segmentBytes: 1, maxBytes: 1 });
  await waitFor(() => store.absence?.includes('a later version'), { what: 'the store to say so' });
  for (let n = 1; n <= 5; n++) {
    log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
    await log.settle();
  }
  // Agents are not sent away for a reader that will never read; the last two stay for a restart.
  expect(log.shelf.full).toBe(false);
  expect(log.shelf.segments).toHaveLength(2);
});

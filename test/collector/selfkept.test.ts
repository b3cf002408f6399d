/** The collector's own metrics in its store: as a scrape of it would have given them. */
import { expect, test } from 'vitest';
import { QueryError } from '../../collector/query/query.ts';
import { keepSelf } from '../../collector/selfkept.ts';
import type { ReceivedSeries, Store } from '../../collector/store/types.ts';
import { silent } from '../../src/log.ts';
import { pairsOf } from '../../src/model/labels.ts';
import { createSelfMetrics } from '../../src/self/metrics.ts';

const T = 1_750_000_000_000;

function staged(write?: Store['write']) {
  const written: (readonly ReceivedSeries[])[] = [];
  const self = createSelfMetrics({ version: '1.2.3', role: 'collector' });
  const offsets = new Map([['node-1', 0.25]]);
  self.expose('plimsoll_collector_agent_clock_offset_seconds', () => [...offsets].map(([node, s]) => [[node], s]));
  self.expose('plimsoll_store_parts', () => [[[], 7]]);
  const take: Store['write'] = async (series) => {
    written.push(series);
    return { accepted: series.length, dropped: new Map() };
  };
  const words: string[] = [];
  const log = { ...silent, warn: (_fields: object, text: string) => void words.push(text) } as typeof silent;
  const keep = keepSelf({ store: { write: write ?? take }, self, instance: 'here:9640', log });
  return { keep, written, offsets, words };
}

function named(series: readonly ReceivedSeries[], name: string) {
  return series
    .map(({ labels, timesMs, values, stale }) => ({ labels: [...pairsOf(labels)], timesMs, values, stale }))
    .filter(({ labels }) => labels.some(([label, value]) => label === '__name__' && value === name));
}

test('each window has them, with the job and the instance of a scrape and the window’s end as their time', async () => {
  const { keep, written } = staged();
  await keep(T);
  await keep(T + 10_000);
  const scraped = [
    ['__name__', 'plimsoll_store_parts'],
    ['instance', 'here:9640'],
    ['job', 'plimsoll-collector'],
  ];
  expect(written.map((series) => named(series, 'plimsoll_store_parts'))).toEqual([
    [{ labels: scraped, timesMs: [T], values: [7], stale: undefined }],
    [{ labels: scraped, timesMs: [T + 10_000], values: [7], stale: undefined }],
  ]);
  const names = new Set(written[0]?.flatMap(({ labels }) => labels.values[labels.names.indexOf('__name__')] ?? []));
  expect([...names]).toEqual(
    expect.arrayContaining(['plimsoll_build_info', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']),
  );
});

test('what is no longer said ends in the next window', async () => {
  const { keep, written, offsets } = staged();
  await keep(T);
  offsets.clear();
  await keep(T + 10_000);
  await keep(T + 20_000);
  const found = written.map((series) => named(series, 'plimsoll_collector_agent_clock_offset_seconds'));
  expect(found.map((series) => series.map(({ timesMs, values, stale }) => ({ timesMs, values, stale })))).toEqual([
    [{ timesMs: [T], values: [0.25], stale: undefined }],
    [{ timesMs: [T + 10_000], values: [Number.NaN], stale: [0] }],
    [],
  ]);
});

test('while the store has not taken a window the next is passed over, and one that is closed is no news', async () => {
  let fail = (_error: Error): void => undefined;
  let asked = 0;
  const { keep, words } = staged(() => {
    asked++;
    return new Promise((_, reject) => {
      fail = reject;
    });
  });
  const first = keep(T);
  await expect.poll(() => asked).toBe(1);
  await keep(T + 10_000);
  expect(asked).toBe(1);
  fail(new QueryError('unavailable', 'the store is closed'));
  await first;
  expect(words).toEqual([]);
  const second = keep(T + 20_000);
  await expect.poll(() => asked).toBe(2);
  fail(new Error('something else'));
  await second;
  expect(words).toEqual(['the collector’s own metrics could not be put into its store']);
});

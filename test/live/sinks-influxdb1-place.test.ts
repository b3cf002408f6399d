/** InfluxDB 1 itself: database and retention are really there as asked for, and what it refuses can be read, and sent again, from the file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createDeadLetters } from '../../collector/sinks/influx/deadletters.ts';
import { createInfluxSink, type InfluxSinkOptions } from '../../collector/sinks/influx/sink.ts';
import type { Frame } from '../../src/model/batch.ts';
import { systemClock } from '../../src/run/clock.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import { frame, table } from '../support/tables.ts';

const signal = new AbortController().signal;
const DAY_MS = 86_400_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;

let influx: Influx;
const dir = mkdtempSync(join(tmpdir(), 'plimsoll-place-'));
beforeAll(async () => {
  influx = await startInflux({ user: { name: 'admin', password: 'pass-word' } });
});
afterAll(async () => {
  await influx?.stop();
  rmSync(dir, { recursive: true, force: true });
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function sinkTo(database: string, options: Partial<InfluxSinkOptions> = {}, retentionPolicy?: string) {
  const sink = createInfluxSink({
    url: influx.url,
    to: { version: 1, database, username: 'admin', password: 'pass-word', retentionPolicy },
    timeoutMs: 10_000,
    clock: systemClock,
    ...options,
  });
  stops.push(sink.close);
  return sink;
}

const points = (count: number, timeMs = NOW): Frame =>
  frame([
    table({
      measurement: 'm',
      columns: ['v'],
      rows: Array.from({ length: count }, (_, i) => [{ n: `${i}` }, [i + 0.5]] as const),
      timeMs,
    }),
  ]);

/** Name, duration, duration of a shard, whether it is the default. */
async function policies(database: string): Promise<unknown[]> {
  const [series] = await influx.query('', `SHOW RETENTION POLICIES ON "${database}"`);
  const at = (column: string): number => series?.columns.indexOf(column) ?? -1;
  return (series?.values ?? []).map((row) =>
    ['name', 'duration', 'shardGroupDuration', 'default'].map((c) => row[at(c)]),
  );
}

test('a database that is not there is made with its retention, which is changed when another is asked for', async () => {
  const create = (days: number) => ({ create: { retentionMs: days * DAY_MS } });
  expect(await sinkTo('made', create(30)).probe?.(signal)).toContain('"made" is not there yet and will be created');
  expect(await sinkTo('made', create(30)).write(points(3), signal)).toMatchObject({ delivered: 3 });
  // 30 days of 24 hours.
  expect(await policies('made')).toEqual([['autogen', '720h0m0s', '24h0m0s', true]]);
  expect(await sinkTo('made', create(1)).write(points(3), signal)).toMatchObject({ delivered: 3 });
  expect(await policies('made')).toEqual([['autogen', '24h0m0s', '1h0m0s', true]]);
  expect(await sinkTo('made', { create: {} }).write(points(3), signal)).toMatchObject({ delivered: 3 });
  expect(await policies('made')).toEqual([['autogen', '24h0m0s', '1h0m0s', true]]);
  expect((await influx.query('made', 'SELECT count(v) FROM m'))[0]?.values[0]?.[1]).toBe(3);
});

test('a policy that is named is made beside the default one, and written to', async () => {
  const sink = sinkTo('named', { create: { retentionMs: 365 * DAY_MS } }, 'a "year"');
  expect(await sink.write(points(2), signal)).toMatchObject({ delivered: 2 });
  expect(await policies('named')).toEqual([
    ['autogen', '0s', '168h0m0s', true],
    ['a "year"', '8760h0m0s', '168h0m0s', false],
  ]);
  expect((await influx.query('named', 'SELECT count(v) FROM "a \\"year\\"".m'))[0]?.values[0]?.[1]).toBe(2);
});

test('a policy that is not there, where nothing is to be made: said, not lost', async () => {
  await influx.query('', 'CREATE DATABASE "bare"');
  await expect(sinkTo('bare', {}, 'nowhere').write(points(1), signal)).rejects.toMatchObject({
    retryable: true,
    reason: 'not_found',
    message: expect.stringContaining('set create: true'),
  });
});

test('what is refused is in the file with the reason, and can be sent once the reason has gone', async () => {
  await influx.query('', 'CREATE DATABASE "letters"');
  // Somebody's text where our number goes.
  execFileSync('curl', [
    '-sS',
    '-u',
    'admin:pass-word',
    `${influx.url}/write?db=letters`,
    '--data-binary',
    'm,n=1 v="text"',
  ]);
  const file = join(dir, 'letters');
  const sink = sinkTo('letters', { deadLetters: createDeadLetters('k', file, 1_000_000) });
  const delivery = await sink.write(
    frame([
      table({ measurement: 'm', columns: ['v'], rows: [[{ n: '7' }, [7]]], timeMs: NOW }),
      table({ measurement: 'other', columns: ['v'], rows: [[{ n: '8' }, [8]]], timeMs: NOW }),
    ]),
    signal,
  );
  expect(delivery).toMatchObject({ delivered: 1, dropped: new Map([['rejected', 1]]) });
  expect((await influx.query('letters', 'SELECT v FROM other'))[0]?.values).toEqual([[NOW, 8]]);
  const kept = readFileSync(file, 'utf8').split('\n');
  expect(kept[0]).toMatch(/^# 20\S+Z partial write: field type conflict: input field "v" on measurement "m"/);
  expect(kept.slice(1)).toEqual([`m,n=7 v=7 ${NOW}`, '']);

  await influx.query('letters', 'DROP MEASUREMENT m');
  execFileSync('curl', [
    '-sSf',
    '-u',
    'admin:pass-word',
    `${influx.url}/write?db=letters&precision=ms`,
    '--data-binary',
    `@${file}`,
  ]);
  expect((await influx.query('letters', 'SELECT v FROM m'))[0]?.values).toEqual([[NOW, 7]]);
});

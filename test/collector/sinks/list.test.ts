/** From the configuration to sinks: every kind, its room, its secrets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { createOutlets } from '../../../collector/sinks/list.ts';
import { sink as sinkSchema } from '../../../src/config/schema.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { startFakeInflux } from '../../support/fakeinflux.ts';
import { frame, table } from '../../support/tables.ts';

const around = { clock: systemClock, stdout: new PassThrough() };
const given = frame([table({ columns: ['v'], rows: [[{ name: 'a' }, [1]]] })]);
const dir = mkdtempSync(join(tmpdir(), 'plimsoll-list-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('each kind writes where its configuration says', async () => {
  const server = await startFakeInflux();
  writeFileSync(join(dir, 'token'), 'from-a-file\n');
  const outlets = createOutlets(
    {
      two: sinkSchema.parse({
        kind: 'influxdb2',
        url: server.url,
        org: 'o',
        bucket: 'b',
        token_file: join(dir, 'token'),
      }),
      one: sinkSchema.parse({
        kind: 'influxdb1',
        url: server.url,
        database: 'd',
        username: 'u',
        password: 'p',
        queue_frames: 7,
        queue_samples: 70,
        timeout: '2s',
      }),
      out: sinkSchema.parse({ kind: 'stdout', levels: ['node'] }),
    },
    around,
  );
  expect(outlets.map((outlet) => outlet.sink.name)).toEqual(['two', 'one', 'out']);
  expect(outlets[1]).toMatchObject({ maxFrames: 7, maxSamples: 70, deadlineMs: 12_000 });
  expect(outlets[2]?.sink.wants(given)).toBe(0);
  for (const { sink } of outlets.slice(0, 2)) await sink.write(given, new AbortController().signal);
  expect(server.requests.map((r) => r.path)).toEqual([
    '/api/v2/write?precision=ms&org=o&bucket=b',
    '/write?precision=ms&db=d',
  ]);
  expect(server.requests[0]?.headers.authorization).toBe('Token from-a-file');
  for (const { sink } of outlets) await sink.close();
  await server.close();
});

test('a secret that cannot be read stops the start, naming the key', () => {
  const config = sinkSchema.parse({ kind: 'influxdb2', url: 'http://x', bucket: 'b', token_file: '/nowhere/token' });
  expect(() => createOutlets({ main: config }, around)).toThrow('sinks.main.token_file: is "/nowhere/token"');
});

test('a sink called as the collector’s own page is refused in words', () => {
  const config = sinkSchema.parse({ kind: 'remote_write', url: 'http://h:9090' });
  expect(() => createOutlets({ prometheus: config }, around)).toThrow(
    "sinks.prometheus: is the name of the collector's own page; call it otherwise",
  );
});

test('the user and password in an address are used, and are not part of what is shown', async () => {
  const server = await startFakeInflux(() => ({ status: 401, body: { error: 'no' } }));
  const url = server.url.replace('http://', 'http://me:p%40ss@');
  const outlets = createOutlets(
    {
      one: sinkSchema.parse({ kind: 'influxdb1', url, database: 'd' }),
      two: sinkSchema.parse({ kind: 'influxdb2', url: `${url}/`, bucket: 'b' }),
    },
    around,
  );
  for (const { sink } of outlets) {
    await expect(sink.write(given, new AbortController().signal)).rejects.toThrow(`${server.url} refuses`);
    await sink.close();
  }
  // printf 'me:p@ss' | base64
  expect(server.requests.map((r) => r.headers.authorization)).toEqual(['Basic bWU6cEBzcw==', 'Basic bWU6cEBzcw==']);
  await server.close();
});

test.each([
  [
    'username',
    { kind: 'influxdb1', url: 'http://a:b@h', database: 'd', username: 'u' },
    'sinks.x: url holds a user and',
  ],
  [
    'password',
    { kind: 'influxdb1', url: 'http://a:b@h', database: 'd', password: 'u' },
    'sinks.x: url holds a user and',
  ],
  ['token', { kind: 'influxdb2', url: 'http://a:b@h', bucket: 'b', token: 't' }, 'sinks.x: url holds a user and'],
  [
    'no username',
    { kind: 'influxdb1', url: 'http://h', database: 'd', password: 'p' },
    'password is set without username',
  ],
])('who we are is said once, not in the address and as %s', (_what, config, words) => {
  expect(() => createOutlets({ x: sinkSchema.parse(config) }, around)).toThrow(words);
});

/** From the configuration to sinks: every kind, its room, its secrets. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { createOutlets } from '../../../collector/sinks/list.ts';
import { sink as sinkSchema } from '../../../src/config/sinkschema.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { startFakeInflux } from '../../support/fakeinflux.ts';
import { startReceiver } from '../../support/remotewrite.ts';
import { frame, T0, table } from '../../support/tables.ts';

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

test('remote-write and InfluxDB 3 with all that says who we are', async () => {
  const receiver = await startReceiver();
  const server = await startFakeInflux();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'password'), 'from-a-file\n');
  const outlets = createOutlets(
    {
      push: sinkSchema.parse({
        kind: 'remote_write',
        url: receiver.url,
        username: 'u',
        password_file: join(dir, 'password'),
        headers: { 'X-Scope-OrgID': 'team' },
        containers: true,
        external_labels: { replica: 'a' },
      }),
      three: sinkSchema.parse({ kind: 'influxdb3', url: server.url, database: 'd', token: 't', no_sync: true }),
    },
    around,
  );
  for (const { sink } of outlets) await sink.write(given, new AbortController().signal);
  // The first of a minute says what the metrics are. printf 'u:from-a-file' | base64
  expect(receiver.requests[1]).toMatchObject({
    headers: { authorization: 'Basic dTpmcm9tLWEtZmlsZQ==', 'x-scope-orgid': 'team' },
    series: [{ series: 'v{name="a",replica="a"}', timeMs: T0, value: 1 }],
  });
  expect(server.requests[0]).toMatchObject({
    path: '/api/v3/write_lp?db=d&precision=millisecond&accept_partial=true&no_sync=true',
    headers: { authorization: 'Bearer t' },
  });
  for (const { sink } of outlets) await sink.close();
  await Promise.all([receiver.close(), server.close()]);
});

test.each([
  [
    'a retention that nobody sets',
    { x: { kind: 'influxdb1', url: 'http://h', database: 'd', retention: '30d' } },
    'sinks.x.retention: is set by whoever creates; add create: true',
  ],
  [
    'one file for two sinks',
    {
      x: { kind: 'influxdb1', url: 'http://h', database: 'd', dead_letters: '/tmp/a/../letters' },
      y: { kind: 'influxdb1', url: 'http://h', database: 'd', dead_letters: '/tmp/letters' },
    },
    'sinks.y.dead_letters: is the file of sinks.x; each needs one of its own',
  ],
  [
    'a token and a user',
    { x: { kind: 'remote_write', url: 'http://h', token: 't', username: 'u', password: 'p' } },
    'sinks.x: a token and a user are set',
  ],
])('%s is refused in words', (_, sinks, words) => {
  const parsed = Object.fromEntries(Object.entries(sinks).map(([name, config]) => [name, sinkSchema.parse(config)]));
  expect(() => createOutlets(parsed, around)).toThrow(words);
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

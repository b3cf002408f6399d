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

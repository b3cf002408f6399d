/** Database, bucket and retention are made, and set, where that is asked for: by what the versions' own interfaces are documented to take. */
import { afterEach, describe, expect, test } from 'vitest';
import type { InfluxPlace } from '../../../../collector/sinks/influx/endpoint.ts';
import { policiesIn, shardMs } from '../../../../collector/sinks/influx/policies.ts';
import { createInfluxSink, type InfluxSinkOptions } from '../../../../collector/sinks/influx/sink.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type Reply, startFakeInflux, type Written } from '../../../support/fakeinflux.ts';
import { frame, table } from '../../../support/tables.ts';

const signal = new AbortController().signal;
const DAY_MS = 86_400_000;
const given = frame([table({ measurement: 'm', columns: ['v'], rows: [[{ n: '1' }, [1]]] })]);
const again = frame([table({ measurement: 'm', columns: ['v'], rows: [[{ n: '1' }, [2]]] })]);

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp(to: InfluxPlace, reply: (request: Written) => Reply, options: Partial<InfluxSinkOptions> = {}) {
  const server = await startFakeInflux(reply);
  const create = { retentionMs: 30 * DAY_MS };
  const sink = createInfluxSink({ url: server.url, to, timeoutMs: 2000, clock: systemClock, create, ...options });
  stops.push(server.close, sink.close);
  const asked = (): string[] => server.requests.map(({ method, path, text }) => `${method} ${path} ${text}`);
  return { sink, asked };
}

describe('version 1', () => {
  const to = { version: 1, database: 'it"s' } as const;
  /** As InfluxDB 1 answers; `policies` are name, duration and whether it is the default. */
  const server = (policies: readonly (readonly [string, string, boolean])[]) => (request: Written) => {
    if (!request.path.startsWith('/query')) return {};
    const shows = request.text.includes('SHOW');
    const columns = ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'];
    const values = policies.map(([name, duration, isDefault]) => [name, duration, '168h0m0s', 1, isDefault]);
    return { status: 200, body: { results: [shows ? { series: [{ columns, values }] } : {}] } };
  };
  const statements = (asked: readonly string[]): string[] =>
    asked.flatMap((text) =>
      text.startsWith('POST /query') ? [new URLSearchParams(text.split(' ')[2]).get('q') ?? ''] : [],
    );

  test.each([
    [
      'the default policy keeps for ever',
      [['autogen', '0s', true]],
      undefined,
      'ALTER RETENTION POLICY "autogen" ON "it\\"s" DURATION 2592000s SHARD DURATION 86400s',
    ],
    ['it is as asked for', [['autogen', '720h0m0s', true]], undefined, undefined],
    [
      'another policy is not there',
      [['autogen', '0s', true]],
      'month',
      'CREATE RETENTION POLICY "month" ON "it\\"s" DURATION 2592000s REPLICATION 1 SHARD DURATION 86400s',
    ],
    [
      'another policy differs',
      [
        ['autogen', '0s', true],
        ['month', '24h0m0s', false],
      ],
      'month',
      'ALTER RETENTION POLICY "month" ON "it\\"s" DURATION 2592000s SHARD DURATION 86400s',
    ],
  ] as const)('%s', async (_, policies, retentionPolicy, last) => {
    const { sink, asked } = await setUp({ ...to, retentionPolicy }, server(policies));
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 1 });
    const both = ['CREATE DATABASE "it\\"s"', 'SHOW RETENTION POLICIES ON "it\\"s"'];
    expect(statements(asked())).toEqual(last === undefined ? both : [...both, last]);
    await sink.write(again, signal);
    // Once.
    expect(statements(asked())).toHaveLength(last === undefined ? 2 : 3);
  });

  test('without a retention what is there is left as it is', async () => {
    const { sink, asked } = await setUp(to, server([['autogen', '0s', true]]), { create: {} });
    await sink.write(given, signal);
    expect(statements(asked())).toHaveLength(2);
  });

  test('what the server says against it is said, and it is tried again later', async () => {
    const { sink } = await setUp(to, ({ path }) =>
      path.startsWith('/query') ? { status: 403, body: { error: 'not authorized: requires admin privilege' } } : {},
    );
    await expect(sink.write(given, signal)).rejects.toMatchObject({
      retryable: true,
      retryAfterMs: 60_000,
      message: expect.stringContaining('as create: true asks:'),
    });
  });

  test('dropped by somebody meanwhile: made anew', async () => {
    let there = false;
    const { sink, asked } = await setUp(to, (request) => {
      if (request.text.includes('CREATE')) there = true;
      if (request.path.startsWith('/query')) return server([['autogen', '720h0m0s', true]])(request);
      return there ? {} : { status: 404, body: { error: 'database not found' } };
    });
    await sink.write(given, signal);
    there = false;
    await expect(sink.write(again, signal)).rejects.toThrow('has no database');
    expect(await sink.write(again, signal)).toMatchObject({ delivered: 1 });
    expect(statements(asked())).toHaveLength(4);
  });

  test.each([
    [3_600_000, 3_600_000],
    [2 * DAY_MS - 1, 3_600_000],
    [2 * DAY_MS, DAY_MS],
    [180 * DAY_MS, DAY_MS],
    [181 * DAY_MS, 7 * DAY_MS],
  ])('a shard of what is kept for %d ms spans %d ms', (retention, shard) => {
    expect(shardMs(retention)).toBe(shard);
  });

  test.each([
    ['720h0m0s', 720 * 3_600_000],
    ['1h30m0s', 5_400_000],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    const body = { results: [{ series: [{ columns: ['name', 'duration', 'default'], values: [['p', text, true]] }] }] };
    expect(policiesIn(JSON.stringify(body)).policies).toEqual([{ name: 'p', durationMs: ms, isDefault: true }]);
  });
});

describe('version 2', () => {
  const to = { version: 2, org: 'ops', bucket: 'b', token: 't' } as const;
  const bucket = (everySeconds: number) => ({
    id: 'b1',
    name: 'b',
    retentionRules: [{ type: 'expire', everySeconds }],
  });
  const server =
    (buckets: readonly object[]) =>
    ({ method, path }: Written): Reply => {
      if (path.startsWith('/api/v2/write')) return {};
      if (path.startsWith('/api/v2/orgs')) return { status: 200, body: { orgs: [{ id: 'o1', name: 'ops' }] } };
      return method === 'GET' ? { status: 200, body: { buckets } } : { status: 201, body: {} };
    };
  const find = 'GET /api/v2/buckets?org=ops&name=b ';

  test.each([
    [
      'not there',
      [],
      [
        find,
        'GET /api/v2/orgs?org=ops ',
        'POST /api/v2/buckets {"orgID":"o1","name":"b","retentionRules":[{"type":"expire","everySeconds":2592000}]}',
      ],
    ],
    [
      'keeps for another time',
      [bucket(3600)],
      [find, 'PATCH /api/v2/buckets/b1 {"retentionRules":[{"type":"expire","everySeconds":2592000}]}'],
    ],
    ['as asked for', [bucket(2_592_000)], [find]],
  ])('%s', async (_, buckets, expected) => {
    const { sink, asked } = await setUp(to, server(buckets));
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 1 });
    expect(asked().slice(0, -1)).toEqual(expected);
  });

  test('a server that has lines for buckets, but no buckets', async () => {
    const { sink } = await setUp(to, () => ({ status: 404, body: '404 page not found' }));
    await expect(sink.write(given, signal)).rejects.toThrow('has no /api/v2/buckets; leave create out');
  });
});

describe('version 3', () => {
  const to = { version: 3, database: 'd', token: 't', noSync: false } as const;
  const body = '{"db":"d","retention_period":"2592000s"}';
  const server =
    (made: number, set: number) =>
    ({ method, path }: Written): Reply => {
      if (!path.startsWith('/api/v3/configure')) return {};
      return { status: method === 'POST' ? made : set, body: { error: 'said' } };
    };

  test('made', async () => {
    const { sink, asked } = await setUp(to, server(200, 500));
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 1, problem: undefined });
    expect(asked()[0]).toBe(`POST /api/v3/configure/database ${body}`);
    expect(asked()).toHaveLength(2);
  });

  test('there already: its retention is set', async () => {
    const { sink, asked } = await setUp(to, server(409, 200));
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 1, problem: undefined });
    expect(asked()[1]).toBe(`PUT /api/v3/configure/database ${body}`);
  });

  test('there already, in an edition that does not change it: written, and said', async () => {
    const { sink } = await setUp(to, server(409, 405));
    const { delivered, problem } = await sink.write(given, signal);
    expect(delivered).toBe(1);
    expect(problem).toContain('InfluxDB 3 Core sets that only when a database is made');
  });
});

test('plimsoll check makes nothing, and says what will be made', async () => {
  const { sink, asked } = await setUp({ version: 1, database: 'd' }, () => ({
    status: 404,
    body: { error: 'database not found: "d"' },
  }));
  expect(await sink.probe?.(signal)).toMatch(/database "d" is not there yet and will be created$/);
  expect(asked()).toEqual(['POST /write?precision=ms&db=d ']);
});

test('nothing is made where nobody asked', async () => {
  const { sink, asked } = await setUp({ version: 1, database: 'd' }, () => ({}), { create: undefined });
  await sink.write(given, signal);
  expect(asked()).toHaveLength(1);
});

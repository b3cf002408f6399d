/** The InfluxDB sink against a server that answers as told: what is sent, what is tried again, what is counted as lost. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createInfluxSink, type InfluxSinkOptions } from '../../../../collector/sinks/influx/sink.ts';
import { SinkError } from '../../../../src/errors.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type FakeInflux, type Reply, startFakeInflux, type Written } from '../../../support/fakeinflux.ts';
import { frame, T0, table } from '../../../support/tables.ts';
import { waitFor } from '../../../support/wait.ts';

const signal = new AbortController().signal;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp(reply?: (request: Written, index: number) => Reply, options: Partial<InfluxSinkOptions> = {}) {
  const server: FakeInflux = await startFakeInflux(reply);
  stops.push(server.close);
  const sink = createInfluxSink({
    url: server.url,
    to: { version: 2, org: 'my org', bucket: 'b/1', token: 'secret' },
    timeoutMs: 2000,
    clock: systemClock,
    // One after another, so that what comes when can be said.
    inFlight: 1,
    ...options,
  });
  stops.push(sink.close);
  return { server, sink };
}

/** `count` lines of one number each: `m,n=<i> v=<i>`, all the same length. */
function numbered(count: number) {
  const width = String(count - 1).length;
  return frame([
    table({
      measurement: 'm',
      columns: ['v'],
      rows: Array.from({ length: count }, (_, i) => [{ n: String(i).padStart(width, '0') }, [i]]),
    }),
  ]);
}

const line = (n: string): string => `m,n=${n} v=${Number(n)} ${T0}`;

async function errorOf(promise: Promise<unknown>): Promise<SinkError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof SinkError)) throw new Error('did not fail with a SinkError', { cause: error });
  return error;
}

test.each([
  ['JSON', 'application/json'],
  ['text', 'text/plain'],
])('an answer 503 whose %s never ends is cut, and its connection ended', async (_, type) => {
  let ended = false;
  let sent = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(503, { 'content-type': type, 'retry-after': '7' });
    response.write('{"error":"');
    const more = (): void => {
      while (!ended && response.write('x'.repeat(16 * 1024))) sent += 16 * 1024;
    };
    response.on('drain', more).on('close', () => {
      ended = true;
    });
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => void server.close());
  const sink = createInfluxSink({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: { version: 1, database: 'd' },
    timeoutMs: 5000,
    clock: systemClock,
  });
  stops.push(sink.close);
  const error = await errorOf(sink.write(numbered(1), signal));
  expect(error).toMatchObject({ reason: 'unavailable', retryAfterMs: 7000 });
  await waitFor(() => ended, { what: 'the connection to be ended' });
  // What the kernel's buffers hold, and not a stream without end.
  expect(sent).toBeLessThan(32 * 1024 * 1024);
});

describe('what is sent', () => {
  test('version 2: path, token, compressed lines', async () => {
    const { server, sink } = await setUp();
    expect(await sink.write(numbered(100), signal)).toEqual({ delivered: 100, dropped: new Map(), problem: undefined });
    const [request] = server.requests;
    expect(request?.path).toBe('/api/v2/write?precision=ms&org=my+org&bucket=b%2F1');
    expect(request?.headers).toMatchObject({
      authorization: 'Token secret',
      'content-encoding': 'gzip',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(request?.lines[7]).toBe(line('07'));
    expect(request?.lines).toHaveLength(100);
  });

  test('version 1: path, user and password', async () => {
    const to = { version: 1, database: 'plimsoll', retentionPolicy: 'a week', username: 'u', password: 'p:w' } as const;
    const { server, sink } = await setUp(undefined, { to, gzip: false });
    await sink.write(numbered(1), signal);
    expect(server.requests[0]?.path).toBe('/write?precision=ms&db=plimsoll&rp=a+week');
    // printf 'u:p:w' | base64
    expect(server.requests[0]?.headers.authorization).toBe('Basic dTpwOnc=');
    expect(server.requests[0]?.headers['content-encoding']).toBeUndefined();
  });

  test.each(['/', '/influx/', '/api/v2', '/influx/api/v2/write'])('an address that ends in %s', async (suffix) => {
    const server = await startFakeInflux();
    const sink = createInfluxSink({
      url: server.url + suffix,
      to: { version: 2, org: 'o', bucket: 'b' },
      timeoutMs: 2000,
      clock: systemClock,
    });
    stops.push(server.close, sink.close);
    await sink.write(numbered(1), signal);
    const prefix = suffix.startsWith('/influx') ? '/influx' : '';
    expect(server.requests[0]?.path.split('?')[0]).toBe(`${prefix}/api/v2/write`);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('requests of so many lines, or so many bytes, in order', async () => {
    const byLines = await setUp(undefined, { maxLines: 40 });
    await byLines.sink.write(numbered(100), signal);
    expect(byLines.server.requests.map((r) => r.lines.length)).toEqual([40, 40, 20]);
    expect(byLines.server.requests.flatMap((r) => r.lines)[99]).toBe(line('99'));
    // A line and its newline are 'm,n=00 v=0 1800000000000\n' = 25 bytes, from 10 on 26: 10 × 25 + 9 × 26 = 484, one more is 510.
    const byBytes = await setUp(undefined, { maxBytes: 500 });
    await byBytes.sink.write(numbered(100), signal);
    expect(byBytes.server.requests[0]?.lines).toHaveLength(19);
  });

  test('only the levels asked for', async () => {
    const { server, sink } = await setUp(undefined, { levels: ['node'] });
    const given = frame([
      table({ measurement: 'container_cpu', columns: ['v'], rows: [[{ name: 'a' }, [1]]] }),
      table({ measurement: 'node_cpu', level: 'node', columns: ['v', 'w'], rows: [[{ node: 'h' }, [2, 3]]] }),
    ]);
    expect(sink.wants(given)).toBe(2);
    expect((await sink.write(given, signal)).delivered).toBe(2);
    expect(server.requests[0]?.lines).toEqual([`node_cpu,node=h v=2,w=3 ${T0}`]);
  });

  test('nothing to write makes no request', async () => {
    const { server, sink } = await setUp();
    const empty = frame([table({ columns: ['v'], rows: [[{ n: '1' }, [Number.NaN]]] })]);
    expect((await sink.write(empty, signal)).delivered).toBe(0);
    expect(server.requests).toHaveLength(0);
  });
});

describe('tried again', () => {
  test.each<[string, Reply, string, number | undefined]>([
    ['503', { status: 503, headers: { 'retry-after': '7' }, body: { error: 'later' } }, 'unavailable', 7000],
    ['429', { status: 429 }, 'throttled', undefined],
    ['401', { status: 401, body: { code: 'unauthorized', message: 'no' } }, 'unauthorized', 60_000],
    ['a connection that breaks', { status: 'reset' }, 'unreachable', undefined],
  ])('%s', async (_, reply, reason, retryAfterMs) => {
    const { sink } = await setUp(() => reply);
    expect(await errorOf(sink.write(numbered(3), signal))).toMatchObject({ retryable: true, reason, retryAfterMs });
  });

  test('nobody listens', async () => {
    const { server, sink } = await setUp();
    await server.close();
    const error = await errorOf(sink.write(numbered(3), signal));
    expect(error).toMatchObject({ retryable: true, reason: 'unreachable' });
    expect(error.message).toContain(server.url);
    expect(error.message).not.toContain('secret');
  });

  test('no answer within the time', async () => {
    const { sink } = await setUp(() => ({ status: 'hang' }), { timeoutMs: 50 });
    const error = await errorOf(sink.write(numbered(3), signal));
    expect(error).toMatchObject({ retryable: true, reason: 'timeout' });
  });

  test('it gives up when told to', async () => {
    const { sink } = await setUp(() => ({ status: 'hang' }), { timeoutMs: 60_000 });
    const controller = new AbortController();
    const writing = errorOf(sink.write(numbered(3), controller.signal));
    controller.abort();
    expect((await writing).retryable).toBe(true);
  });

  test('goes on where it stopped, with the same bytes', async () => {
    const { server, sink } = await setUp((_, i) => (i === 1 ? { status: 503 } : {}), { maxLines: 10 });
    const given = numbered(30);
    await errorOf(sink.write(given, signal));
    expect((await sink.write(given, signal)).delivered).toBe(30);
    expect(server.requests.map((r) => r.lines[0])).toEqual([line('00'), line('10'), line('10'), line('20')]);
    expect(server.requests[2]?.lines).toEqual(server.requests[1]?.lines);
  });

  test('another frame in between begins anew', async () => {
    const { server, sink } = await setUp((_, i) => (i === 0 ? { status: 503 } : {}));
    await errorOf(sink.write(numbered(3), signal));
    expect((await sink.write(numbered(5), signal)).delivered).toBe(5);
    expect(server.requests[1]?.lines).toHaveLength(5);
  });
});

describe('too large', () => {
  test('halved until it fits, and remembered', async () => {
    const { server, sink } = await setUp(({ lines }) => (lines.length > 700 ? { status: 413 } : {}), {
      maxLines: 2000,
    });
    // 2000 and 1000 are too many, then four times 500.
    expect((await sink.write(numbered(2000), signal)).delivered).toBe(2000);
    expect(server.requests.map((r) => r.lines.length)).toEqual([2000, 1000, 500, 500, 1000, 500, 500]);
    const before = server.requests.length;
    expect((await sink.write(numbered(2000), signal)).delivered).toBe(2000);
    expect(server.requests.slice(before).some((r) => r.lines.length > 700)).toBe(false);
  });

  test('a single line that is too large is lost, the others are not', async () => {
    const { sink } = await setUp(({ lines }) => (lines.some((text) => text.includes('n=5 ')) ? { status: 413 } : {}));
    const delivery = await sink.write(numbered(10), signal);
    expect(delivery).toMatchObject({ delivered: 9, dropped: new Map([['too_large', 1]]) });
    expect(delivery.problem).toMatch(/a line of \d+ bytes is larger than the server takes/);
  });
});

describe('lines that are never taken', () => {
  test('quoted: the rest was written by version 1 and is not sent again', async () => {
    const error = `partial write: unable to parse '${line('3')}': no dropped=0`;
    const { server, sink } = await setUp(() => ({ status: 400, body: { error } }));
    const delivery = await sink.write(numbered(10), signal);
    expect(delivery).toEqual({ delivered: 9, dropped: new Map([['rejected', 1]]), problem: error });
    expect(server.requests).toHaveLength(1);
  });

  test('quoted: version 2 has written nothing, so the others are sent again without it', async () => {
    const bad = line('3');
    const { server, sink } = await setUp(({ lines }) =>
      lines.includes(bad) ? { status: 400, body: { code: 'invalid', message: `unable to parse '${bad}': no` } } : {},
    );
    expect(await sink.write(numbered(10), signal)).toMatchObject({ delivered: 9, dropped: new Map([['rejected', 1]]) });
    expect(server.requests[1]?.lines).toHaveLength(9);
    expect(server.requests[1]?.lines).not.toContain(bad);
  });

  test('not said which: found by halves', async () => {
    const bad = new Set([line('013'), line('077')]);
    const { server, sink } = await setUp(({ lines }) =>
      lines.some((l) => bad.has(l)) ? { status: 400, body: 'no' } : {},
    );
    expect(await sink.write(numbered(128), signal)).toMatchObject({
      delivered: 126,
      dropped: new Map([['rejected', 2]]),
    });
    const taken = server.requests.filter((r) => !r.lines.some((l) => bad.has(l))).flatMap((r) => r.lines);
    expect(taken).toHaveLength(126);
    expect(new Set(taken).size).toBe(126);
  });

  test('all of them: the search ends, and everything is counted', async () => {
    const { server, sink } = await setUp(() => ({ status: 422, body: 'no' }));
    expect(await sink.write(numbered(5000), signal)).toMatchObject({
      delivered: 0,
      dropped: new Map([['rejected', 5000]]),
    });
    // The whole, its halves and theirs.
    expect(server.requests).toHaveLength(7);
    expect(await sink.write(numbered(5001), signal)).toMatchObject({ delivered: 0 });
    // It is known by now: one for each request's worth of lines.
    expect(server.requests).toHaveLength(9);
  });

  test.each([
    ['numbers', () => 'error on line 1: no'],
    ['quotes', (lines: readonly string[]) => `unable to parse '${lines[0]}': no`],
  ])('a server that %s one line of each request for ever gets a bounded number of requests', async (_, body) => {
    const { server, sink } = await setUp(({ lines }) => ({ status: 400, body: body(lines) }));
    expect(await sink.write(numbered(1000), signal)).toMatchObject({ dropped: new Map([['rejected', 1000]]) });
    // The first, and 40 without the line that the one before named.
    expect(server.requests).toHaveLength(41);
  });

  test('a server that takes things again after it refused everything is searched as before', async () => {
    let refuses = true;
    const bad = line('3');
    const { server, sink } = await setUp(({ lines }) =>
      refuses || lines.includes(bad) ? { status: 400, body: 'no' } : {},
    );
    await sink.write(numbered(8), signal);
    refuses = false;
    expect(await sink.write(numbered(1), signal)).toMatchObject({ delivered: 1 });
    expect(await sink.write(numbered(8), signal)).toMatchObject({ delivered: 7, dropped: new Map([['rejected', 1]]) });
    expect(server.requests.length).toBeLessThan(7 + 1 + 8);
  });

  test('points older than the server keeps them: said with the remedy', async () => {
    const error = 'partial write: points beyond retention policy dropped=3';
    const { sink } = await setUp(() => ({ status: 400, body: { error } }));
    expect(await sink.write(numbered(3), signal)).toMatchObject({
      delivered: 0,
      dropped: new Map([['rejected', 3]]),
      problem: `${error} (they are older than "b/1" keeps: make its retention longer, or look whether the clocks are right)`,
    });
  });

  test('a complaint of a thousand quotations that are none of ours is read in no time', async () => {
    const quotes = Array.from({ length: 3000 }, (_, i) => `unable to parse 'x${i}': no': no`).join('\n');
    const { sink } = await setUp(() => ({ status: 400, body: { error: quotes } }));
    expect(await sink.write(numbered(100), signal)).toMatchObject({
      delivered: 0,
      dropped: new Map([['rejected', 100]]),
    });
  });

  test('only counted: at the mean of the lines it can be', async () => {
    const error =
      'partial write: field type conflict: input field "v" on measurement "m" is type float, already exists as type string dropped=1';
    const { sink } = await setUp(() => ({ status: 400, body: { error } }));
    const given = frame([
      table({
        measurement: 'm',
        columns: ['v', 'w'],
        rows: [
          [{ n: '1' }, [1, 2]],
          [{ n: '2' }, [3, 4]],
        ],
      }),
      table({ measurement: 'other', columns: ['a', 'b', 'c'], rows: [[{ n: '1' }, [5, 6, 7]]] }),
    ]);
    // One of the two lines of "m", which carry two numbers each.
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 5, dropped: new Map([['rejected', 2]]) });
  });

  test('a request that is refused for good costs only its own lines', async () => {
    const { sink } = await setUp((_, i) => (i === 1 ? { status: 415, body: 'no' } : {}), { maxLines: 10 });
    expect(await sink.write(numbered(30), signal)).toMatchObject({
      delivered: 20,
      dropped: new Map([['rejected', 10]]),
    });
  });

  test('tags too long for any server', async () => {
    const long = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, 'ß'.repeat(1000)]));
    const { server, sink } = await setUp();
    const given = frame([
      table({
        measurement: 'm',
        columns: ['v'],
        rows: [
          [long, [1]],
          [{ n: '1' }, [2]],
        ],
      }),
    ]);
    expect(await sink.write(given, signal)).toMatchObject({ delivered: 1, dropped: new Map([['too_long', 1]]) });
    expect(server.requests[0]?.lines).toEqual([`m,n=1 v=2 ${T0}`]);
  });
});

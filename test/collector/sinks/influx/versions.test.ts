/**
 * What each version of InfluxDB answers to lines, and what becomes of them: the table of `/write`, `/api/v2/write` and `/api/v3/write_lp`, from the
 * versions' own documentation. InfluxDB 2 and 3 are played by a server that answers as they are documented to.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { createFanout } from '../../../../collector/sinks/fanout.ts';
import type { InfluxPlace } from '../../../../collector/sinks/influx/endpoint.ts';
import { createInfluxSink, type InfluxSinkOptions } from '../../../../collector/sinks/influx/sink.ts';
import { SinkError } from '../../../../src/errors.ts';
import { silent } from '../../../../src/log.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type Reply, startFakeInflux, type Written } from '../../../support/fakeinflux.ts';
import { frame, T0, table } from '../../../support/tables.ts';
import { waitFor } from '../../../support/wait.ts';

const signal = new AbortController().signal;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const PLACES: Readonly<Record<string, InfluxPlace>> = {
  v1: { version: 1, database: 'd', username: 'u', password: 'p' },
  v2: { version: 2, org: 'o', bucket: 'd', token: 't0ken' },
  v3: { version: 3, database: 'd', token: 't0ken', noSync: false },
};

async function setUp(
  version: string,
  reply?: (request: Written, index: number) => Reply,
  options: Partial<InfluxSinkOptions> = {},
) {
  const server = await startFakeInflux(reply);
  const to = PLACES[version] as InfluxPlace;
  const sink = createInfluxSink({ url: server.url, to, timeoutMs: 2000, clock: systemClock, inFlight: 1, ...options });
  stops.push(server.close, sink.close);
  return { server, sink };
}

/** `count` lines `m,n=<i> v=<i>`. */
const numbered = (count: number, nth = 0) =>
  frame(
    [table({ measurement: 'm', columns: ['v'], rows: Array.from({ length: count }, (_, i) => [{ n: `${i}` }, [i]]) })],
    T0 + nth * 10_000,
  );
const line = (n: number): string => `m,n=${n} v=${n} ${T0}`;

test.each([
  ['v1', '/write?precision=ms&db=d', 'Basic dTpw'],
  ['v2', '/api/v2/write?precision=ms&org=o&bucket=d', 'Token t0ken'],
  ['v3', '/api/v3/write_lp?db=d&precision=millisecond&accept_partial=true', 'Bearer t0ken'],
])('%s: where lines go, and who we are', async (version, path, authorization) => {
  const { server, sink } = await setUp(version);
  expect(await sink.write(numbered(3), signal)).toMatchObject({ delivered: 3 });
  expect(server.requests[0]).toMatchObject({ path, headers: { authorization }, lines: [line(0), line(1), line(2)] });
});

test('v3 may be asked to answer before its disk has it', async () => {
  const { server, sink } = await setUp('v3', undefined, { to: { version: 3, database: 'd', noSync: true } });
  await sink.write(numbered(1), signal);
  expect(server.requests[0]?.path).toMatch(/&no_sync=true$/);
});

test.each(['/api/v3', '/api/v3/write_lp', '/'])('v3: an address that ends in %s', async (suffix) => {
  const server = await startFakeInflux();
  const to = PLACES.v3 as InfluxPlace;
  const sink = createInfluxSink({ url: server.url + suffix, to, timeoutMs: 2000, clock: systemClock });
  stops.push(server.close, sink.close);
  await sink.write(numbered(1), signal);
  expect(server.requests[0]?.path).toMatch(/^\/api\/v3\/write_lp\?/);
});

/** What becomes of the first attempt: numbers delivered and dropped, or the reason and wish of a failure. */
type Fate = { delivered: number; rejected?: number } | { again: string; afterMs?: number };

const said = (message: string) => ({ v1: { error: message }, v2: { code: 'x', message }, v3: { error: message } });
const date = new Date(Date.now() + 3_600_000).toUTCString();
const conflict = 'field type conflict: input field "v" on measurement "m" is type float, already exists as type string';

/** Ten lines are sent; the third is bad where one is. */
const TABLE: readonly (readonly [versions: string, what: string, reply: Reply | ((v: string) => Reply), fate: Fate])[] =
  [
    ['v1 v2 v3', '204', { status: 204 }, { delivered: 10 }],
    // To be sent again.
    ['v1 v2 v3', '429', { status: 429 }, { again: 'throttled' }],
    [
      'v1 v2 v3',
      '429 with seconds',
      { status: 429, headers: { 'retry-after': '7' } },
      { again: 'throttled', afterMs: 7000 },
    ],
    [
      'v1 v2 v3',
      '503 with a date',
      { status: 503, headers: { 'retry-after': date } },
      { again: 'unavailable', afterMs: 3_600_000 },
    ],
    ['v1 v2 v3', '500', (v) => ({ status: 500, body: said('internal')[v as 'v1'] }), { again: 'unavailable' }],
    ['v1 v2 v3', '502', { status: 502, body: '<html>' }, { again: 'unavailable' }],
    ['v1 v2 v3', '408', { status: 408 }, { again: 'unavailable' }],
    // To be mended by people.
    [
      'v1 v2 v3',
      '401',
      (v) => ({ status: 401, body: said('unauthorized')[v as 'v1'] }),
      { again: 'unauthorized', afterMs: 60_000 },
    ],
    ['v1 v2 v3', '403', { status: 403 }, { again: 'unauthorized', afterMs: 60_000 }],
    [
      'v1 v2 v3',
      '404',
      (v) => ({ status: 404, body: said('not found')[v as 'v1'] }),
      { again: 'not_found', afterMs: 60_000 },
    ],
    [
      'v1',
      '500: the retention policy is missing',
      { status: 500, body: { error: 'retention policy not found: w' } },
      { again: 'not_found', afterMs: 60_000 },
    ],
    // Final.
    ['v1 v2 v3', '405', { status: 405 }, { delivered: 0, rejected: 10 }],
    ['v1 v2 v3', '411', { status: 411 }, { delivered: 0, rejected: 10 }],
    // In part: the others are in, and are not sent again.
    [
      'v1',
      '400 partial: a conflict',
      { status: 400, body: { error: `partial write: ${conflict} dropped=1` } },
      { delivered: 9, rejected: 1 },
    ],
    [
      'v1',
      '400 partial: cannot be parsed',
      { status: 400, body: { error: `partial write: unable to parse '${line(2)}': no dropped=0` } },
      { delivered: 9, rejected: 1 },
    ],
    [
      'v1',
      '400 partial: too old',
      { status: 400, body: { error: 'partial write: points beyond retention policy dropped=10' } },
      { delivered: 0, rejected: 10 },
    ],
    [
      'v2',
      '422 partial: a conflict',
      {
        status: 422,
        body: {
          code: 'unprocessable entity',
          message: `failure writing points to database: partial write: ${conflict} dropped=1`,
        },
      },
      { delivered: 9, rejected: 1 },
    ],
    [
      'v2 v3',
      '400 partial, as InfluxDB 3 says it on either endpoint',
      {
        status: 400,
        body: {
          error: 'partial write of line protocol occurred',
          data: [{ original_line: line(2), line_number: 3, error_message: 'no' }],
        },
      },
      { delivered: 9, rejected: 1 },
    ],
  ];

const CASES = TABLE.flatMap(([versions, what, reply, fate]) =>
  versions.split(' ').map((v) => [v, what, reply, fate] as const),
);

test.each(CASES)('%s answers %s', async (version, _, reply, fate) => {
  const { server, sink } = await setUp(version, () => (typeof reply === 'function' ? reply(version) : reply));
  if ('again' in fate) {
    const error = await sink.write(numbered(10), signal).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(SinkError);
    expect(error).toMatchObject({ retryable: true, reason: fate.again });
    const { retryAfterMs } = error as SinkError;
    // A date has whole seconds, and some time has passed since it was made.
    if (fate.afterMs === undefined) expect(retryAfterMs).toBeUndefined();
    else expect(Math.abs((retryAfterMs ?? 0) - fate.afterMs)).toBeLessThan(30_000);
    return;
  }
  const { delivered, rejected = 0 } = fate;
  const dropped = rejected === 0 ? new Map() : new Map([['rejected', rejected]]);
  expect(await sink.write(numbered(10), signal)).toMatchObject({ delivered, dropped });
  expect(server.requests).toHaveLength(1);
});

test.each(['v1', 'v2', 'v3'])('%s answers 413: halved', async (version) => {
  const { server, sink } = await setUp(version, ({ lines }) => (lines.length > 6 ? { status: 413 } : {}));
  expect(await sink.write(numbered(10), signal)).toMatchObject({ delivered: 10, dropped: new Map() });
  expect(server.requests.map(({ lines }) => lines.length)).toEqual([10, 5, 5]);
});

test('v2 answers 400 and has written nothing: the others again, without the bad one', async () => {
  const bad = line(2);
  const { server, sink } = await setUp('v2', ({ lines }) =>
    lines.includes(bad) ? { status: 400, body: { code: 'invalid', message: `unable to parse '${bad}': no` } } : {},
  );
  expect(await sink.write(numbered(10), signal)).toMatchObject({ delivered: 9, dropped: new Map([['rejected', 1]]) });
  expect(server.requests.map(({ lines }) => lines.length)).toEqual([10, 9]);
});

test('v3 refuses all for one, and names it in an object: the others again', async () => {
  const bad = line(2);
  const { server, sink } = await setUp('v3', ({ lines }) =>
    lines.includes(bad)
      ? {
          status: 400,
          body: { error: 'parsing failed', data: { original_line: bad, line_number: 3, error_message: 'no' } },
        }
      : {},
  );
  expect(await sink.write(numbered(10), signal)).toMatchObject({ delivered: 9, dropped: new Map([['rejected', 1]]) });
  expect(server.requests.map(({ lines }) => lines.length)).toEqual([10, 9]);
});

describe('several requests at once', () => {
  test('so many, and no more', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { server, sink } = await setUp('v3', () => ({ after: gate }), { inFlight: 3, maxLines: 10 });
    const writing = sink.write(numbered(100), signal);
    await waitFor(() => server.requests.length === 3, { what: 'three requests' });
    go();
    expect(await writing).toMatchObject({ delivered: 100 });
    expect(server.requests).toHaveLength(10);
    expect(new Set(server.requests.flatMap(({ lines }) => lines)).size).toBe(100);
  });

  test('whatever is refused, cut or put off, every number is delivered, dropped for a reason, or waits', async () => {
    // Of every seven requests the second is put off, the fifth breaks off; a line that ends in 3 is never taken.
    const { server, sink } = await setUp(
      'v3',
      ({ lines }, i) => {
        if (i % 7 === 1) return { status: 503 };
        if (i % 7 === 4) return { status: 'reset' };
        const data = lines.flatMap((text, at) =>
          /n=\d*3 /.test(text) ? [{ line_number: at + 1, error_message: 'three' }] : [],
        );
        return data.length > 0 ? { status: 400, body: { error: 'partial write', data } } : {};
      },
      { inFlight: 4, maxLines: 7 },
    );
    const fanout = createFanout([{ sink, maxFrames: 4, maxSamples: 1e6, deadlineMs: 5000 }], {
      clock: systemClock,
      log: silent,
      backoff: { firstMs: 1, maxMs: 2 },
    });
    stops.push(() => fanout.close(0));
    const books = () => {
      const stats = fanout.stats()[0] as ReturnType<typeof fanout.stats>[number];
      const lost = [...stats.dropped.values()].reduce((a, b) => a + b, 0);
      expect(stats.received).toBe(stats.delivered + lost + stats.queuedSamples);
      return stats;
    };
    // Six are one more than there is room for while the first is under way.
    for (let n = 0; n < 6; n++) fanout.offer(numbered(100, n));
    await waitFor(() => books().queuedSamples === 0);
    const { delivered, dropped } = books();
    const full = dropped.get('queue_full') ?? 0;
    const windows = 6 - full / 100;
    expect(delivered).toBe(windows * 90);
    // 3, 13 … 93.
    expect(dropped.get('rejected')).toBe(windows * 10);
    expect(server.requests.length).toBeGreaterThan(windows * 15);
  });
});

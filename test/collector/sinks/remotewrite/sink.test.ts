/** The remote-write sink against a receiver that answers as told: what is sent, in which order, what is tried again, what is lost. */
import { afterEach, describe, expect, test } from 'vitest';
import { createFanout } from '../../../../collector/sinks/fanout.ts';
import { createRemoteWriteSink, type RemoteWriteOptions } from '../../../../collector/sinks/remotewrite/sink.ts';
import { SinkError } from '../../../../src/errors.ts';
import { silent } from '../../../../src/log.ts';
import type { Frame } from '../../../../src/model/batch.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type Received, type ReceiverReply, startReceiver } from '../../../support/remotewrite.ts';
import { frame, T0, table } from '../../../support/tables.ts';
import { waitFor } from '../../../support/wait.ts';

const signal = new AbortController().signal;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp(
  reply?: (request: Received, index: number) => ReceiverReply,
  options: Partial<RemoteWriteOptions> = {},
) {
  const receiver = await startReceiver(reply);
  stops.push(receiver.close);
  const sink = createRemoteWriteSink({
    url: receiver.url,
    timeoutMs: 2000,
    clock: systemClock,
    metadata: false,
    inFlight: 1,
    ...options,
  });
  stops.push(sink.close);
  return { receiver, sink };
}

/** A window of the services named, `nth` since T0: `m{s="…"}` is its number times ten, and one more for each further service. */
function services(names: readonly string[], nth = 0): Frame {
  const startMs = T0 + nth * 10_000;
  const rows = names.map((s, i) => [{ s }, [nth * 10 + i]] as const);
  return frame([table({ level: 'service', columns: ['m'], rows, timeMs: startMs + 10_000 })], startMs);
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${String(i).padStart(3, '0')}`);

async function errorOf(promise: Promise<unknown>): Promise<SinkError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof SinkError)) throw new Error('did not fail with a SinkError', { cause: error });
  return error;
}

describe('what is sent', () => {
  test('path, headers, labels and times', async () => {
    const { receiver, sink } = await setUp(undefined, {
      token: 'secret',
      headers: { 'X-Scope-OrgID': 'tenant', 'Content-Encoding': 'none' },
      externalLabels: { replica: 'a' },
    });
    expect(await sink.write(services(['web']), signal)).toEqual({
      delivered: 1,
      dropped: new Map(),
      problem: undefined,
    });
    const [request] = receiver.requests;
    expect(request?.path).toBe('/api/v1/write');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': 'plimsoll',
      authorization: 'Bearer secret',
      'x-scope-orgid': 'tenant',
    });
    expect(request?.series).toEqual([{ series: 'm{replica="a",s="web"}', timeMs: T0 + 10_000, value: 0 }]);
  });

  test('a path in the address is the whole path', async () => {
    const receiver = await startReceiver();
    const login = { username: 'u', password: 'p:w' };
    const sink = createRemoteWriteSink({
      url: `${receiver.url}/api/v1/push`,
      login,
      timeoutMs: 2000,
      clock: systemClock,
    });
    stops.push(receiver.close, sink.close);
    await sink.write(services(['web']), signal);
    expect(receiver.requests[0]?.path).toBe('/api/v1/push');
    // printf 'u:p:w' | base64
    expect(receiver.requests[0]?.headers.authorization).toBe('Basic dTpwOnc=');
  });

  const both = frame([
    table({ columns: ['c'], rows: [[{ id: '1' }, [1]]] }),
    table({ level: 'service', columns: ['m'], rows: [[{ s: 'a' }, [2]]] }),
    table({ level: 'node', columns: ['n'], rows: [[{ node: 'h' }, [3]]] }),
  ]);
  test.each<[string, Partial<RemoteWriteOptions>, string[]]>([
    ['groups, unless said', {}, ['m{s="a"}', 'n{node="h"}']],
    ['containers, too', { containers: true }, ['c{id="1"}', 'm{s="a"}', 'n{node="h"}']],
    ['only the levels asked for', { levels: ['node'] }, ['n{node="h"}']],
    ['containers named among the levels', { levels: ['container', 'node'] }, ['c{id="1"}', 'n{node="h"}']],
  ])('%s', async (_, options, expected) => {
    const { receiver, sink } = await setUp(undefined, options);
    expect(sink.wants(both)).toBe(expected.length);
    expect((await sink.write(both, signal)).delivered).toBe(expected.length);
    expect(receiver.taken().map(({ series }) => series)).toEqual(expected);
  });

  test('what cannot be written is counted: a series that was there, an infinite number', async () => {
    const { receiver, sink } = await setUp();
    const rows = [[{ s: 'a' }, [1]] as const, [{ s: 'a' }, [2]] as const, [{ s: 'b' }, [Infinity]] as const];
    const given = frame([table({ level: 'service', columns: ['m'], rows })]);
    expect(await sink.write(given, signal)).toMatchObject({
      delivered: 1,
      dropped: new Map([
        ['duplicate', 1],
        ['not_finite', 1],
      ]),
    });
    expect(receiver.taken()).toEqual([{ series: 'm{s="a"}', timeMs: T0, value: 1 }]);
  });

  test('type, unit and help, once a minute, ahead of the samples', async () => {
    const { receiver, sink } = await setUp(undefined, { metadata: true });
    const columns = [
      { metric: 'x_seconds_total', kind: 'counter', unit: 'seconds', help: 'Seconds.' } as const,
      { metric: 'fs_inodes_total', help: 'A gauge, whatever it is called.' },
    ];
    const given = (n: number): Frame =>
      frame([table({ level: 'service', columns, rows: [[{ s: 'a' }, [1, 2]]] })], T0 + n * 10_000);
    await sink.write(given(0), signal);
    await sink.write(given(1), signal);
    expect(receiver.requests.map((r) => r.metadata.length)).toEqual([2, 0, 0]);
    // 1 is a counter, 2 a gauge, 0 unknown.
    expect(receiver.requests[0]?.metadata).toEqual([
      { type: 1, metric: 'x_seconds_total', help: 'Seconds.', unit: 'seconds' },
      { type: 0, metric: 'fs_inodes_total', help: 'A gauge, whatever it is called.', unit: '' },
    ]);
  });

  test('a server that does not take metadata gets the samples', async () => {
    const { sink } = await setUp(({ metadata }) => (metadata.length > 0 ? { status: 400, body: 'no' } : {}), {
      metadata: true,
    });
    expect(await sink.write(services(['a']), signal)).toEqual({ delivered: 1, dropped: new Map(), problem: undefined });
  });
});

describe('what has gone is marked', () => {
  test('at the last moment of the first window without it, once', async () => {
    const { receiver, sink } = await setUp();
    for (const [n, there] of [['a', 'b'], ['b'], ['b'], ['a', 'b']].entries()) {
      expect(await sink.write(services(there, n), signal)).toMatchObject({ delivered: there.length });
    }
    expect(receiver.taken().filter(({ series }) => series === 'm{s="a"}')).toEqual([
      { series: 'm{s="a"}', timeMs: T0 + 10_000, value: 0 },
      // The second window ends at 20 s; a reading of the third may be as early as that.
      { series: 'm{s="a"}', timeMs: T0 + 19_999, value: 'stale' },
      { series: 'm{s="a"}', timeMs: T0 + 40_000, value: 30 },
    ]);
  });

  test('a number that a row has no more, and not the row’s others', async () => {
    const { receiver, sink } = await setUp();
    const given = (n: number, numbers: number[]): Frame =>
      frame([table({ level: 'service', columns: ['m', 'n'], rows: [[{ s: 'a' }, numbers]] })], T0 + n * 10_000);
    await sink.write(given(0, [1, 2]), signal);
    await sink.write(given(1, [3, Number.NaN]), signal);
    expect(receiver.requests[1]?.series.map(({ series, value }) => [series, value])).toEqual([
      ['m{s="a"}', 3],
      ['n{s="a"}', 'stale'],
    ]);
  });

  test('not a series that another row or another table has now', async () => {
    const { receiver, sink } = await setUp();
    const row = (value: number) => [{ s: 'a' }, [value]] as const;
    const twice = frame([table({ level: 'service', columns: ['m'], rows: [row(1), row(2)] })]);
    await sink.write(twice, signal);
    const moved = table({ level: 'service', measurement: 'other', columns: ['k', 'm'], rows: [[{ s: 'a' }, [8, 9]]] });
    await sink.write(frame([moved], T0 + 10_000), signal);
    expect(receiver.taken().some(({ value }) => value === 'stale')).toBe(false);
  });

  test('rows made anew from the same labels are the same', async () => {
    const { receiver, sink } = await setUp();
    await sink.write(services(['a'], 0), signal);
    await sink.write(structuredClone(services(['a'], 1)), signal);
    expect(receiver.taken().map(({ value }) => value)).toEqual([0, 10]);
  });

  test('a window that comes late, or again, marks nothing and is no measure for the next', async () => {
    const { receiver, sink } = await setUp();
    await sink.write(services(['a', 'b'], 5), signal);
    await sink.write(services(['a'], 2), signal);
    await sink.write(services(['a'], 5), signal);
    expect(receiver.taken().some(({ value }) => value === 'stale')).toBe(false);
    await sink.write(services(['a'], 6), signal);
    expect(receiver.requests[3]?.series).toEqual([
      { series: 'm{s="a"}', timeMs: T0 + 70_000, value: 60 },
      { series: 'm{s="b"}', timeMs: T0 + 69_999, value: 'stale' },
    ]);
  });

  test('of a window that was given up half-way too', async () => {
    const { receiver, sink } = await setUp((_, i) => (i === 1 ? { status: 503 } : {}), { maxSamples: 1 });
    await errorOf(sink.write(services(['a', 'b'], 0), signal));
    await sink.write(services(['c'], 1), signal);
    // Of "b" nothing is known: it may have come.
    expect(receiver.requests.slice(2).map((r) => r.series[0])).toEqual([
      { series: 'm{s="c"}', timeMs: T0 + 20_000, value: 10 },
      { series: 'm{s="a"}', timeMs: T0 + 19_999, value: 'stale' },
      { series: 'm{s="b"}', timeMs: T0 + 19_999, value: 'stale' },
    ]);
  });

  test('nothing when the program stops', async () => {
    const { receiver, sink } = await setUp();
    await sink.write(services(['a']), signal);
    await sink.close();
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('tried again', () => {
  test.each<[string, ReceiverReply, string, number | undefined]>([
    ['500', { status: 500, body: 'no disk' }, 'unavailable', undefined],
    ['503 with seconds', { status: 503, headers: { 'retry-after': '7' } }, 'unavailable', 7000],
    ['429', { status: 429, headers: { 'retry-after': '3' } }, 'throttled', 3000],
    ['302', { status: 302, headers: { location: '/' } }, 'redirected', 60_000],
    ['a connection that breaks', { status: 'reset' }, 'unreachable', undefined],
  ])('%s', async (_, reply, reason, retryAfterMs) => {
    const { sink } = await setUp(() => reply);
    expect(await errorOf(sink.write(services(['a']), signal))).toMatchObject({ retryable: true, reason, retryAfterMs });
  });

  test('goes on where it stopped, with the same bytes', async () => {
    const { receiver, sink } = await setUp((_, i) => (i === 1 ? { status: 503 } : {}), { maxSamples: 10 });
    const given = services(names(30));
    await errorOf(sink.write(given, signal));
    expect((await sink.write(given, signal)).delivered).toBe(30);
    expect(receiver.requests.map((r) => r.series[0]?.series)).toEqual([
      'm{s="s000"}',
      'm{s="s010"}',
      'm{s="s010"}',
      'm{s="s020"}',
    ]);
    expect(receiver.requests[2]?.series).toEqual(receiver.requests[1]?.series);
  });

  test('several at once, and yet each series in its order, whatever fails', async () => {
    // Every third request is refused for now.
    const { receiver, sink } = await setUp((_, i) => (i % 3 === 1 ? { status: 503 } : {}), {
      maxSamples: 7,
      inFlight: 4,
    });
    const fanout = createFanout([{ sink, maxFrames: 100, maxSamples: 1e6, deadlineMs: 20_000 }], {
      clock: systemClock,
      log: silent,
      backoff: { firstMs: 1, maxMs: 2 },
    });
    stops.push(() => fanout.close(0));
    for (let n = 0; n < 12; n++) fanout.offer(services(names(50), n));
    await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, { what: 'all windows to be delivered' });
    expect(fanout.stats()[0]).toMatchObject({ received: 600, delivered: 600, dropped: new Map() });
    for (const name of names(50)) {
      const samples = receiver.taken().filter(({ series }) => series === `m{s="${name}"}`);
      expect(samples.map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 12 }, (_, n) => T0 + (n + 1) * 10_000));
    }
  });

  test('so many requests at once', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { receiver, sink } = await setUp(() => ({ after: gate }), { maxSamples: 5, inFlight: 3 });
    const writing = sink.write(services(names(50)), signal);
    await waitFor(() => receiver.requests.length === 3);
    go();
    expect((await writing).delivered).toBe(50);
    expect(receiver.requests).toHaveLength(10);
    expect(receiver.mostAtOnce).toBe(3);
  });
});

describe('never taken', () => {
  test.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not_found'],
    [405, 'not_found'],
    [408, 'rejected'],
    [415, 'rejected'],
  ])('%d: counted as %s, each request sent once', async (status, reason) => {
    const { receiver, sink } = await setUp(() => ({ status, body: 'no' }), { maxSamples: 10 });
    const delivery = await sink.write(services(names(30)), signal);
    expect(delivery).toMatchObject({ delivered: 0, dropped: new Map([[reason, 30]]) });
    expect(delivery.problem).toContain(`answers ${status}: no`);
    expect(receiver.requests).toHaveLength(3);
  });

  test('400 for one bad series: found by halves, the others are written', async () => {
    const { receiver, sink } = await setUp(({ series }) =>
      series.some((one) => one.series.includes('s077')) ? { status: 400, body: 'out of order sample' } : {},
    );
    const delivery = await sink.write(services(names(128)), signal);
    expect(delivery).toMatchObject({ delivered: 127, dropped: new Map([['rejected', 1]]) });
    expect(delivery.problem).toContain('out_of_order_time_window');
    expect(new Set(receiver.taken().map(({ series }) => series)).size).toBe(127);
    // The whole, then two halves in each of log2(128) = 7 steps.
    expect(receiver.requests).toHaveLength(1 + 2 * 7);
  });

  test('500 for what is too old, as older Prometheus say it, is no outage', async () => {
    const { receiver, sink } = await setUp(() => ({ status: 500, body: 'too old sample\n' }));
    expect(await sink.write(services(['a']), signal)).toMatchObject({ dropped: new Map([['rejected', 1]]) });
    expect(receiver.requests).toHaveLength(1);
  });

  test('400 for everything: the search ends, and everything is counted', async () => {
    const { receiver, sink } = await setUp(() => ({ status: 400, body: 'no' }));
    expect(await sink.write(services(names(1000)), signal)).toMatchObject({
      delivered: 0,
      dropped: new Map([['rejected', 1000]]),
    });
    // The whole, its halves and theirs; it is known then.
    expect(receiver.requests).toHaveLength(7);
    await sink.write(services(names(1000), 1), signal);
    expect(receiver.requests).toHaveLength(8);
  });

  test('413: halved until it fits, and remembered', async () => {
    const { receiver, sink } = await setUp(({ series }) => (series.length > 60 ? { status: 413 } : {}));
    expect((await sink.write(services(names(200)), signal)).delivered).toBe(200);
    expect(receiver.requests.map((r) => r.series.length)).toEqual([200, 100, 50, 50, 100, 50, 50]);
    expect((await sink.write(services(names(200), 1), signal)).delivered).toBe(200);
    expect(receiver.requests.slice(7).map((r) => r.series.length)).toEqual([50, 50, 50, 50]);
  });

  test('what a server quotes of our token is hidden', async () => {
    const { sink } = await setUp(() => ({ status: 401, body: 'no such token: s3cr3t-s3cr3t' }), {
      token: 's3cr3t-s3cr3t',
    });
    expect((await sink.write(services(['a']), signal)).problem).not.toContain('s3cr3t');
  });
});

describe('version 2.0', () => {
  const written = { 'x-prometheus-remote-write-samples-written': '2' };

  test('for a server that says what it has written', async () => {
    const { receiver, sink } = await setUp(() => ({ headers: written }), { protocol: '2.0', metadata: true });
    expect((await sink.write(services(['a', 'b']), signal)).delivered).toBe(2);
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'x-prometheus-remote-write-version': '2.0.0',
    });
    expect(receiver.requests[0]?.series).toEqual([
      { series: 'm{s="a"}', timeMs: T0 + 10_000, value: 0 },
      { series: 'm{s="b"}', timeMs: T0 + 10_000, value: 1 },
    ]);
    expect(receiver.requests[0]?.metadata[0]).toEqual({ type: 2, metric: 'm', help: 'Help of m.', unit: '' });
  });

  test.each<[string, ReceiverReply]>([
    ['says 415', { status: 415 }],
    ['says that all is well, but not what it has written', { status: 204 }],
  ])('a server that %s gets the same in 1.0, from then on', async (_, reply) => {
    const { receiver, sink } = await setUp((_request, i) => (i === 0 ? reply : {}), { protocol: '2.0' });
    expect((await sink.write(services(['a']), signal)).delivered).toBe(1);
    await sink.write(services(['a'], 1), signal);
    expect(receiver.requests.map((r) => r.headers['x-prometheus-remote-write-version'])).toEqual([
      '2.0.0',
      '0.1.0',
      '0.1.0',
    ]);
    expect(receiver.requests[1]?.series).toEqual(receiver.requests[0]?.series);
  });
});

describe('plimsoll check', () => {
  test('an empty request tells', async () => {
    const { receiver, sink } = await setUp();
    expect(await sink.probe?.(signal)).toBe(`${receiver.url}/api/v1/write takes remote-write 1.0`);
    expect(receiver.requests[0]?.series).toEqual([]);
  });

  test('a server that takes nothing is said with what to do', async () => {
    const { sink } = await setUp(() => ({ status: 404, body: 'remote write receiver needs to be enabled' }));
    const { message } = await errorOf(sink.probe?.(signal) as Promise<string>);
    expect(message).toContain('remote write receiver needs to be enabled');
    expect(message).toContain('is that switched on?');
  });
});

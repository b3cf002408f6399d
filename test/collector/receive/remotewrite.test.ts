/** Remote-write as it comes: bodies are made byte by byte here, from the protocol's description, not by our own encoder. */
import { compress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { bytesField, double, message, number, packed, text } from './protobuf.ts';
import { receivers, standIn } from './bench.ts';

const TYPE = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const TYPE_2 = { ...TYPE, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };
const T = 1_800_000_000_000;

type Sample = readonly [value: number | Buffer, timeMs: number];

const STALE = Buffer.from('02000000 0000f07f'.replace(' ', ''), 'hex');
/** What Go's math.NaN() is: another NaN, which somebody measured. */
const GO_NAN = Buffer.from('010000000000f87f', 'hex');

const label = (name: string, value: string): Buffer => message(1, text(1, name), text(2, value));
const sample = ([value, timeMs]: Sample): Buffer => message(2, double(1, value), number(2, timeMs));
const series = (labels: readonly (readonly [string, string])[], samples: readonly Sample[], ...more: Buffer[]) =>
  message(1, ...labels.map(([name, value]) => label(name, value)), ...samples.map(sample), ...more);
const body = (...parts: Buffer[]): Buffer => Buffer.from(compress(Buffer.concat(parts)));

describe('1.0', () => {
  test('samples, stale markers told apart from other NaNs by their bits, infinities, times before 1970', async () => {
    const { post, store, counts } = await receivers();
    const answer = await post(
      '/api/v1/write',
      body(
        series(
          [
            ['__name__', 'up'],
            ['job', 'node'],
          ],
          [
            [1, T],
            [GO_NAN, T + 1],
            [STALE, T + 2],
            [Number.POSITIVE_INFINITY, T + 3],
          ],
        ),
        series([['__name__', 'old']], [[0.5, -1000]]),
      ),
      TYPE,
    );
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(store.kept).toEqual(
      new Map<string, unknown>([
        [
          'up{job="node"}',
          [
            [T, 1],
            [T + 1, Number.NaN],
            [T + 2, 'stale'],
            [T + 3, Number.POSITIVE_INFINITY],
          ],
        ],
        ['old{}', [[-1000, 0.5]]],
      ]),
    );
    expect(counts('remote_write_1')).toMatchObject({
      received: 5,
      accepted: 5,
      dropped: new Map(),
      requests: new Map([['accepted', 1]]),
    });
  });

  test('one series in two pieces and out of order is one, in order; the same again is nothing new', async () => {
    const { post, store, counts } = await receivers();
    const one = [['__name__', 'a']] as const;
    const parts = [series(one, [[2, T + 1]]), series(one, [[1, T]]), series(one, [[1, T]])];
    expect(await post('/api/v1/write', body(...parts), TYPE)).toMatchObject({ status: 204 });
    expect(store.kept.get('a{}')).toEqual([
      [T, 1],
      [T + 1, 2],
    ]);
    expect(counts('remote_write_1')).toMatchObject({ received: 3, accepted: 3 });
  });

  test('what the metrics are', async () => {
    const { post, store } = await receivers();
    const info = message(3, number(1, 1), text(2, 'a_total'), text(4, 'How many.'), text(5, 'bytes'));
    expect(await post('/api/v1/write', body(info), TYPE)).toMatchObject({ status: 204 });
    expect(store.infos).toEqual([{ metric: 'a_total', type: 'counter', unit: 'bytes', help: 'How many.' }]);
  });

  test('exemplars are passed over, native histograms are lost and counted', async () => {
    const { post, store, counts } = await receivers();
    const name = [['__name__', 'a']] as const;
    const exemplar = message(3, double(2, 1));
    const histogram = message(4, number(15, T));
    expect(await post('/api/v1/write', body(series(name, [[1, T]], exemplar)), TYPE)).toMatchObject({ status: 204 });
    expect(await post('/api/v1/write', body(series(name, [[2, T + 1]], histogram)), TYPE)).toMatchObject({
      status: 400,
      body: 'not kept: 1 histogram; native histograms are not kept: send classic ones\n',
    });
    expect(store.kept.get('a{}')).toHaveLength(2);
    expect(counts('remote_write_1')).toMatchObject({
      received: 3,
      accepted: 2,
      dropped: new Map([['histogram', 1]]),
      ignored: new Map([['exemplar', 1]]),
    });
  });

  test.each([
    ['no name', [['job', 'x']]],
    [
      'a name twice',
      [
        ['__name__', 'a'],
        ['b', '1'],
        ['b', '2'],
      ],
    ],
    [
      'an empty name',
      [
        ['__name__', 'a'],
        ['', '1'],
      ],
    ],
  ] as const)('labels that cannot be: %s; the good series beside them is kept', async (_what, labels) => {
    const { post, store, counts } = await receivers();
    const answer = await post(
      '/api/v1/write',
      body(series(labels, [[1, T]]), series([['__name__', 'good']], [[1, T]])),
      TYPE,
    );
    expect(answer.status).toBe(400);
    expect([...store.kept.keys()]).toEqual(['good{}']);
    expect(counts('remote_write_1')?.dropped).toEqual(new Map([['bad_labels', 1]]));
  });

  test('too many labels, and one that is too long', async () => {
    const { post, counts } = await receivers({ limits: { maxLabels: 3, maxLabelBytes: 300 } });
    const many = Array.from({ length: 4 }, (_, i) => [i === 0 ? '__name__' : `l${i}`, 'x'] as const);
    const long = [
      ['__name__', 'a'],
      ['l', 'ä'.repeat(151)],
    ] as const;
    const fits = [
      ['__name__', 'a'],
      ['l', 'ä'.repeat(150)],
    ] as const;
    const answer = await post('/api/v1/write', body(...[many, long, fits].map((one) => series(one, [[1, T]]))), TYPE);
    expect(answer.status).toBe(400);
    expect(counts('remote_write_1')).toMatchObject({ accepted: 1, dropped: new Map([['label_limits', 2]]) });
  });

  test('series beyond a sender’s share are refused, those it has go on', async () => {
    const { post, counts } = await receivers({ limits: { maxSeriesPerSender: 2 } });
    const send = (timeMs: number, ...names: string[]) =>
      post('/api/v1/write', body(...names.map((name) => series([['__name__', name]], [[1, timeMs]]))), TYPE);
    expect((await send(T, 'a', 'b', 'c')).body).toContain('receive.max_series_per_sender');
    expect((await send(T + 1, 'a', 'b')).status).toBe(204);
    expect(counts('remote_write_1')).toMatchObject({
      received: 5,
      accepted: 4,
      dropped: new Map([['sender_series', 1]]),
    });
  });

  test('what the store does not keep is told: never again, or later', async () => {
    const old = standIn(() => ({ accepted: 0, dropped: new Map([['too_old', 1]]), problem: 'a is older than 1d' }));
    const one = body(series([['__name__', 'a']], [[1, T]]));
    expect(await (await receivers({ store: old })).post('/api/v1/write', one, TYPE)).toMatchObject({
      status: 400,
      body: 'not kept: 1 too_old; a is older than 1d\n',
    });
    const full = standIn(() => ({ accepted: 0, dropped: new Map([['unwritable', 1]]), problem: 'the disk is full' }));
    const later = await (await receivers({ store: full })).post('/api/v1/write', one, TYPE);
    expect(later).toMatchObject({ status: 503, body: 'the disk is full\n', headers: { 'retry-after': '10' } });
    const broken = await receivers({ store: standIn(() => new Error('gone')) });
    expect(await broken.post('/api/v1/write', one, TYPE)).toMatchObject({ status: 503 });
    expect(broken.counts('remote_write_1')).toMatchObject({ received: 1, dropped: new Map([['unwritable', 1]]) });
  });
});

describe('2.0', () => {
  const symbols = ['', '__name__', 'requests_total', 'job', 'web', 'Requests.', 'bytes'];
  const table = symbols.map((one) => bytesField(4, Buffer.from(one)));
  const one = (...more: Buffer[]) => message(5, packed(1, 1, 2, 3, 4), message(2, double(1, 7), number(2, T)), ...more);

  test('samples, what the metric is, and how many were written', async () => {
    const { post, store } = await receivers();
    const about = message(5, number(1, 1), number(3, 5), number(4, 6));
    const answer = await post('/api/v1/write', body(one(about), ...table), TYPE_2);
    expect(answer).toMatchObject({
      status: 204,
      headers: {
        'x-prometheus-remote-write-samples-written': '1',
        'x-prometheus-remote-write-histograms-written': '0',
        'x-prometheus-remote-write-exemplars-written': '0',
      },
    });
    expect(store.kept).toEqual(new Map([['requests_total{job="web"}', [[T, 7]]]]));
    expect(store.infos).toEqual([{ metric: 'requests_total', type: 'counter', help: 'Requests.', unit: 'bytes' }]);
  });

  test('when it began is passed over, wherever it stands; a histogram is lost and counted', async () => {
    const { post, counts } = await receivers();
    const newer = message(5, packed(1, 1, 2), message(2, double(1, 7), number(2, T), number(3, T - 5)));
    expect((await post('/api/v1/write', body(...table, one(number(6, T - 5)), newer), TYPE_2)).status).toBe(204);
    const lost = await post('/api/v1/write', body(...table, one(message(3, number(15, T)))), TYPE_2);
    expect(lost).toMatchObject({ status: 400, headers: { 'x-prometheus-remote-write-samples-written': '1' } });
    expect(counts('remote_write_2')).toMatchObject({
      received: 4,
      accepted: 3,
      dropped: new Map([['histogram', 1]]),
      ignored: new Map([['created_timestamp', 2]]),
    });
  });

  test.each([
    ['a symbol that is not there', [...table, message(5, packed(1, 1, 99), message(2, double(1, 7), number(2, T)))]],
    ['a label without a value', [...table, message(5, packed(1, 1), message(2, double(1, 7), number(2, T)))]],
  ])('refuses %s', async (_what, parts) => {
    const { post } = await receivers();
    expect(await post('/api/v1/write', body(...parts), TYPE_2)).toMatchObject({ status: 400 });
  });
});

describe('refused as a whole', () => {
  const good = body(series([['__name__', 'a']], [[1, T]]));
  test.each([
    ['another media type', { ...TYPE, 'content-type': 'application/json' }, good, 415],
    ['a type that is none', { ...TYPE, 'content-type': 'protobuf' }, good, 415],
    ['another message', { ...TYPE, 'content-type': 'application/x-protobuf;proto=x.Y' }, good, 415],
    ['another encoding', { ...TYPE, 'content-encoding': 'zstd' }, good, 415],
    ['no Snappy', TYPE, Buffer.from('hello'), 400],
    ['nothing', TYPE, Buffer.alloc(0), 400],
    ['a promise of more than may be', TYPE, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 413],
    ['no message', TYPE, Buffer.from(compress(Buffer.from('hello'))), 400],
    [
      'a text that is not UTF-8',
      TYPE,
      body(message(1, message(1, text(1, '__name__'), bytesField(2, Buffer.from([0xff]))), sample([1, T]))),
      400,
    ],
    ['a web page', { ...TYPE, origin: 'https://example.com' }, good, 403],
  ])('%s', async (_what, headers, payload, status) => {
    const { post, store, counts } = await receivers();
    const answer = await post('/api/v1/write', payload, headers);
    expect([answer.status, answer.headers['x-prometheus-remote-write-samples-written']]).toEqual([status, '0']);
    expect(store.kept.size).toBe(0);
    expect([...(counts('remote_write_1')?.requests.keys() ?? [])].join()).toMatch(/^refused_/);
  });

  test('too long, by its length alone', async () => {
    const { post } = await receivers({ limits: { maxBodyBytes: 10 } });
    expect(await post('/api/v1/write', Buffer.alloc(100), TYPE)).toMatchObject({ status: 413 });
  });

  test('an empty request is taken: it is how one asks whether we are here', async () => {
    const { post } = await receivers();
    expect((await post('/api/v1/write', body(), TYPE)).status).toBe(204);
  });

  test('without type and encoding it is 1.0, as the oldest senders send it', async () => {
    const { post, store } = await receivers();
    expect((await post('/api/v1/write', good, {})).status).toBe(204);
    expect(store.kept.size).toBe(1);
  });
});

test('a body that holds more than one write of the store is written in pieces', async () => {
  const { post, store } = await receivers();
  const samples = Array.from({ length: 50_000 }, (_, i): Sample => [i, T + i]);
  expect((await post('/api/v1/write', body(series([['__name__', 'a']], samples)), TYPE)).status).toBe(204);
  expect(store.writes).toEqual([20_000, 20_000, 10_000]);
  expect(store.kept.get('a{}')).toEqual(samples.map(([value, timeMs]) => [timeMs, value]));
});

/** `plimsoll store export` and `import` against a collector's routes on loopback: the receivers' own, and an export of some series. */
import { Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { createReceive } from '../../../../collector/receive/receive.ts';
import { ofMetric } from '../../../../src/cli/store/export.ts';
import { transferCommand } from '../../../../src/cli/store/transfercommand.ts';
import type { TransferRequest } from '../../../../src/cli/store/transfer.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { silent } from '../../../../src/log.ts';
import { systemClock } from '../../../../src/run/clock.ts';
import { type StandIn, standIn } from '../../../collector/receive/bench.ts';

const open: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

const T = 1_800_000_000_000;

const SERIES = [
  { metric: { __name__: 'b', x: 'y z' }, values: [1, null], timestamps: [T, T + 1] },
  { metric: { __name__: 'a_total' }, values: [2.5, 'Infinity'], timestamps: [T, T + 1500] },
  { metric: { __name__: 'a_total', q: '"' }, values: [3], timestamps: [T] },
];

/** A collector: the receivers over a stand-in, and the two routes that an export asks. */
async function collector(store: StandIn = standIn(), refuse?: (nth: number) => number | undefined) {
  const app = Fastify();
  open.push(app);
  let posts = 0;
  app.addHook('preHandler', async (request, reply) => {
    const status = request.method === 'POST' ? refuse?.(++posts) : undefined;
    if (status !== undefined) await reply.code(status).header('retry-after', '0').send({ error: 'no' });
  });
  createReceive({ store, version: '1', clock: systemClock, log: silent }).route(app);
  const asked: string[] = [];
  app.get('/api/v1/label/__name__/values', async () => ({ status: 'success', data: ['b', 'a_total'] }));
  app.get('/api/v1/export', async (request, reply) => {
    const query = new URLSearchParams(request.url.slice(request.url.indexOf('?')));
    asked.push([...query].map((pair) => pair.join('=')).join('&'));
    const name = /__name__="([^"]+)"/.exec(query.get('match[]') ?? '')?.[1];
    const found = SERIES.filter(({ metric }) => name === undefined || metric.__name__ === name);
    return reply.send(Readable.from(found.map((one) => `${JSON.stringify(one)}\n`)));
  });
  return { app, store, asked, url: await app.listen({ port: 0, host: '127.0.0.1' }) };
}

type Given = TransferRequest extends infer R ? (R extends unknown ? Omit<R, 'url'> : never) : never;

async function run(url: string, request: Given, input: Iterable<Buffer> = []) {
  const texts = { out: '', err: '' };
  const into = (key: 'out' | 'err') =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[key] += String(chunk);
        done();
      },
    });
  const code = await transferCommand({
    request: { ...request, url } as TransferRequest,
    config: loadConfig({ file: undefined, env: {}, flags: new Map() }),
    clock: systemClock,
    input: Readable.from(input),
    out: into('out'),
    err: into('err'),
    signal: new AbortController().signal,
  });
  return { code, ...texts };
}

test.each([
  ['json', `${SERIES.map((one) => JSON.stringify(one)).join('\n')}\n`],
  ['influx', `b,x=y\\ z value=1 ${T}000000\na_total value=2.5 ${T}000000\na_total,q=" value=3 ${T}000000\n`],
  [
    'prometheus',
    `# TYPE a_total untyped\na_total 2.5 ${T}\na_total +Inf ${T + 1500}\na_total{q="\\""} 3 ${T}\n# TYPE b untyped\nb{x="y z"} 1 ${T}\nb{x="y z"} NaN ${T + 1}\n`,
  ],
  [
    'openmetrics',
    '# TYPE a_total unknown\na_total 2.5 1800000000\na_total +Inf 1800000001.5\na_total{q="\\""} 3 1800000000\n' +
      '# TYPE b unknown\nb{x="y z"} 1 1800000000\nb{x="y z"} NaN 1800000000.001\n# EOF\n',
  ],
] as const)('export as %s', async (format, wanted) => {
  const { url } = await collector();
  const { code, out, err } = await run(url, { act: 'export', format, match: [] });
  expect([code, out]).toEqual([0, wanted]);
  expect(err).toBe(
    format === 'influx'
      ? 'plimsoll: 2 samples that are no finite numbers were left out: line protocol has no words for them\n'
      : '',
  );
});

test('selectors and times are asked for; of one metric at a time where its lines stand together', async () => {
  const { url, asked } = await collector();
  const match = ['{x="y"}', 'b{z=~"{}"}'];
  await run(url, { act: 'export', format: 'json', match, from: '2027-01-15T08:00:00Z', to: '2027-01-15T09:00:00.5Z' });
  await run(url, { act: 'export', format: 'openmetrics', match: ['{x="y",}'] });
  expect(asked).toEqual([
    'match[]={x="y"}&match[]=b{z=~"{}"}&start=1800000000&end=1800003600.5',
    'match[]={__name__="a_total",x="y"}',
    'match[]={__name__="b",x="y"}',
  ]);
  expect(ofMetric('up', 'up')).toBe('{__name__="up",__name__="up"}');
  expect(ofMetric('b{z=~"{}"}', 'b')).toBe('{__name__="b",__name__="b",z=~"{}"}');
});

const LINES = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `m{i="${i % 10}"} ${i} ${T + i}\n`).join(''));

test.each([
  ['as it is', LINES],
  ['packed', gzipSync(LINES)],
])('import of a file that is larger than a piece, %s', async (_what, bytes) => {
  const { url, store } = await collector();
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  );
  const answer = await run(url, { act: 'import', format: 'prometheus', file: '-' }, chunks);
  expect(answer).toEqual({ code: 0, out: '60000 of 60000 samples taken\n', err: '' });
  expect([...store.kept.values()].map((points) => points.length)).toEqual(Array.from({ length: 10 }, () => 6000));
});

test('lines that are none are told by their number in the file, and the exit code is 1', async () => {
  const { url } = await collector();
  const bad = Buffer.concat([LINES, Buffer.from('no\n')]);
  expect(await run(url, { act: 'import', format: 'prometheus', file: '-' }, [bad])).toEqual({
    code: 1,
    out: '60000 of 60000 samples taken; 1 lines that are none (line 60001: it has no value that is a number: no)\n',
    err: '',
  });
});

test('broken off, it says how to go on; then every sample is there', async () => {
  const store = standIn();
  const { url } = await collector(store, (nth) => (nth === 2 ? 401 : undefined));
  const first = await run(url, { act: 'import', format: 'prometheus', file: '-' }, [
    LINES.subarray(0, 1_500_000),
    LINES.subarray(1_500_000),
  ]);
  const skip = /broken off: go on with --skip (\d+)\n$/.exec(first.err)?.[1] as string;
  expect(first.code).toBe(1);
  expect(LINES[Number(skip) - 1]).toBe(10);
  const second = await run(url, { act: 'import', format: 'prometheus', file: '-', skip }, [LINES]);
  expect(second.code).toBe(0);
  expect([...store.kept.values()].reduce((sum, points) => sum + points.length, 0)).toBe(60_000);
});

test('while the collector cannot take it, it is tried again', async () => {
  const { url } = await collector(standIn(), (nth) => (nth === 1 ? 503 : undefined));
  expect(await run(url, { act: 'import', format: 'prometheus', file: '-' }, [Buffer.from('a 1 1')])).toMatchObject({
    code: 0,
    out: '1 of 1 samples taken\n',
  });
});

test('OpenMetrics that does not end as it should: taken, and said', async () => {
  const { url } = await collector();
  const { code, err } = await run(url, { act: 'import', format: 'openmetrics', file: '-' }, [Buffer.from('a 1 1\n')]);
  expect([code, err]).toEqual([0, 'plimsoll: the file has no "# EOF" at its end: it may have been cut off\n']);
});

test.each([
  [{ act: 'import', format: 'json', file: '-', precision: 's' }, /--precision, --db: are of line protocol alone/],
  [{ act: 'import', format: 'json', file: '-', skip: '1k' }, /--skip: is "1k": must be a whole number of bytes/],
  [{ act: 'export', format: 'json', match: [], from: '1h', to: '2h' }, /--to: is "2h": must be later than --from/],
] as const)('refuses %j', async (request, words) => {
  await expect(run('http://127.0.0.1:1', request)).rejects.toThrow(words);
});

test('no collector there: said with the remedy', async () => {
  const { code, err } = await run('http://127.0.0.1:1', { act: 'export', format: 'json', match: [] });
  expect([code, err]).toEqual([1, expect.stringMatching(/nothing listens there: is it running, is the port right\?/)]);
});

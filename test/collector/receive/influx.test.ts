/** InfluxDB's routes: what agents of others ask and send, and what they are told. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../../collector/sinks/influx/refused.ts';
import { receivers, standIn } from './bench.ts';

/** In each unit, one moment; the clock of the bench stands there. */
const T = 1_800_000_000_000;

describe('lines', () => {
  test.each([
    ['a float', 'cpu,host=a usage=1.5', { 'cpu_usage{host="a"}': 1.5 }],
    ['a field called value names nothing', 'load value=2', { 'load{}': 2 }],
    ['whole numbers, with a sign and without', 'm a=-3i,b=4u', { 'm_a{}': -3, 'm_b{}': 4 }],
    [
      'truth values, in each of their forms',
      'm a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE',
      Object.fromEntries([...'abcdefghij'].map((c) => [`m_${c}{}`, c < 'f' ? 1 : 0])),
    ],
    [
      'exponents and signs',
      'm a=1e3,b=-1.5E-2,c=+2,d=.5,e=3.',
      { 'm_a{}': 1000, 'm_b{}': -0.015, 'm_c{}': 2, 'm_d{}': 0.5, 'm_e{}': 3 },
    ],
    ['escapes', 'my\\ m\\,x,ta\\=g\\ 1=va\\,l\\ ue\\= fi\\,eld=1', { 'my_m_x_fi_eld{ta_g_1="va,l ue="}': 1 }],
    ['a backslash that escapes nothing', 'm,path=C:\\dir v=1', { 'm_v{path="C:\\dir"}': 1 }],
    ['a quotation mark in a tag is nothing special', 'm,a="b" v=1', { 'm_v{a=""b""}': 1 }],
    ['names that Prometheus has not', 'net.tcp,2x=y in-use=1', { 'net_tcp_in_use{_2x="y"}': 1 }],
    ['a tag may not rename the series', 'm,__name__=x v=1', { 'm_v{label__name__="x"}': 1 }],
    ['texts beside numbers, with line ends and escaped marks in them', 'm a="x, y=1\n\\"z\\" ",b=2', { 'm_b{}': 2 }],
    ['several spaces before the fields', 'm  v=1', { 'm_v{}': 1 }],
  ])('%s', async (_what, line, wanted) => {
    const { post, store } = await receivers();
    expect((await post('/write', `${line} ${T * 1e6}`)).status).toBe(204);
    expect(Object.fromEntries([...store.kept].map(([text, [point]]) => [text, point]))).toEqual(
      Object.fromEntries(Object.entries(wanted).map(([text, value]) => [text, [T, value]])),
    );
  });

  test.each([
    ['n', '1800000000123456789'],
    ['ns', '1800000000123999999'],
    ['', '1800000000123000000'],
    ['u', '1800000000123456'],
    ['us', '1800000000123000'],
    ['ms', '1800000000123'],
  ])('times in %s', async (precision, time) => {
    const { post, store } = await receivers();
    await post(`/write?db=x&precision=${precision}`, `m v=1 ${time}\n`);
    expect(store.kept.get('m_v{db="x"}')).toEqual([[T + 123, 1]]);
  });

  test.each([
    ['s', '1800000000', T],
    ['m', '30000000', T],
    ['h', '500000', T],
    ['ns', '-1', -1],
    ['ns', '-1000000', -1],
    ['ns', '999999', 0],
  ])('times in %s: %s', async (precision, time, timeMs) => {
    const { post, store } = await receivers();
    await post(`/write?precision=${precision}`, `m v=1 ${time}`);
    expect(store.kept.get('m_v{}')).toEqual([[timeMs, 1]]);
  });

  test('without a time it is now; comments, empty lines and carriage returns are nothing', async () => {
    const { post, store } = await receivers();
    expect((await post('/write', '# about\r\n\r\n  \nm v=1\r\nn v=2')).status).toBe(204);
    expect(store.kept).toEqual(
      new Map([
        ['m_v{}', [[T, 1]]],
        ['n_v{}', [[T, 2]]],
      ]),
    );
  });

  test('texts are lost and counted, and no fault', async () => {
    const { post, counts } = await receivers();
    expect((await post('/write', 'm a="x",b="y"\nn c=1,d="z"')).status).toBe(204);
    expect(counts('influx')).toMatchObject({ received: 4, accepted: 1, dropped: new Map([['string', 3]]) });
  });

  test('the database is a label, unless the line has it', async () => {
    const { post, store } = await receivers();
    await post('/api/v2/write?org=o&bucket=b', 'm v=1');
    await post('/write?db=d', 'm,db=own v=1');
    expect([...store.kept.keys()]).toEqual(['m_v{db="b"}', 'm_v{db="own"}']);
  });

  test.each(['', 'text', 'application/x-www-form-urlencoded', 'text/plain; charset'])(
    'whatever its type is said to be: %j, as InfluxDB and curl say it',
    async (type) => {
      const { post, store } = await receivers();
      expect((await post('/write', 'm v=1', { 'content-type': type })).status).toBe(204);
      expect(store.kept.size).toBe(1);
    },
  );

  test('packed', async () => {
    const { post, store } = await receivers();
    expect((await post('/write', gzipSync('m v=1'), { 'content-encoding': 'gzip' })).status).toBe(204);
    expect((await post('/write', 'm v=1', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect(store.kept.size).toBe(1);
  });
});

describe('lines that are none', () => {
  test.each([
    ['m', 'missing fields'],
    ['m ', 'missing fields'],
    [',a=b v=1', 'missing measurement'],
    ['m,a v=1', 'missing tag value'],
    ['m,a= v=1', 'missing tag value'],
    ['m,=b v=1', 'missing tag key'],
    ['m,a=b=c v=1', 'invalid tag format'],
    ['m v', 'missing field value'],
    ['m v=', 'missing field value'],
    ['m =1', 'missing field key'],
    ['m v=1,', 'missing fields'],
    ['m v=x', 'invalid number'],
    ['m v=NaN', 'invalid number'],
    ['m v=-1u', 'invalid number'],
    ['m v=1.5i', 'invalid number'],
    ['m v="x', 'unbalanced quotes'],
    ['m v=1 1.5', 'bad timestamp'],
    ['m v=1 tomorrow', 'invalid field format'],
    ['m v="a"x', 'invalid field format'],
    [`m v=${'1'.repeat(100_000)}x`, 'invalid number'],
  ])('%s', async (line, why) => {
    const { post, store } = await receivers();
    const answer = await post('/write', `good v=1\n${line}\nalso v=2`);
    const { error, data } = JSON.parse(answer.body);
    expect(answer.status).toBe(400);
    expect(error).toMatch(/^partial write: unable to parse '/);
    expect(data).toMatchObject([{ line_number: 2, error_message: why }]);
    expect([...store.kept.keys()]).toEqual(['good_v{}', 'also_v{}']);
  });

  test('our own sink reads which they are, and that the rest is written', async () => {
    const { post, counts } = await receivers();
    const lines = ['a v=1', 'b', 'c v=3', 'd v='];
    const { body } = await post('/write', lines.join('\n'));
    expect(refusalOf(body, lines)).toMatchObject({ restWritten: true, lines: [1, 3] });
    expect(counts('influx')).toMatchObject({ accepted: 2, badLines: 2, requests: new Map([['partial', 1]]) });
  });

  test('in the form of version 2', async () => {
    const { post } = await receivers();
    const { status, body } = await post('/api/v2/write?bucket=b', 'm');
    expect([status, JSON.parse(body)]).toMatchObject([
      400,
      { code: 'invalid', message: "unable to parse 'm': missing fields (line 1)" },
    ]);
  });

  test('line numbers go on behind a text with line ends', async () => {
    const { post } = await receivers();
    const { body } = await post('/write', 'm a="1\n2\n3",b=1\n\nbad\n');
    expect(JSON.parse(body).data).toMatchObject([{ line_number: 5, original_line: 'bad' }]);
  });
});

describe('what the store does not keep', () => {
  const old = () =>
    standIn((series) => ({
      accepted: series.length - 1,
      dropped: new Map([['too_old', 1]]),
      problem: 'm_v is too old',
    }));

  test('version 1: 400, version 2: 422, a partial write with its reasons', async () => {
    const one = await (await receivers({ store: old() })).post('/write', 'm v=1,w=2');
    expect([one.status, JSON.parse(one.body)]).toEqual([
      400,
      { error: 'partial write: points not kept: 1 too_old; m_v is too old dropped=1' },
    ]);
    const two = await (await receivers({ store: old() })).post('/api/v2/write?bucket=b', 'm v=1,w=2');
    expect([two.status, JSON.parse(two.body).code]).toEqual([422, 'unprocessable entity']);
  });

  test('the disk is full: to be sent again', async () => {
    const store = standIn(() => ({ accepted: 0, dropped: new Map([['unwritable', 1]]), problem: 'the disk is full' }));
    const { status, headers } = await (await receivers({ store })).post('/write', 'm v=1');
    expect([status, headers['retry-after']]).toEqual([503, '10']);
  });
});

describe('what agents ask at their start', () => {
  const ask = async (q: string, method: 'GET' | 'POST' = 'GET') => {
    const bench = await receivers();
    await bench.post('/write?db=telegraf', 'm v=1');
    await bench.app.inject({ method: 'GET', url: `/query?q=${encodeURIComponent('CREATE DATABASE "my db"')}` });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { statusCode, body } =
      method === 'GET'
        ? await bench.app.inject({ method, url: `/query?q=${encodeURIComponent(q)}` })
        : await bench.app.inject({
            method,
            url: '/query',
            headers: form,
            payload: new URLSearchParams({ q }).toString(),
          });
    return { status: statusCode, body: JSON.parse(body) };
  };

  test.each(['GET', 'POST'] as const)('databases, by %s', async (method) => {
    expect(await ask('SHOW DATABASES', method)).toEqual({
      status: 200,
      body: {
        results: [
          { statement_id: 0, series: [{ name: 'databases', columns: ['name'], values: [['my db'], ['telegraf']] }] },
        ],
      },
    });
  });

  test('several statements; what is not answered says so in its place', async () => {
    const { body } = await ask('create database x; SHOW RETENTION POLICIES ON x; SELECT * FROM m');
    expect(body.results).toMatchObject([
      { statement_id: 0 },
      { statement_id: 1, series: [{ values: [['autogen', '0s', '168h0m0s', 1, true]] }] },
      { statement_id: 2, error: 'not answered here: SELECT * FROM m; ask in PromQL at /api/v1/query' },
    ]);
  });

  test('ping and health', async () => {
    const { app } = await receivers();
    for (const method of ['GET', 'HEAD', 'POST'] as const) {
      const { statusCode, headers } = await app.inject({ method, url: '/ping' });
      expect([statusCode, headers['x-influxdb-version']]).toEqual([204, '1.8.10']);
    }
    const verbose = await app.inject({ method: 'GET', url: '/ping?verbose=true' });
    expect([verbose.statusCode, JSON.parse(verbose.body)]).toEqual([200, { version: '1.8.10' }]);
    const health = await app.inject({ method: 'GET', url: '/health' });
    expect(JSON.parse(health.body)).toMatchObject({ status: 'pass', name: 'plimsoll', version: '1.2.3' });
  });

  test('a unit of time that is none', async () => {
    const { post } = await receivers();
    const { status, body } = await post('/write?precision=days', 'm v=1');
    expect([status, JSON.parse(body)]).toEqual([400, { error: 'precision is "days"; legal: ns, us, ms, s, m, h' }]);
  });
});

/** What the API says beyond what Prometheus 2.42 was asked: limits, escaped names, notes, status, targets, and where nothing is kept. */
import { afterEach, describe, expect, test } from 'vitest';
import { type QueryAnswer, QueryError } from '../../../collector/query/query.ts';
import { fakeClock } from '../../support/clock.ts';
import { type ApiServer, startApi } from './apiserver.ts';
import { arrayStore } from './arraystore.ts';
import { END } from './data.ts';

const servers: ApiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(options: Parameters<typeof startApi>[0]): Promise<string> {
  const server = await startApi(options);
  servers.push(server);
  return server.url;
}

const NONE = { warnings: [], infos: [], samples: 7, tookMs: 1500 };
const scalar = (value: number, more: Partial<QueryAnswer> = {}): QueryAnswer => ({
  type: 'scalar',
  series: [{ labels: [], timesMs: Float64Array.of(1000), values: Float64Array.of(value) }],
  ...NONE,
  ...more,
});

interface Body {
  // biome-ignore lint/suspicious/noExplicitAny: each route has a shape of its own, which the tests say
  readonly data: any;
  readonly error?: string;
  readonly errorType?: string;
  readonly warnings?: readonly string[];
}

async function json(url: string, init: RequestInit = {}): Promise<{ code: number; body: Body }> {
  const response = await fetch(url, init);
  return { code: response.status, body: (await response.json()) as Body };
}

const store = () => arrayStore(async () => scalar(1));

describe('limits', () => {
  test('cut a list, and say so', async () => {
    const url = await started({ store: store() });
    expect((await json(`${url}/api/v1/label/__name__/values?limit=2`)).body).toEqual({
      status: 'success',
      data: ['latency_seconds_bucket', 'odd_label'],
      warnings: ['results truncated due to limit'],
    });
    expect((await json(`${url}/api/v1/label/job/values?limit=2`)).body).toEqual({
      status: 'success',
      data: ['lab', 'web'],
    });
    const { body } = await json(`${url}/api/v1/series?match[]=up&limit=1`);
    expect(body.data).toEqual([{ __name__: 'up', instance: 'a:1', job: 'web' }]);
    expect(body.warnings).toHaveLength(1);
  });

  test('that are none are refused', async () => {
    const url = await started({ store: store() });
    expect((await json(`${url}/api/v1/labels?limit=x`)).body.error).toBe(
      'invalid parameter "limit": cannot parse "x" to a valid limit',
    );
    expect((await json(`${url}/api/v1/labels?limit=-1`)).body.error).toBe(
      'invalid parameter "limit": limit must be non-negative',
    );
  });

  test('of a query go to the store: series, time no longer than is allowed, lookback', async () => {
    const kept = store();
    const url = await started({ store: kept });
    await json(`${url}/api/v1/query?query=up&limit=5&timeout=1h&lookback_delta=90&time=1.5`);
    await json(`${url}/api/v1/query?query=up&timeout=2s&time=1`);
    expect(kept.asked).toEqual([
      { query: 'up', startMs: 1500, endMs: 1500, stepMs: 0, limit: 5, timeoutMs: 30_000, lookbackMs: 90_000 },
      { query: 'up', startMs: 1000, endMs: 1000, stepMs: 0, timeoutMs: 2000 },
    ]);
  });
});

describe('answers', () => {
  test('carry warnings, infos and, if asked for, stats', async () => {
    const url = await started({ store: arrayStore(async () => scalar(1, { warnings: ['w'], infos: ['i'] })) });
    const { body } = await json(`${url}/api/v1/query?query=1&stats=all`);
    expect(body).toEqual({
      status: 'success',
      data: {
        resultType: 'scalar',
        result: [1, '1'],
        stats: {
          timings: { evalTotalTime: 1.5, execQueueTime: 0, execTotalTime: 1.5 },
          samples: { totalQueryableSamples: 7, peakSamples: 7 },
        },
      },
      warnings: ['w'],
      infos: ['i'],
    });
  });

  test('now is the default time', async () => {
    const kept = store();
    const url = await started({ store: kept, clock: fakeClock(END * 1000 + 5) });
    await json(`${url}/api/v1/query?query=up`);
    expect(kept.asked[0]!.endMs).toBe(END * 1000 + 5);
  });

  test.each([
    ['bad_data', 400],
    ['execution', 422],
    ['timeout', 503],
    ['canceled', 503],
    ['unavailable', 503],
    ['not_found', 404],
    ['internal', 500],
  ] as const)('an error of the store of type %s has code %i', async (type, code) => {
    const url = await started({ store: arrayStore(() => Promise.reject(new QueryError(type, 'so it is'))) });
    expect(await json(`${url}/api/v1/query?query=up`)).toEqual({
      code,
      body: { status: 'error', errorType: type, error: 'so it is' },
    });
  });

  test('a fault of ours is not told to strangers', async () => {
    const url = await started({ store: arrayStore(() => Promise.reject(new Error('/secret/path'))) });
    const { code, body } = await json(`${url}/api/v1/query?query=up`);
    expect([code, body.errorType, JSON.stringify(body).includes('secret')]).toEqual([500, 'internal', false]);
  });

  test('a metric and a label called __proto__ are only names', async () => {
    const series = {
      labels: [
        ['__name__', '__proto__'],
        ['__proto__', 'x'],
      ] as const,
      timesMs: Float64Array.of(1000),
      values: Float64Array.of(1),
    };
    const url = await started({ store: arrayStore(async () => ({ type: 'vector', series: [series], ...NONE })) });
    const text = await (await fetch(`${url}/api/v1/query?query=up`)).text();
    expect(text).toContain('"metric":{"__name__":"__proto__","__proto__":"x"}');
  });

  test('are packed for who takes gzip', async () => {
    const url = await started({ store: arrayStore(async () => long(5000)) });
    const response = await fetch(`${url}/api/v1/query?query=up`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const body = (await response.json()) as { data: { result: { values: unknown[] }[] } };
    expect(body.data.result[0]!.values).toHaveLength(5000);
    expect(body.data.result[0]!.values[4999]).toEqual([4999, '4999']);
  });

  test('hold the bytes that they say: characters of several bytes', async () => {
    const answer: QueryAnswer = { type: 'string', series: [], text: 'ü€😀'.repeat(30_000), ...NONE };
    const url = await started({ store: arrayStore(async () => answer) });
    expect((await json(`${url}/api/v1/query?query=x`)).body.data.result[1]).toBe(answer.text);
  });
});

function long(points: number): QueryAnswer {
  const timesMs = Float64Array.from({ length: points }, (_, i) => i * 1000);
  const values = Float64Array.from({ length: points }, (_, i) => i);
  return { type: 'matrix', series: [{ labels: [['a', 'b']], timesMs, values }], ...NONE };
}

describe('names in the path', () => {
  // As in Prometheus 3's specification of escaping: U__, each underscore twice, others as _hex_.
  test.each([
    ['U__my_2e_label', 'my.label'],
    ['U__with__underscore', 'with_underscore'],
    ['U___1f600_x', '\u{1f600}x'],
    ['U__broken_2', 'U__broken_2'],
    ['my.label', 'my.label'],
    ['m%C3%BCll', 'müll'],
  ])('%s is %s', async (path, name) => {
    const series = {
      labels: [[name, 'found']] as const,
      timesMs: Float64Array.of(1),
      values: Float64Array.of(1),
      ends: [],
    };
    const url = await started({ store: arrayStore(async () => scalar(1), [series]) });
    expect((await json(`${url}/api/v1/label/${path}/values`)).body.data).toEqual(['found']);
  });
});

describe('status', () => {
  test('says which Prometheus it is like, without the features that are Mimir\u2019s', async () => {
    const url = await started({ store: store() });
    const { data } = (await json(`${url}/api/v1/status/buildinfo`)).body;
    expect(data.version).toMatch(/^3\./);
    expect(data).not.toHaveProperty('features');
  });

  test('of the index: series, values and bytes of labels', async () => {
    const counts = arrayStore(async ({ query }) => ({
      type: 'vector',
      series: query.includes('(__name__)')
        ? [{ labels: [['__name__', 'up']], timesMs: Float64Array.of(1), values: Float64Array.of(2) }]
        : [],
      ...NONE,
    }));
    const url = await started({ store: counts });
    const { data } = (await json(`${url}/api/v1/status/tsdb?limit=3`)).body;
    // 11 series. Names 6, code 2, instance 2, job 2, le 3, place 1.
    expect(data.headStats).toMatchObject({
      numSeries: 11,
      numLabelPairs: 16,
      chunkCount: 2,
      minTime: 1_700_000_000_000,
    });
    expect(data.seriesCountByMetricName).toEqual([{ name: 'up', value: 2 }]);
    expect(data.seriesCountByLabelValuePair).toEqual([{ name: '__name__=up', value: 2 }]);
    expect(data.labelValueCountByLabelName[0]).toEqual({ name: '__name__', value: 6 });
    // "Mülheim "an der Ruhr"\<newline>": 23 characters, one of them of two bytes.
    expect(data.memoryInBytesByLabelName).toContainEqual({ name: 'place', value: 24 });
  });

  test('nodes are targets', async () => {
    const labels = (node: string) =>
      [
        ['__name__', 'up'],
        ['instance', node],
        ['job', 'plimsoll'],
      ] as const;
    const ups = arrayStore(async ({ query }) => ({
      type: 'vector',
      series: ['a', 'b'].map((node, i) => ({
        labels: query === 'up' ? labels(node) : labels(node).slice(1),
        timesMs: Float64Array.of(5000),
        values: Float64Array.of(query === 'up' ? i : 4.5),
      })),
      ...NONE,
    }));
    const url = await started({ store: ups });
    const { activeTargets } = (await json(`${url}/api/v1/targets`)).body.data;
    expect(activeTargets).toMatchObject([
      {
        labels: { instance: 'a', job: 'plimsoll' },
        scrapePool: 'plimsoll',
        health: 'down',
        lastScrape: '1970-01-01T00:00:04.500Z',
      },
      { labels: { instance: 'b' }, health: 'up', lastError: '' },
    ]);
    expect((await json(`${url}/api/v1/targets?state=dropped`)).body.data.activeTargets).toEqual([]);
    expect((await json(`${url}/api/v1/scrape_pools`)).body.data).toEqual({ scrapePools: ['plimsoll'] });
  });
});

describe('what is not there', () => {
  test('an unknown route answers in the envelope', async () => {
    const url = await started({ store: store() });
    const found = await json(`${url}/api/v1/nothing?token=secret`);
    expect(found).toEqual({
      code: 404,
      body: { status: 'error', errorType: 'not_found', error: 'no such route: GET /api/v1/nothing' },
    });
  });

  test('nothing is kept: 503 with what to do, and what needs no data answers', async () => {
    const url = await started({ store: undefined });
    for (const path of [
      'query?query=1',
      'labels',
      'label/a/values',
      'series?match[]=up',
      'export?match[]=up',
      'metadata',
    ])
      expect(await json(`${url}/api/v1/${path}`)).toEqual({
        code: 503,
        body: { status: 'error', errorType: 'unavailable', error: 'nothing is kept here: set data_dir' },
      });
    expect((await fetch(`${url}/federate?match[]=up`)).status).toBe(503);
    expect((await fetch(`${url}/-/ready`)).status).toBe(503);
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    expect((await json(`${url}/api/v1/status/buildinfo`)).code).toBe(200);
    expect((await json(`${url}/api/v1/rules`)).code).toBe(200);
  });

  test('a body that is no form is named', async () => {
    const url = await started({ store: store() });
    const found = await json(`${url}/api/v1/query`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(found.code).toBe(400);
    expect(found.body.error).toBe('content-type is application/json; legal: application/x-www-form-urlencoded');
  });

  test('no page of another site may read: no CORS headers', async () => {
    const url = await started({ store: store() });
    const response = await fetch(`${url}/api/v1/labels`, { headers: { origin: 'http://evil.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

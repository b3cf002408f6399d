/**
 * The same questions as a real Prometheus was asked, over the same series: the same codes, types, data and, where they are not the parser's, words.
 * `RECORD=1 npx vitest run --project live test/live/queryapi-prometheus.test.ts` records anew.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine, DEFAULT_LIMITS } from '../../../collector/query/engine.ts';
import { MemorySource } from '../../support/memorysource.ts';
import { type ApiServer, startApi } from './apiserver.ts';
import { arrayStore } from './arraystore.ts';
import { nameOf, WITH_PROMQL, WITHOUT_PROMQL } from './asked.ts';
import { END, SERIES, START, STEP, STEPS } from './data.ts';
import { type Answered, answerOf, recording } from './recorded.ts';

let api: ApiServer;
const recorded = recording();

beforeAll(async () => {
  const source = new MemorySource();
  for (const { labels, at } of SERIES) {
    const steps = Array.from({ length: STEPS }, (_, step) => ({ ms: (START + step * STEP) * 1000, value: at(step) }));
    source.add(
      labels,
      steps.flatMap(({ ms, value }) => (value === undefined ? [] : [{ ms, value }])),
    );
  }
  const engine = createEngine(DEFAULT_LIMITS, () => performance.now());
  api = await startApi({ store: arrayStore(async (request) => engine.query(request, source)) });
});

afterAll(() => api.close());

/** Where 3.x, or this, is another than the 2.42 that was recorded, and why. */
const OTHERWISE: Readonly<Record<string, { readonly why: string; readonly body: unknown }>> = {
  'GET /api/v1/query?query=1&lookback_delta=x&time=1700001800': {
    why: '2.42 does not know lookback_delta',
    body: {
      status: 'error',
      errorType: 'bad_data',
      error: 'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    },
  },
  'GET /api/v1/query?query=short&time=1700001800&lookback_delta=1h': {
    why: '2.42 does not know lookback_delta; the last sample, 19, is 1515 s old',
    body: vector({ __name__: 'short', job: 'lab' }, '19'),
  },
  'GET /api/v1/query?query=requests_total{code="500"}[1m]&time=1700001800': {
    why: 'the sample at 1700001740, just a minute old, belongs to the range in 2.42 and not in 3.x',
    body: {
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'requests_total', code: '500', instance: 'a:1', job: 'web' },
            values: [
              [1_700_001_755, '11'],
              [1_700_001_770, '11'],
              [1_700_001_785, '11'],
              [1_700_001_800, '12'],
            ],
          },
        ],
      },
    },
  },
};

function vector(metric: object, value: string): unknown {
  return { status: 'success', data: { resultType: 'vector', result: [{ metric, value: [END, value] }] } };
}

const SERVED = [...WITHOUT_PROMQL, ...WITH_PROMQL].filter(({ path }) => path.startsWith('/api'));

describe('as Prometheus answers', () => {
  test.each(SERVED.map((question) => [nameOf(question), question] as const))('%s', async (name, question) => {
    const given = await answerOf(api.url, question);
    const otherwise = OTHERWISE[name];
    if (otherwise !== undefined) expect(given.body, otherwise.why).toEqual(otherwise.body);
    else expect(comparable(given)).toEqual(comparable(recorded.get(name)!));
  });
});

/** What a parse error says, and where, is the parser's business. Which parameter it was 3.x says for `match[]` and ranges, too. */
function comparable({ status, type, body }: Answered): unknown {
  const { error, ...rest } = body as { error?: string };
  // How the series of a clash are written is the evaluator's.
  const words = error
    ?.replace(/^invalid parameter "(match\[\]|query)": /, '')
    .replace(/( of the operation: \[).*\];/, '$1…];');
  return { status, type: type.split(';')[0], ...rest, error: words?.includes('parse error') ? 'a parse error' : words };
}

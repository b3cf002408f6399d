/** The same questions as a real Prometheus was asked: the same codes, types, data and, where they are not the parser's, words. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nameOf, WITHOUT_PROMQL } from './asked.ts';
import { type ApiServer, SELECTORS, startApi } from './apiserver.ts';
import { arrayStore } from './arraystore.ts';
import { type Answered, answerOf, recording } from './recorded.ts';

let api: ApiServer;
const recorded = recording();

beforeAll(async () => {
  const timesMs = Float64Array.of(1_700_001_800_000);
  const one = { labels: [], timesMs, values: Float64Array.of(1) };
  const rest = { warnings: [], infos: [], samples: 0, tookMs: 0 };
  const store = arrayStore(async ({ query }) => {
    SELECTORS.check(query);
    return { type: 'scalar', series: [one], ...rest };
  });
  api = await startApi({ store });
});

afterAll(() => api.close());

/** Where 3.x is another than the 2.42 that was recorded. */
const SINCE: Readonly<Record<string, string>> = {
  'GET /api/v1/query?query=1&lookback_delta=x&time=1700001800':
    'error parsing lookback delta duration: cannot parse "x" to a valid duration',
};

describe('as Prometheus answers', () => {
  test.each(
    WITHOUT_PROMQL.filter((q) => q.path.startsWith('/api')).map((question) => [nameOf(question), question] as const),
  )('%s', async (name, question) => {
    const given = await answerOf(api.url, question);
    const since = SINCE[name];
    if (since !== undefined) expect(given.body).toEqual({ status: 'error', errorType: 'bad_data', error: since });
    else expect(comparable(given)).toEqual(comparable(recorded.get(name)!));
  });
});

/** What a parse error says, and where, is the parser's business. */
function comparable({ status, type, body }: Answered): unknown {
  const { error, ...rest } = body as { error?: string };
  const words = error?.includes('parse error')
    ? 'a parse error'
    : error?.replace(/^invalid parameter "match\[\]": /, '');
  return { status, type: type.split(';')[0], ...rest, error: words };
}

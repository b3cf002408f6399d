/** `query` and `query_range`: a question in PromQL, at a moment or over a range. */
import { QueryError, type QueryAnswer, type QueryRequest } from '../../query/query.ts';
import { answerPieces } from '../answers.ts';
import {
  durationParam,
  inParameter,
  limitParam,
  named,
  type Params,
  prefixed,
  queryParam,
  timeParam,
} from '../params.ts';
import { type Answer, type ApiLimits, type ApiOptions, ASK, type Asked, type Route } from '../route.ts';
import { durationOf, timeOf } from '../times.ts';

export function queryRoutes({ limits, clock }: Pick<ApiOptions, 'limits' | 'clock'>): Route[] {
  return [
    {
      path: '/query',
      methods: ASK,
      turn: 'query',
      handle: (asked) => answered(asked, instantOf(asked.params, limits, clock.now())),
    },
    {
      path: '/query_range',
      methods: ASK,
      turn: 'query',
      handle: (asked) => answered(asked, rangeOf(asked.params, limits)),
    },
  ];
}

async function answered({ store, params, signal }: Asked, request: QueryRequest): Promise<Answer> {
  const answer = await store.query(request, signal).catch((error: unknown) => {
    // Of a query that cannot be read; not of one that cannot be answered.
    const isUnread = error instanceof QueryError && error.type === 'bad_data' && error.place !== undefined;
    throw isUnread && !error.message.startsWith('invalid parameter') ? inParameter('query', error) : error;
  });
  const stats = params.get('stats') === '' ? undefined : statsJson(answer);
  const { warnings, infos } = answer;
  return { data: undefined, pieces: answerPieces(answer, { timeMs: request.endMs, stats }), warnings, infos };
}

function instantOf(params: Params, limits: ApiLimits, nowMs: number): QueryRequest {
  const timeMs = timeParam(params, 'time', nowMs);
  return { startMs: timeMs, endMs: timeMs, stepMs: 0, ...common(params, limits) };
}

function rangeOf(params: Params, limits: ApiLimits): QueryRequest {
  const startMs = named('start', () => timeOf(params.get('start')));
  const endMs = named('end', () => timeOf(params.get('end')));
  if (endMs < startMs)
    throw new QueryError('bad_data', 'invalid parameter "end": end timestamp must not be before start time');
  const stepMs = Math.trunc(named('step', () => durationOf(params.get('step'))));
  if (stepMs <= 0)
    throw new QueryError(
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  if ((endMs - startMs) / stepMs > limits.maxSteps)
    throw new QueryError(
      'bad_data',
      `exceeded maximum resolution of ${limits.maxSteps.toLocaleString('en-US')} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    );
  return { startMs, endMs, stepMs, ...common(params, limits) };
}

function common(params: Params, limits: ApiLimits): Omit<QueryRequest, 'startMs' | 'endMs' | 'stepMs'> {
  const timeoutMs = durationParam(params, 'timeout') ?? limits.timeoutMs;
  const limit = limitParam(params);
  return {
    query: queryParam(params),
    timeoutMs: Math.max(0, Math.min(timeoutMs, limits.timeoutMs)),
    ...lookback(params),
    ...(limit > 0 ? { limit } : {}),
  };
}

function lookback(params: Params): { readonly lookbackMs?: number } {
  const text = params.get('lookback_delta');
  if (text === '') return {};
  const lookbackMs = Math.trunc(prefixed('error parsing lookback delta duration: ', () => durationOf(text)));
  // As in Prometheus: what is not positive leaves the default.
  return lookbackMs > 0 ? { lookbackMs } : {};
}

function statsJson({ samples, tookMs }: QueryAnswer): string {
  const seconds = tookMs / 1000;
  return JSON.stringify({
    timings: { evalTotalTime: seconds, execQueueTime: 0, execTotalTime: seconds },
    samples: { totalQueryableSamples: samples, peakSamples: samples },
  });
}

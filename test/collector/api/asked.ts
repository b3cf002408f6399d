/** Good and bad questions to Prometheus' HTTP API: what a real one answered to them is recorded beside, in `test/fixtures/prometheus`. */
import { END, START } from './data.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly params: readonly (readonly [name: string, value: string])[];
}

type Params = Readonly<Record<string, string | number | readonly string[]>>;

const ask = (path: string, params: Params = {}, method: Question['method'] = 'GET'): Question => ({
  method,
  path,
  params: Object.entries(params).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly string[]) : [String(value)]).map((one) => [name, one] as const),
  ),
});

const instant = (query: string, more: Params = {}): Question => ask('/api/v1/query', { query, time: END, ...more });
const range = (query: string, more: Params = {}): Question =>
  ask('/api/v1/query_range', { query, start: START, end: START + 300, step: 60, ...more });

const MIDDLE = START + 600;
/** Between two samples: whether a range has its left end is another matter in 3.x than in 2.42. */
const BETWEEN = END - 5;

/** As it is shown, and found again in the recording. */
export function nameOf({ method, path, params }: Question): string {
  return `${method} ${path}?${params.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

/** About times, names and parameters; none of them needs PromQL beyond a selector. */
export const WITHOUT_PROMQL: readonly Question[] = [
  ask('/api/v1/query'),
  ask('/api/v1/query', { query: '1', time: 'yesterday' }),
  ask('/api/v1/query', { query: '1', timeout: 'soon' }),
  ask('/api/v1/query', { query: '1', timeout: '1.5.5s' }),
  ask('/api/v1/query', { query: '1', time: '2023-11-14T25:13:20Z' }),
  ask('/api/v1/query', { query: '1', lookback_delta: 'x', time: END }),
  ask('/api/v1/query_range'),
  ask('/api/v1/query_range', { query: 'up', start: 'x', end: END, step: 1 }),
  ask('/api/v1/query_range', { query: 'up', start: START }),
  ask('/api/v1/query_range', { query: 'up', start: START, end: END }),
  range('up', { step: 0 }),
  range('up', { step: -1 }),
  range('up', { step: 'x' }),
  range('up', { end: START - 1 }),
  range('up', { step: '1ms', end: END }),
  range('up', { start: 0, step: 1 }),
  range('up', { timeout: 'x' }),
  ask('/api/v1/labels'),
  ask('/api/v1/labels', {}, 'POST'),
  ask('/api/v1/labels', { start: START, end: END }),
  ask('/api/v1/labels', { start: START - 7200, end: START - 3600 }),
  ask('/api/v1/labels', { 'match[]': 'up' }),
  ask('/api/v1/labels', { 'match[]': ['up', 'odd_label'] }),
  ask('/api/v1/labels', { 'match[]': '{job=~".+"' }),
  ask('/api/v1/labels', { 'match[]': '{}' }),
  ask('/api/v1/labels', { 'match[]': '{job=~".*"}' }),
  ask('/api/v1/labels', { 'match[]': 'up[5m]' }),
  ask('/api/v1/labels', { 'match[]': 'sum(up)' }),
  ask('/api/v1/labels', { start: 'x' }),
  ask('/api/v1/labels', { end: 'x' }),
  ask('/api/v1/label/job/values'),
  ask('/api/v1/label/__name__/values'),
  ask('/api/v1/label/nothing/values'),
  ask('/api/v1/label/place/values'),
  ask('/api/v1/label/job/values', { 'match[]': 'up' }),
  ask('/api/v1/label/instance/values', { 'match[]': ['requests_total{code="500"}', 'up{instance="b:1"}'] }),
  ask('/api/v1/label/instance/values', { 'match[]': 'up{instance=~"a.*"}', start: START, end: END }),
  ask('/api/v1/label/job/values', { 'match[]': '{job=' }),
  ask('/api/v1/label/job/values', { end: 'never' }),
  ask('/api/v1/series'),
  ask('/api/v1/series', { 'match[]': '' }),
  ask('/api/v1/series', { 'match[]': 'up' }),
  ask('/api/v1/series', { 'match[]': 'up' }, 'POST'),
  ask('/api/v1/series', { 'match[]': ['up', 'requests_total{code="500"}', 'up{instance="a:1"}'] }),
  ask('/api/v1/series', { 'match[]': '{__name__=~"odd.*"}' }),
  ask('/api/v1/series', { 'match[]': '{job="none"}' }),
  ask('/api/v1/series', { 'match[]': '{}' }),
  ask('/api/v1/series', { 'match[]': 'up', start: 'x' }),
  ask('/api/v1/series', { 'match[]': 'up', end: 'x' }),
  ask('/api/v1/series', { 'match[]': '{job=~"["}' }),
  ask('/api/v1/series', { 'match[]': 'up', start: START - 7200, end: START - 3600 }),
  ask('/api/v1/metadata'),
  ask('/api/v1/metadata', { limit: 'many' }),
  ask('/api/v1/metadata', { metric: 'nothing' }),
  ask('/api/v1/rules'),
  ask('/api/v1/rules', { type: 'alert' }),
  ask('/api/v1/rules', { type: 'no such' }),
  ask('/api/v1/alerts'),
  ask('/api/v1/query_exemplars', { query: 'up' }),
  ask('/api/v1/query_exemplars', { query: 'up', start: 'x' }),
  ask('/api/v1/query_exemplars', { query: 'up', start: END, end: START }),
  ask('/api/v1/query_exemplars', { query: 'up', start: START, end: END }, 'POST'),
  ask('/-/healthy'),
  ask('/-/ready'),
  ask('/federate', { 'match[]': '{' }),
];

/** About answers, which take an evaluator. */
export const WITH_PROMQL: readonly Question[] = [
  instant('1+1'),
  instant('1+1', { time: '2023-11-14T22:13:20.5+01:00' }),
  instant('"text"'),
  instant('time()'),
  instant('time()', { time: '1700000000.123' }),
  instant('vector(-0)'),
  instant('0/0'),
  instant('1/0'),
  instant('-1/0'),
  instant('1e21'),
  instant('1e20'),
  instant('1e-7'),
  instant('0.000001'),
  instant('up'),
  ask('/api/v1/query', { query: 'up', time: END }, 'POST'),
  instant('up', { time: MIDDLE }),
  instant('up', { time: START - 1 }),
  instant('short'),
  instant('short', { lookback_delta: '1h' }),
  instant('odd_label'),
  instant('odd_number[3m]', { time: START + 165 }),
  instant('requests_total'),
  instant('rate(requests_total[5m])', { time: BETWEEN }),
  instant('sum by (code) (requests_total)'),
  instant('topk(1, requests_total)'),
  instant('sort_desc(requests_total)'),
  instant('requests_total{code="500"}[1m]'),
  instant('requests_total{code="500"}[1m]', { time: BETWEEN }),
  instant('up{job="none"}'),
  instant('up == 1'),
  instant('', {}),
  instant('up{'),
  instant('up{job=~"["}'),
  instant('nofunction(up)'),
  instant('rate(up)'),
  instant('sum(up'),
  instant('up + on(instance) requests_total'),
  instant('{}'),
  instant('up[5m:]'),
  instant('1 +'),
  instant('label_replace(up, "x", "$1", "job", "(")'),
  instant('up', { stats: '' }),
  range('up'),
  range('1'),
  range('time()'),
  range('time()', { step: '1m30s' }),
  range('time()', { step: 0.5, end: START + 2 }),
  range('time()', { start: '2023-11-14T22:13:20Z', end: '2023-11-14T22:14:20.25Z', step: '15s' }),
  range('odd_number', { step: 15, end: START + 165 }),
  range('short', { end: END, step: 300 }),
  range('sum by (job) (rate(requests_total[2m]))', { start: START + 7, end: END, step: 300 }),
  range('up[5m]'),
  range('"text"'),
  range('up{'),
  range('requests_total{code="nothing"}'),
  ask('/api/v1/query_range', { query: 'up', start: START, end: END, step: 300 }, 'POST'),
  ask('/api/v1/format_query', { query: 'sum(rate(requests_total{code="500"}[5m]))by(job)/2' }),
  ask('/api/v1/format_query', { query: 'up{' }),
  ask('/api/v1/format_query'),
  ask('/api/v1/query_exemplars', { query: 'up{' }),
];

/**
 * Heapster's model out of the store: what is asked comes in, what Heapster would have said goes out. Values are a minute apart, at whole minutes. Whoever is not there has
 * empty lists, as Heapster had it.
 */
import type { QueryAnswer } from '../query/query.ts';
import type { Store } from '../store/types.ts';
import { type Asked, PRESENCE } from './asked.ts';
import { type About, metricAt, namesAt } from './metrics.ts';

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ModelOptions {
  readonly store: Pick<Store, 'query'>;
  readonly nowMs: number;
  readonly span: Span;
  /** Further matchers, of labelled metrics. */
  readonly labels: string;
  readonly signal?: AbortSignal;
}

export interface Values {
  readonly metrics: readonly { readonly timestamp: string; readonly value: number }[];
  readonly latestTimestamp: string;
}

export const MINUTE_MS = 60_000;
const MAX_STEPS = 11_000;
/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

export async function answerOf(asked: Asked, options: ModelOptions): Promise<unknown> {
  switch (asked.kind) {
    case 'list':
      return (await present([asked.of], asked.matchers, options)).map(([name]) => name);
    case 'names':
      return (await isThere(asked.about, options)) ? namesAt(asked.level) : [];
    case 'values':
      return values(asked.metric, asked.about, options);
    case 'several':
      return { items: await Promise.all(asked.about.map((about) => values(asked.metric, about, options))) };
    case 'keys':
      return keys(options);
  }
}

/** The values of labels of what is there now, each combination once, in order. */
async function present(by: readonly string[], matchers: string, options: ModelOptions): Promise<string[][]> {
  const { series } = await instant(`count by (${by.join(',')}) (${PRESENCE}{${matchers}})`, options);
  return series
    .map(({ labels }) => {
      const own = new Map(labels);
      return by.map((name) => own.get(name) ?? '');
    })
    .sort((a, b) => (a.join('\0') < b.join('\0') ? -1 : 1));
}

async function isThere({ matchers }: About, options: ModelOptions): Promise<boolean> {
  return (await instant(`count(${PRESENCE}{${matchers}})`, options)).series.length > 0;
}

function instant(query: string, { store, nowMs, signal }: ModelOptions): Promise<QueryAnswer> {
  return store.query({ query, startMs: nowMs, endMs: nowMs, stepMs: 0 }, signal);
}

async function values(name: string, about: About, options: ModelOptions): Promise<Values> {
  const metric = metricAt(name, about.level);
  if (metric === undefined) return { metrics: [], latestTimestamp: NEVER };
  const { store, span, labels, signal } = options;
  const endMs = Math.floor(span.endMs / MINUTE_MS) * MINUTE_MS;
  const startMs = Math.ceil(span.startMs / MINUTE_MS) * MINUTE_MS;
  if (endMs < startMs) return { metrics: [], latestTimestamp: NEVER };
  const minutes = Math.ceil((endMs - startMs) / MINUTE_MS / MAX_STEPS);
  const stepMs = Math.max(1, minutes) * MINUTE_MS;
  const query = metric.question({ ...about, matchers: about.matchers + labels });
  const [series] = (await store.query({ query, startMs, endMs, stepMs }, signal)).series;
  const points = [...(series?.timesMs ?? [])].map((timeMs, i) => {
    const value = series?.values[i] as number;
    return { timestamp: timeText(timeMs), value: metric.whole ? Math.round(value) : value };
  });
  return { metrics: points, latestTimestamp: points.at(-1)?.timestamp ?? NEVER };
}

/** As Heapster called what it held. */
async function keys(options: ModelOptions): Promise<string[]> {
  const nodes = await present(['node'], 'id="/"', options);
  const containers = await present(['namespace', 'pod', 'container'], 'namespace!="",container!=""', options);
  const pods = containers.map(([namespace, pod]) => `namespace:${namespace}/pod:${pod}`);
  const all = [
    'cluster',
    ...nodes.map(([node]) => `node:${node}`),
    ...containers.map(([namespace]) => `namespace:${namespace}`),
    ...pods,
    ...containers.map(([, , container], i) => `${pods[i]}/container:${container}`),
  ];
  return [...new Set(all)].sort();
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

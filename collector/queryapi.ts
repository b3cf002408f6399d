/** The query API, and Heapster's, with what they need of the collector: the store if there is one, else why there is none, in words with the remedy. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../src/config/schema.ts';
import type { Log } from '../src/log.ts';
import type { Clock } from '../src/run/clock.ts';
import { type SelfMetrics, single } from '../src/self/metrics.ts';
import { addApi } from './api/api.ts';
import { promql } from './api/promql.ts';
import { addModelApi } from './heapster/routes.ts';
import type { KeptLog } from './keptlog.ts';
import type { Store } from './store/types.ts';

export interface QueryApi {
  readonly config: Pick<Config, 'query' | 'store' | 'data_dir'>;
  readonly store: Store | undefined;
  readonly kept: KeptLog | undefined;
  readonly self: SelfMetrics;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly alive: () => string | undefined;
  readonly onStalled: () => void;
}

export function exposeQueryApi(app: FastifyInstance, { config, store, kept, self, ...others }: QueryApi): void {
  const { query } = config;
  const noStore = whyNone(config, kept);
  addModelApi(app, { store, noStore, clock: others.clock });
  const line = addApi(app, {
    ...others,
    store,
    noStore,
    language: promql,
    limits: {
      concurrency: query.concurrency,
      timeoutMs: query.timeout,
      maxSteps: query.max_steps,
      maxSamples: query.max_samples,
      maxPoints: query.max_points,
    },
    retention: retentionWords(config.store),
  });
  self.expose('plimsoll_store_queries_waiting', () => (store === undefined ? [] : single(line.waiting())));
}

function whyNone({ data_dir, store }: QueryApi['config'], kept: KeptLog | undefined): string {
  if (!store.enabled) return 'nothing is kept here: the store is switched off; set store.enabled to true';
  if (kept === undefined && data_dir === 'none') return 'nothing is kept here: data_dir is "none"; name a folder in it';
  return 'nothing is kept here: data_dir cannot be used; the log says why';
}

function retentionWords({ containers, groups, max_bytes }: Config['store']): string {
  const days = (ms: number): string => `${Math.round(ms / 86_400_000)}d`;
  return `containers ${days(containers.raw)}, groups ${days(groups.raw)} or ${max_bytes}B`;
}

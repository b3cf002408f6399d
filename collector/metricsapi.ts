/**
 * metrics.k8s.io, wired: readings as they come in; the API server, where there is one, for labels, trust and rights; routes on the collector's own address, behind its
 * guard, and on one of their own for the API server. Nothing of it is there unless it is switched on.
 */
import type { FastifyInstance } from 'fastify';
import type { RefusalReason } from '../src/http/server.ts';
import { type ApiClient, createApiClient } from '../src/kubernetes/client.ts';
import { accessTo, apiServerPlace } from '../src/kubernetes/credentials.ts';
import { startHousekeeping } from '../src/run/housekeeping.ts';
import { byKey, type SelfMetrics, single } from '../src/self/metrics.ts';
import type { ProgramSurroundings } from '../src/surroundings.ts';
import { type FrontProxy, watchFrontProxy } from './kubernetes/frontproxy.ts';
import { startKeys } from './kubernetes/keys.ts';
import { type KnownLabels, SERIES_LABELS, watchLabels } from './kubernetes/knownlabels.ts';
import type { Readings } from './kubernetes/readings.ts';
import { addMetricsApi, type ApiParts } from './kubernetes/routes.ts';
import { createSecure } from './kubernetes/server.ts';

export interface MetricsApiParts {
  /** Undefined where it is switched off. */
  readonly readings: Readings | undefined;
  readonly app: FastifyInstance;
  readonly self: SelfMetrics;
  readonly alive: () => string | undefined;
  readonly onRefused: (reason: RefusalReason) => void;
}

interface Running {
  readonly readings: Readings;
  readonly labels: KnownLabels;
  readonly proxy: FrontProxy | undefined;
  readonly answered: ReadonlyMap<string, number>;
}

/** Rejects with a ConfigError if its address cannot be listened on, or its files not read. */
export async function startMetricsApi(options: ProgramSurroundings, given: MetricsApiParts): Promise<void> {
  const { config, clock, log, life } = options;
  const { readings, app, self } = given;
  let running: Running | undefined;
  expose(self, () => running);
  if (readings === undefined) return;
  const settings = config.metrics_api;
  const chores = startHousekeeping(
    [{ name: 'readings', schedule: '* * * * *', run: () => readings.housekeep(clock.now()) }],
    log,
  );
  life.onStop('metrics_api', () => chores.stop());
  const client = clientOf(options);
  const labels = client ? watchLabels(client, { clock, log }) : SERIES_LABELS;
  life.onStop('labels', () => labels.stop());
  const answered = new Map<string, number>();
  const onAnswered = (code: number): void => void answered.set(`${code}`, (answered.get(`${code}`) ?? 0) + 1);
  const parts: ApiParts = { readings, labels, clock, log, onAnswered };
  addMetricsApi(app, parts);
  running = { readings, labels, answered, proxy: undefined };
  if (client === undefined) {
    log.info(
      {},
      'metrics.k8s.io is served at collector.listen alone: there is no API server (metrics_api.api_server) to ask for anybody’s rights',
    );
    return;
  }
  const keys = startKeys(settings, { clock, log });
  const proxy = watchFrontProxy(client, { clock, log, onChange: ({ pem }) => keys.trust(pem) });
  running = { ...running, proxy };
  const secure = createSecure({
    ...{ address: settings.listen, keys, client, proxy, parts, clock, log },
    ...{ alive: given.alive, onRefused: given.onRefused },
    ready: () => notReady(readings, proxy, clock.now()),
  });
  life.onStop('front proxy', async () => {
    keys.stop();
    await proxy.stop();
    await client.close();
  });
  const url = await secure.listen();
  life.onStop('metrics_api http', () => secure.close());
  log.info({ url }, 'serves metrics.k8s.io to the API server');
}

const FILES = { token: 'metrics_api.api_server_token_file', ca: 'metrics_api.api_server_ca' };
/** Three are the watches'; the others ask who may. */
const CONNECTIONS = 16;
/** Of 500 pods' metadata, many times of what it is. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** Undefined outside a cluster. */
function clientOf({ config }: ProgramSurroundings): ApiClient | undefined {
  const { api_server, api_server_ca: caFile, api_server_token_file: tokenFile } = config.metrics_api;
  const place = apiServerPlace({ url: api_server?.url, caFile, tokenFile, env: process.env });
  return (
    place && createApiClient({ access: accessTo(place, FILES), connections: CONNECTIONS, maxBytes: MAX_LIST_BYTES })
  );
}

function notReady(readings: Readings, { watch }: FrontProxy, nowMs: number): string | undefined {
  if (!watch.synced) return `the API server has not told whom to trust: ${watch.trouble?.message}`;
  return readings.nodes(nowMs).length > 0 ? undefined : 'no node has told of itself twice yet';
}

function expose(self: SelfMetrics, running: () => Running | undefined): void {
  const known =
    <T>(read: (of: Running) => Iterable<T>) =>
    (): Iterable<T> => {
      const of = running();
      return of === undefined ? [] : read(of);
    };
  self.expose(
    'plimsoll_metrics_api_requests_total',
    known(({ answered }) => byKey(answered)),
  );
  self.expose(
    'plimsoll_metrics_api_containers',
    known(({ readings }) => single(readings.stats().containers)),
  );
  self.expose(
    'plimsoll_metrics_api_evictions_total',
    known(({ readings }) => byKey(readings.stats().evicted)),
  );
  self.expose(
    'plimsoll_metrics_api_watch_up',
    known(({ labels, proxy }) => {
      const troubles = new Map(labels.troubles());
      if (proxy) troubles.set('front_proxy', proxy.watch.trouble?.message);
      return byKey(new Map([...troubles].map(([what, trouble]) => [what, trouble === undefined ? 1 : 0])));
    }),
  );
}

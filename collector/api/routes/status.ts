/**
 * `status/…` as far as it does not need the index: which Prometheus this answers like, since when it runs, with which limits. Nothing of the
 * configuration itself is shown, which may hold secrets.
 */
import { type ApiOptions, READ, type Route } from '../route.ts';

/** Whose API and PromQL this is like: clients ask to know what they may use. */
export const LIKE_PROMETHEUS = '3.5.0';

export function statusRoutes({ version, clock, retention, limits, store }: ApiOptions): Route[] {
  const started = new Date(clock.now()).toISOString();
  const status = (path: string, data: () => unknown | Promise<unknown>): Route => ({
    path: `/status/${path}`,
    methods: READ,
    handle: async () => ({ data: await data() }),
  });
  return [
    // Without `features`: with them Grafana takes a server for Mimir.
    status('buildinfo', () => ({
      version: LIKE_PROMETHEUS,
      revision: `plimsoll ${version}`,
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    })),
    status('runtimeinfo', async () => ({
      startTime: started,
      CWD: '',
      hostname: '',
      serverTime: new Date(clock.now()).toISOString(),
      reloadConfigSuccess: true,
      lastConfigTime: started,
      corruptionCount: (await store?.stats())?.damaged ?? 0,
      goroutineCount: 0,
      GOMAXPROCS: 0,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: retention,
    })),
    status('flags', () => ({
      'query.lookback-delta': '5m',
      'query.max-concurrency': String(limits.concurrency),
      'query.max-samples': String(limits.maxSamples),
      'query.timeout': `${limits.timeoutMs / 1000}s`,
      'storage.tsdb.retention.time': retention,
      'web.cors.origin': '',
      'web.enable-admin-api': 'false',
      'web.enable-lifecycle': 'false',
    })),
    status('config', () => ({ yaml: 'global: {}\n' })),
    status('walreplay', () => ({ min: 0, max: 0, current: 0, state: 'done' })),
  ];
}

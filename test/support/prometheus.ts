/** A real Prometheus that scrapes what a test tells it to, and answers queries. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fetchJson, fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export interface ScrapeTarget {
  readonly job: string;
  /** The whole URL of the exposition: `http://127.0.0.1:9641/metrics`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  readonly intervalSeconds?: number;
  /** Labels on the target's series win over those that Prometheus attaches. */
  readonly honorLabels?: boolean;
  /** Of everything that comes from this target. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Only metrics whose whole name fits this expression are kept. */
  readonly keep?: string;
}

export interface PrometheusOptions {
  readonly scrapes?: readonly ScrapeTarget[];
  /** The content of a rules file. */
  readonly rules?: string;
  /** Where alerts go: `http://127.0.0.1:9093`. */
  readonly alertmanager?: string;
  /** Labels that alerts carry out of this Prometheus. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Whether /api/v1/write takes samples. */
  readonly remoteWrite?: boolean;
  /** How much older than the newest a sample may be that comes late: `30m`. */
  readonly outOfOrder?: string;
  /** Where it writes to what it scrapes: a whole address. */
  readonly remoteWriteTo?: string;
}

/** One series of an instant vector. */
export interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Unix seconds, as Prometheus answered. */
  readonly time: number;
}

/** One series of a range. */
export interface Range {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix seconds and value. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

export interface Prometheus extends Server {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** An instant query, now or at a time in Unix seconds. */
  query(expr: string, time?: number): Promise<Value[]>;
  /** A range query; times and step in seconds. */
  queryRange(expr: string, range: { start: number; end: number; step: number }): Promise<Range[]>;
}

/** Starts it; ready means that it answers, not that it has scraped. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<Prometheus> {
  const dir = serverDir('prometheus');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'prometheus.yml'), configuration(options));
  if (options.rules !== undefined) writeFileSync(join(dir, 'rules.yml'), options.rules);
  const server = await startServer({
    name: 'prometheus',
    file: 'prometheus',
    dir,
    args: [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(options.remoteWrite ? ['--web.enable-remote-write-receiver'] : []),
    ],
    ready: () => fetchText(`${url}/-/ready`),
  });
  return Object.assign(server, { url, ...queries(url) });
}

interface Envelope<T> {
  readonly data: { readonly result: readonly T[] };
}
interface Vector {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}
interface Matrix {
  readonly metric: Record<string, string>;
  readonly values: [number, string][];
}

/** The two queries of the Prometheus HTTP API below an address; VictoriaMetrics has them too. */
export function queries(url: string): Pick<Prometheus, 'query' | 'queryRange'> {
  return {
    async query(expr, time) {
      const at = time === undefined ? '' : `&time=${time}`;
      const answer = await fetchJson<Envelope<Vector>>(`${url}/api/v1/query?query=${encodeURIComponent(expr)}${at}`);
      return answer.data.result.map((s) => ({ labels: s.metric, time: s.value[0], value: numberOf(s.value[1]) }));
    },
    async queryRange(expr, { start, end, step }) {
      const range = `start=${start}&end=${end}&step=${step}`;
      const answer = await fetchJson<Envelope<Matrix>>(
        `${url}/api/v1/query_range?query=${encodeURIComponent(expr)}&${range}`,
      );
      return answer.data.result.map((s) => ({
        labels: s.metric,
        points: s.values.map(([t, v]) => [t, numberOf(v)] as const),
      }));
    },
  };
}

/** Prometheus writes `+Inf` where JavaScript reads `Infinity`. */
function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function configuration({
  scrapes = [],
  rules,
  alertmanager,
  externalLabels = {},
  outOfOrder,
  remoteWriteTo,
}: PrometheusOptions): string {
  const alerting = { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager ?? 'http://-').host] }] }] };
  return stringify({
    global: {
      ...{ scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      external_labels: externalLabels,
    },
    ...(alertmanager === undefined ? {} : { alerting }),
    ...(rules === undefined ? {} : { rule_files: ['rules.yml'] }),
    ...(remoteWriteTo === undefined ? {} : { remote_write: [{ url: remoteWriteTo }] }),
    ...(outOfOrder === undefined ? {} : { storage: { tsdb: { out_of_order_time_window: outOfOrder } } }),
    scrape_configs: scrapes.map(scrapeConfig),
  });
}

function scrapeConfig({
  job,
  url,
  token,
  intervalSeconds = 1,
  honorLabels = false,
  keep,
  labels = {},
}: ScrapeTarget): object {
  const target = new URL(url);
  return {
    job_name: job,
    scheme: target.protocol.replace(':', ''),
    metrics_path: target.pathname,
    scrape_interval: `${intervalSeconds}s`,
    scrape_timeout: `${intervalSeconds}s`,
    honor_labels: honorLabels,
    ...(token === undefined ? {} : { authorization: { credentials: token } }),
    static_configs: [{ targets: [target.host], labels }],
    ...(keep === undefined
      ? {}
      : { metric_relabel_configs: [{ source_labels: ['__name__'], regex: keep, action: 'keep' }] }),
  };
}

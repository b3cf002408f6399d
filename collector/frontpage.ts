/** What the collector's page at `/` says: whose numbers it adds up, into which groups, where they go, how to scrape it. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../src/config/schema.ts';
import type { Guard } from '../src/http/guard.ts';
import { type PageContent, scrapeJob } from '../src/http/page.ts';
import { type Document, pageRoute } from '../src/http/pageroute.ts';
import type { LevelDef } from './aggregate/levels.ts';
import type { AggregatorStats } from './aggregate/stats.ts';
import type { SinkStats } from './sinks/account.ts';

export interface FrontPage {
  readonly config: Pick<Config, 'cluster' | 'collector'>;
  readonly guard: Pick<Guard, 'token'>;
  readonly version: string;
  readonly levels: readonly LevelDef[];
  readonly stats: () => Pick<AggregatorStats, 'nodes' | 'groups' | 'series' | 'closedEndMs'>;
  readonly sinks: () => readonly SinkStats[];
  /** Where what was seen is kept, so that PromQL can be asked of it. */
  readonly store: object | undefined;
}

const CONTAINERS = '/metrics/containers';
const QUERY = '/api/v1/query';

/** `document`: what a browser gets in place of it. */
export function exposeFrontPage(app: FastifyInstance, options: FrontPage, document?: Document): void {
  pageRoute(app, (url) => contentOf(options, url), document);
}

function contentOf({ config, guard, version, levels, stats, sinks, store }: FrontPage, url: string): PageContent {
  const { window, containers } = config.collector;
  const { nodes, groups, series, closedEndMs } = stats();
  const job = { interval: Math.max(1, Math.ceil(window / 1000)), url, token: guard.token !== undefined };
  const page = containers ? [[CONTAINERS, 'every container of every host in that window'] as const] : [];
  return {
    what: 'Plimsoll’s collector: takes what agents have read, adds it up, and hands it on.',
    facts: [
      ['Version', version],
      ['Cluster', config.cluster],
      ['Hosts', String(nodes)],
      ['Levels', levels.map(({ name }) => name).join(', ') || 'none'],
      ['Groups', `${groups}, from ${series} series`],
      ['Windows', `of ${window / 1000} s; ${lastWindow(closedEndMs)}`],
      [
        'History',
        store ? `kept: ${QUERY} answers PromQL on it, as Prometheus does` : 'none is kept (data_dir, store.enabled)',
      ],
      ['Sinks', sinks().map(sinkWords).join('; ') || 'none configured'],
    ],
    links: [
      ['/metrics', 'services, pods, namespaces, nodes, the cluster: groups of the last closed window'],
      ...page,
      ['/healthz', 'alive: windows close'],
      ['/readyz', 'has closed a window'],
    ],
    scrape: `scrape_configs:\n${scrapeJob({ ...job, job: 'plimsoll-collector' })}${containers ? furtherJob(job) : ''}`,
  };
}

function furtherJob(job: { interval: number; url: string; token: boolean }): string {
  const why =
    '  # Only if Prometheus does not scrape the agents themselves: both together have each container twice.\n';
  return why + scrapeJob({ ...job, job: 'plimsoll-containers', path: CONTAINERS });
}

function lastWindow(closedEndMs: number): string {
  return closedEndMs > 0 ? `the last ended at ${new Date(closedEndMs).toISOString()}` : 'none has closed yet';
}

/** Not why: what a server answers is for the log, and for those who may read it. */
function sinkWords({ sink, up, queuedFrames }: SinkStats): string {
  return up
    ? sink
    : `${sink} (in trouble: ${queuedFrames === 1 ? '1 window waits' : `${queuedFrames} windows wait`}; the log says why)`;
}

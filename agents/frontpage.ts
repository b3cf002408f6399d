/** What the agent's page at `/` says: whose machine this is, what is found on it, how to scrape it. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../src/config/schema.ts';
import type { Guard } from '../src/http/guard.ts';
import { type PageContent, scrapeJob } from '../src/http/page.ts';
import { pageRoute } from '../src/http/pageroute.ts';
import { foundLines } from './found.ts';
import type { Parts } from './parts.ts';

export interface FrontPage {
  readonly settings: Pick<Config['agent'], 'interval' | 'push'>;
  readonly guard: Pick<Guard, 'token'>;
  readonly node: string;
  readonly version: string;
  readonly parts: Pick<Parts, 'found'>;
  /** Blots out secrets: why an engine does not answer may quote its address. */
  readonly hide: (text: string) => string;
  /** When the newest tick began, Unix milliseconds. */
  readonly lastTickMs: () => number | undefined;
  /** The address of the collector, whose page shows what there is to see; undefined where there is none. */
  readonly page: string | undefined;
}

export function exposeFrontPage(app: FastifyInstance, options: FrontPage): void {
  pageRoute(app, (url) => contentOf(options, url));
}

function contentOf(options: FrontPage, url: string): PageContent {
  const { settings, guard, node, version, parts, hide, lastTickMs, page } = options;
  const { interval, push } = settings;
  const tickMs = lastTickMs();
  // More often than it reads there is nothing new.
  const job = { interval: Math.max(1, Math.ceil(interval / 1000)), url, token: guard.token !== undefined };
  return {
    what: 'Plimsoll’s agent: reads the containers of this machine from the kernel and serves their numbers to Prometheus.',
    facts: [
      ['Node', node],
      ['Version', version],
      ...foundLines(parts.found()).map(hide).map(asFact),
      ['Interval', `${interval / 1000} s`],
      ['Last tick', tickMs === undefined ? 'none yet' : new Date(tickMs).toISOString()],
      ...(push.url === undefined ? [] : [['Sends to', push.url.url] as const]),
    ],
    ...(page === undefined ? {} : { page }),
    links: [
      ['/metrics', 'every container and the machine, as of the newest tick'],
      ['/healthz', 'alive: the tick is on time'],
      ['/readyz', 'has read something'],
    ],
    scrape: `scrape_configs:\n${scrapeJob({ ...job, job: 'plimsoll-agent', labels: { node } })}`,
  };
}

/** `Engine:    Docker 28.5 …`: the word before the colon is the name. */
function asFact(line: string): readonly [name: string, value: string] {
  const [, name, words] = /^(\w+): +(.*)$/s.exec(line) ?? [];
  return [name ?? 'Engine', words ?? line];
}

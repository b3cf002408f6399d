/**
 * The collector's two pages, and README's scrape jobs asked of an agent and a collector of the same containers: every container's series
 * is there once, whichever of the jobs somebody copies.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startCollector } from '../../collector/main.ts';
import { schema } from '../../src/config/schema.ts';
import { metricsRoute } from '../../src/http/metricsroute.ts';
import { createHttp } from '../../src/http/server.ts';
import { systemClock } from '../../src/run/clock.ts';
import { silent } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { lifecycle } from '../../src/run/lifecycle.ts';
import { createSelfMetrics } from '../../src/self/metrics.ts';
import { type FakeClock, fakeClock } from '../support/clock.ts';
import { fetchText } from '../support/http.ts';
import { type ParsedSample, parsePromText } from '../support/promtext.ts';
import { batchAt } from '../support/recordedagent.ts';
import { waitFor } from '../support/wait.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
let batch: Batch;
beforeAll(async () => {
  batch = await batchAt('v2', 't1');
});

interface Options {
  readonly collector?: Readonly<Record<string, unknown>>;
  readonly token?: string;
}

/** A collector that has closed the window of the batch. */
async function collectorWith({ collector = {}, token }: Options): Promise<{ url: string; stop(): Promise<void> }> {
  // Of the window in which a collector is started there are no groups.
  const clock: FakeClock = fakeClock(Math.floor(batch.timeMs / 10_000) * 10_000);
  const life = lifecycle({ clock, log: silent, deadlineMs: 1000 });
  const guard = { token, tls: undefined, onRenewed: () => undefined, stop: () => undefined };
  const config = schema.parse({ collector: { listen: '127.0.0.1:0', ...collector } });
  const { url, accept } = await startCollector({ config, guard, version: '0', clock, log: silent, life });
  accept(batch);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const closed = async () => {
    await clock.advance(1000);
    return fetchText(`${url}/readyz`, { headers });
  };
  await waitFor(closed, { what: 'the window to close' });
  return { url, stop: () => life.stop() };
}

/** The agent's page of the same moment. */
async function agentPage(): Promise<{ url: string; stop(): Promise<void> }> {
  const http = createHttp({
    setting: 'agent.listen',
    address: LOOPBACK,
    guard: { token: undefined, tls: undefined },
    maxBodyBytes: 1,
    maxConnections: 8,
    clock: systemClock,
    log: silent,
    onRefused: () => undefined,
  });
  const self = createSelfMetrics({ version: '0', role: 'agent' });
  metricsRoute(http.app, { tables: () => batch.tables, self, timestamps: false });
  return { url: await http.listen(), stop: () => http.close() };
}

interface Job {
  readonly job_name: string;
  readonly metrics_path?: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
  /** Of an agent only what it says of itself. */
  readonly metric_relabel_configs?: readonly { readonly regex: string; readonly action: 'keep' }[];
}

/** The scrape configurations of a text, each of them one that somebody may copy. */
function scrapeConfigs(text: string): Job[][] {
  return [...text.matchAll(/^scrape_configs:\n(?:[ \t].*\n)+/gm)].map(
    ([yaml]) => (parse(yaml) as { scrape_configs: Job[] }).scrape_configs,
  );
}

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
/** Those that ask a collector: an example of relabelling is about the agent alone. */
const asksCollector = (jobs: readonly Job[]): boolean => JSON.stringify(jobs).includes(':9640');

const CONFIGS = [
  ...scrapeConfigs(textOf('README.md'))
    .filter(asksCollector)
    .map((jobs, i) => [`README.md, ${i + 1}`, jobs] as const),
  ...scrapeConfigs(textOf('deploy/prometheus.yml')).map((jobs) => ['deploy/prometheus.yml', jobs] as const),
];

const isOfContainer = ({ name }: ParsedSample): boolean => /^(container|machine)_/.test(name);

/** Without what only the collector adds, so that the same thing is the same series wherever it was read. */
function seriesName({ name, labels }: ParsedSample): string {
  return JSON.stringify([name, ...[...labels].filter(([label]) => label !== 'node').sort()]);
}

describe('two scrapes do not double', () => {
  let urls: ReadonlyMap<string, string>;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const agent = await agentPage();
    const collector = await collectorWith({});
    stops.push(agent.stop, collector.stop);
    urls = new Map([
      ['9641', agent.url],
      ['9640', collector.url],
    ]);
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  async function scraped(jobs: readonly Job[]): Promise<ParsedSample[]> {
    const pages = jobs.flatMap(({ metrics_path = '/metrics', static_configs, metric_relabel_configs = [] }) => {
      const kept = metric_relabel_configs.map(({ regex }) => new RegExp(`^(?:${regex})$`));
      return static_configs.flatMap(({ targets }) =>
        targets.map((target) => ({ page: urls.get(target.split(':')[1] ?? '') + metrics_path, kept })),
      );
    });
    const all = await Promise.all(pages.map(async ({ page, kept }) => ({ text: (await fetchText(page)).text, kept })));
    return all.flatMap(({ text, kept }) =>
      [...parsePromText(text, 'text').values()]
        .flatMap(({ samples }) => samples)
        .filter(({ name }) => kept.every((regex) => regex.test(name))),
    );
  }

  test('there are jobs to copy', () => {
    expect(CONFIGS.map(([where, jobs]) => [where, jobs.length])).toEqual([
      ['README.md, 1', 2],
      ['README.md, 2', 2],
      ['deploy/prometheus.yml', 3],
    ]);
  });

  test.each(CONFIGS)('%s: every container’s series is there once, and every group', async (_where, jobs) => {
    const samples = await scraped(jobs);
    const names = samples.filter(isOfContainer).map(seriesName);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    const onAgent = (await scraped([{ job_name: 'agent', static_configs: [{ targets: ['127.0.0.1:9641'] }] }])).filter(
      isOfContainer,
    );
    expect(onAgent.length).toBeGreaterThan(500);
    expect(names.sort()).toEqual(onAgent.map(seriesName).sort());
    for (const level of ['service', 'pod', 'namespace', 'node', 'cluster'])
      expect(
        samples.some(({ name }) => name === `${level}_containers`),
        level,
      ).toBe(true);
  });

  test('the collector’s own metrics are on one of its pages', async () => {
    const collector = urls.get('9640') as string;
    expect((await fetchText(`${collector}/metrics`)).text).toContain('\nplimsoll_collector_groups ');
    const containers = await fetchText(`${collector}/metrics/containers`);
    expect(containers.text).not.toMatch(/^(# \w+ )?(plimsoll|process|nodejs|service|node|cluster)_/m);
  });

  test('the containers’ page comes in every format, compressed too', async () => {
    const page = `${urls.get('9640')}/metrics/containers`;
    const plain = parsePromText((await fetchText(page)).text, 'text');
    const accept = 'application/openmetrics-text; version=1.0.0';
    const open = parsePromText((await fetchText(page, { headers: { accept } })).text, 'openmetrics');
    const count = (families: typeof plain): number => [...families.values()].reduce((n, f) => n + f.samples.length, 0);
    expect(count(open)).toBe(count(plain));
    // fetch unpacks by itself: asked without it, the bytes are gzip's.
    const { request } = await import('undici');
    const answer = await request(page, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers['content-encoding']).toBe('gzip');
    const unpacked = gunzipSync(Buffer.from(await answer.body.arrayBuffer())).toString('utf8');
    expect(count(parsePromText(unpacked, 'text'))).toBe(count(plain));
  });
});

test('the containers’ page is guarded like every other', async () => {
  const { url, stop } = await collectorWith({ token: 's3cret' });
  onTestFinished(stop);
  expect((await fetch(`${url}/metrics/containers`)).status).toBe(401);
  const headers = { authorization: 'Bearer s3cret' };
  expect((await fetchText(`${url}/metrics/containers`, { headers })).text).toContain('container_last_seen{');
});

test('collector.containers: false takes the page away and says so; the groups stay', async () => {
  const { url, stop } = await collectorWith({ collector: { containers: false } });
  onTestFinished(stop);
  const answer = await fetch(`${url}/metrics/containers`);
  expect([answer.status, await answer.json()]).toEqual([
    404,
    {
      error:
        'collector.containers is false: the single containers are not served here; scrape the agents, or set it to true',
    },
  ]);
  expect((await fetchText(`${url}/metrics`)).text).toMatch(/^node_containers\{node="recorded-v2"\} [1-9]/m);
});

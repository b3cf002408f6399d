/** The page at `/`: for a browser, for curl; behind the guard; what it repeats is escaped, and the job it shows fits the server. */
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NOT_CONNECTED } from '../../../agents/docker/status.ts';
import { exposeFrontPage as agentFrontPage } from '../../../agents/frontpage.ts';
import { exposeFrontPage as collectorFrontPage } from '../../../collector/frontpage.ts';
import { levelsOf } from '../../../collector/levels.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { metricsRoute } from '../../../src/http/metricsroute.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { createSelfMetrics } from '../../../src/self/metrics.ts';

const HOSTILE = '<script>alert(1)</script>"\'&\u001b[2J';
const config = loadConfig({ env: {}, flags: new Map() });

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(expose: (app: HttpServer['app']) => void, token?: string): Promise<string> {
  const server = createHttp({
    setting: 'agent.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token, tls: undefined },
    maxBodyBytes: 100,
    maxConnections: 10,
    clock: systemClock,
    log: silent,
    onRefused: () => undefined,
  });
  servers.push(server);
  expose(server.app);
  const self = createSelfMetrics({ version: '1.2.3', role: 'agent' });
  metricsRoute(server.app, { tables: () => [], self, timestamps: false });
  return server.listen();
}

const status = { ...NOT_CONNECTED, lastError: `no socket at ${HOSTILE} for pa55word` };
const engine = { endpoint: 'unix:///run/docker.sock', status, containers: new Map(), leftOut: 0 };

function agent(token?: string): Promise<string> {
  const push = {
    ...config.agent.push,
    url: { url: 'https://collector.example:9640/x', login: { username: 'user', password: 'secret' } },
  };
  return serve((app) => {
    agentFrontPage(app, {
      settings: { ...config.agent, push },
      guard: { token },
      node: HOSTILE,
      version: '1.2.3',
      parts: { found: () => ({ engines: [engine], cgroup: 'v2', host: '2 CPUs', lacking: [] }) },
      hide: (text) => text.replaceAll('pa55word', '***'),
      lastTickMs: () => 1_800_000_000_000,
      page: 'https://collector.example:9640/x',
    });
  }, token);
}

function collector(containers = true): Promise<string> {
  return serve((app) => {
    collectorFrontPage(app, {
      config: { ...config, cluster: 'production', collector: { ...config.collector, containers } },
      guard: { token: undefined },
      version: '1.2.3',
      levels: levelsOf({ pod: null }),
      stats: () => ({ nodes: 3, groups: 12, series: 4567, closedEndMs: 0 }),
      sinks: () => [],
      store: {},
    });
  });
}

const HTML = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

test('a browser gets HTML in which nothing foreign is markup, and nothing may run or be loaded', async () => {
  const answer = await fetch(`${await agent()}/`, HTML);
  const body = await answer.text();
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(body).not.toContain('<script');
  expect(body).toContain('<dt>Node</dt><dd>&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;');
  expect(body).toContain('no socket at &#60;script&#62;');
  expect(body).toContain('<a href="metrics">/metrics</a>');
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

test('curl, and whoever asks for text/plain, gets text that a terminal may show; without anybody’s password', async () => {
  const url = await agent();
  for (const accept of ['*/*', 'text/plain']) {
    const answer = await fetch(`${url}/`, { headers: { accept } });
    const body = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(body).toContain('Version ');
    expect(body).toContain('https://collector.example:9640');
    expect(body).not.toMatch(/secret|pa55word/);
    expect(body).not.toContain('\u001b');
  }
});

test('the scrape configuration is YAML that names this very server, as the client reached it', async () => {
  const url = await agent('s3cret');
  const headers = { authorization: 'Bearer s3cret' };
  const { scrape_configs: jobs } = parse(
    (await (await fetch(`${url}/`, { headers })).text()).split('Prometheus:\n')[1]!,
  );
  expect(jobs).toEqual([
    {
      job_name: 'plimsoll-agent',
      scrape_interval: '10s',
      authorization: { credentials_file: '/etc/plimsoll/token' },
      // The agent’s own name, whatever it holds: its series do not say it, and dashboards ask for it.
      static_configs: [{ targets: [new URL(url).host], labels: { node: HOSTILE } }],
    },
  ]);
});

test('the collector names its levels, and links the containers where they are served', async () => {
  const text = async (containers: boolean) => (await fetch(`${await collector(containers)}/`)).text();
  const body = await text(true);
  expect(body).toMatch(/^Levels +service, workload, namespace, node, cluster$/m);
  expect(body).toMatch(/^Hosts +3$/m);
  expect(body).toMatch(/^\/metrics\/containers /m);
  const { scrape_configs: jobs } = parse(body.split('Prometheus:\n')[1]!);
  expect(jobs.map((job: { metrics_path?: string }) => job.metrics_path)).toEqual([undefined, '/metrics/containers']);
  expect(await text(false)).not.toContain('/metrics/containers');
});

test('with a token the page and the icon need it, like every route', async () => {
  const url = await agent('s3cret');
  for (const path of ['/', '/favicon.ico', '/metrics/']) {
    expect((await fetch(url + path)).status, path).toBe(401);
    expect((await fetch(url + path, { headers: { authorization: 'Bearer s3cret' } })).status, path).toBe(200);
  }
});

test('/metrics/ and /favicon.ico are there', async () => {
  const url = await agent();
  const metrics = await fetch(`${url}/metrics/`);
  expect(await metrics.text()).toContain('plimsoll_build_info{');
  const icon = await fetch(`${url}/favicon.ico`);
  expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
});

test('a Host header that is no host is not repeated', async () => {
  const { port } = new URL(await agent('s3cret'));
  const body = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'evil"]} x: y', authorization: 'Bearer s3cret' };
    request({ host: '127.0.0.1', port, path: '/', headers }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
  expect(body).toContain('Prometheus:');
  expect(body).not.toContain('evil');
});

test('whoever asks the collector’s address by curl learns that it answers PromQL', async () => {
  expect(await (await fetch(`${await collector()}/`)).text()).toMatch(
    /^History +kept: \/api\/v1\/query answers PromQL/m,
  );
});

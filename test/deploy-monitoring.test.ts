/** The part of deploy/ around Plimsoll: Prometheus, Alertmanager and Grafana find each other, the rules, the dashboards and both programs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { boards } from './support/boards.ts';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const read = <T>(name: string): T => parse(readFileSync(join(DEPLOY, name), 'utf8')) as T;

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}
const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** The port on which a service listens for the others. */
const LISTENS: Readonly<Record<string, number>> = {
  agent: 9641,
  collector: 9640,
  prometheus: 9090,
  alertmanager: 9093,
  grafana: 3000,
  'grafana-plimsoll': 3000,
};

interface Mount {
  readonly source: string;
  readonly target: string;
}

/** What of deploy/ or dashboards/ a service is given. */
function mounts(service: string): Mount[] {
  return (compose.services[service]?.volumes ?? [])
    .filter((volume) => volume.startsWith('.'))
    .map((volume) => {
      const [source = '', target = ''] = volume.split(':');
      return { source: resolve(DEPLOY, source), target };
    });
}

/** Where on this machine a path inside of a service is. */
function outside(service: string, path: string): string {
  const mount = mounts(service).find(({ target }) => path === target || path.startsWith(`${target}/`));
  if (!mount) throw new Error(`${service} has no ${path}`);
  return mount.source + path.slice(mount.target.length);
}

describe('compose.yaml', () => {
  test('everything that it mounts from the checkout is there, read-only', () => {
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      for (const { source } of mounts(name)) expect(existsSync(source), source).toBe(true);
      for (const volume of volumes.filter((one) => one.startsWith('.'))) expect(volume).toMatch(/:ro$/);
      for (const volume of volumes.filter((one) => /^\w/.test(one)))
        expect(compose.volumes).toHaveProperty(volume.split(':')[0] as string);
    }
  });

  test('one profile starts all of the monitoring, on loopback alone', () => {
    for (const name of ['prometheus', 'alertmanager', 'grafana']) {
      expect(compose.services[name]?.profiles).toEqual(['dashboards']);
      expect(compose.services[name]?.ports).toEqual([`127.0.0.1:${LISTENS[name]}:${LISTENS[name]}`]);
    }
  });

  test('another starts Grafana alone, over what the collector keeps', () => {
    const { profiles, ports, secrets } = compose.services['grafana-plimsoll'] ?? {};
    expect([profiles, ports, secrets]).toEqual([['grafana'], ['127.0.0.1:3000:3000'], ['token']]);
  });

  test('agent and collector listen where Prometheus asks, with the token that it sends', () => {
    const { agent, collector, prometheus } = compose.services;
    expect(agent?.environment).toMatchObject({
      PLIMSOLL_AGENT_LISTEN: `0.0.0.0:${LISTENS.agent}`,
      PLIMSOLL_TOKEN_FILE: '/run/secrets/token',
    });
    expect(collector?.command?.join(' ')).toContain(
      `--collector.listen 0.0.0.0:${LISTENS.collector} --token_file /run/secrets/token`,
    );
    for (const service of [agent, collector, prometheus]) expect(service?.secrets).toEqual(['token']);
  });
});

interface Scrape {
  readonly job_name: string;
  readonly metrics_path?: string;
  readonly authorization: { readonly credentials_file: string };
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}
interface Configuration {
  readonly global: { readonly scrape_interval: string };
  readonly rule_files: readonly string[];
  readonly alerting: { readonly alertmanagers: readonly Pick<Scrape, 'static_configs'>[] };
  readonly scrape_configs: readonly Scrape[];
}

describe('prometheus.yml', () => {
  const prometheus = read<Configuration>('prometheus.yml');
  const targets = (of: readonly Pick<Scrape, 'static_configs'>[]): string[] =>
    of.flatMap(({ static_configs }) => static_configs.flatMap((one) => one.targets));

  test('asks services of the compose file, where they listen', () => {
    for (const target of [...targets(prometheus.scrape_configs), ...targets(prometheus.alerting.alertmanagers)]) {
      const [service = '', port] = target.split(':');
      expect(compose.services, target).toHaveProperty(service);
      expect(Number(port), target).toBe(LISTENS[service]);
    }
    for (const { authorization } of prometheus.scrape_configs)
      expect(authorization.credentials_file).toBe('/run/secrets/token');
  });

  test('has the groups, the containers once, and how agents are', () => {
    const pages = prometheus.scrape_configs.map(({ static_configs, metrics_path = '/metrics' }) => [
      targets([{ static_configs }])[0],
      metrics_path,
    ]);
    expect(pages).toEqual([
      ['collector:9640', '/metrics'],
      ['collector:9640', '/metrics/containers'],
      ['agent:9641', '/metrics'],
    ]);
  });

  test('loads every file of rules', () => {
    const [pattern = ''] = prometheus.rule_files;
    const [folder, suffix] = [outside('prometheus', pattern.replace(/\/\*.*/, '')), pattern.replace(/.*\*/, '')];
    const loaded = readdirSync(folder).filter((name) => name.endsWith(suffix));
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded).toEqual(readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)));
  });
});

interface Datasources {
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly url: string;
    readonly jsonData: { readonly timeInterval?: string; readonly alertmanagerUid?: string };
  }[];
}
interface Providers {
  readonly providers: readonly { readonly options: { readonly path: string } }[];
}

describe('grafana', () => {
  const { datasources } = read<Datasources>('grafana/datasources.yaml');

  test('has the sources that the compose file starts, and rates over the scrape interval that Prometheus has', () => {
    expect(datasources.map(({ type, url }) => [type, url])).toEqual([
      ['prometheus', `http://prometheus:${LISTENS.prometheus}`],
      ['alertmanager', `http://alertmanager:${LISTENS.alertmanager}`],
    ]);
    const [prometheus, alertmanager] = datasources;
    expect(prometheus?.jsonData.timeInterval).toBe(read<Configuration>('prometheus.yml').global.scrape_interval);
    expect(prometheus?.jsonData.alertmanagerUid).toBe(alertmanager?.uid);
  });

  test('is given both files where it looks for them, and begins with the fleet', () => {
    const inside = mounts('grafana').map(({ source, target }) => [basename(source), target]);
    expect(inside).toContainEqual(['datasources.yaml', '/etc/grafana/provisioning/datasources/plimsoll.yaml']);
    expect(inside).toContainEqual(['dashboards.yaml', '/etc/grafana/provisioning/dashboards/plimsoll.yaml']);
    const home = compose.services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
    expect(existsSync(outside('grafana', home)), home).toBe(true);
  });

  test('over Plimsoll itself has the collector as a Prometheus, with the token, and the same dashboards', () => {
    const [source, ...others] = read<Datasources>('grafana/plimsoll.yaml').datasources;
    expect(others).toEqual([]);
    expect(source).toMatchObject({
      type: 'prometheus',
      url: `http://collector:${LISTENS.collector}`,
      isDefault: true,
      jsonData: { timeInterval: '10s', httpHeaderName1: 'Authorization' },
      secureJsonData: { httpHeaderValue1: 'Bearer $__file{/run/secrets/token}' },
    });
    const inside = mounts('grafana-plimsoll').map(({ source: from, target }) => [basename(from), target]);
    expect(inside).toEqual([
      ['plimsoll.yaml', '/etc/grafana/provisioning/datasources/plimsoll.yaml'],
      ['dashboards.yaml', '/etc/grafana/provisioning/dashboards/plimsoll.yaml'],
      ['prometheus', '/var/lib/grafana/dashboards/prometheus'],
    ]);
  });

  test('finds every dashboard for Prometheus', () => {
    const { providers } = read<Providers>('grafana/dashboards.yaml');
    const found = providers.flatMap(({ options }) => readdirSync(outside('grafana', options.path)));
    expect(found.sort()).toEqual(
      boards('prometheus')
        .map(({ file }) => basename(file))
        .sort(),
    );
  });
});

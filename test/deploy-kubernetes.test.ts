/**
 * What is in deploy/kubernetes and deploy/helm: legal by Kubernetes' published schemas, the same in both, with variables that exist, names that fit each other, and no more rights
 * than are said.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { configLeaves } from '../src/config/leaves.ts';
import { renderChart } from './support/charttext.ts';

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url));
const BASE = join(DEPLOY, 'kubernetes');
const CHART = join(DEPLOY, 'helm/plimsoll');
const COMPONENTS = ['with-api', 'with-metrics-api', 'with-networkpolicy', 'with-servicemonitor'];

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: Record<string, unknown>;
  readonly [key: string]: unknown;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: object }[];
  readonly [key: string]: unknown;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly spec?: Record<string, unknown> & {
    readonly template?: { readonly metadata: { labels: object }; readonly spec: PodSpec };
  };
  readonly rules?: readonly Record<string, readonly string[]>[];
}

const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

function documents(source: string): Manifest[] {
  return parseAllDocuments(source, { version: '1.1' }).flatMap((document) => {
    expect(document.errors).toEqual([]);
    return (document.toJS() as Manifest | null) ?? [];
  });
}

/** A kustomization's resources, and what it patches. */
function kustomized(folder: string): { resources: Manifest[]; patches: Manifest[] } {
  const { resources = [], patches = [] } = parse(text(folder, 'kustomization.yaml')) as {
    resources?: string[];
    patches?: { path: string }[];
  };
  const read = (file: string): Manifest[] => documents(text(folder, file));
  return { resources: resources.flatMap(read), patches: patches.flatMap(({ path }) => read(path)) };
}

const base = kustomized(BASE).resources;
const components = COMPONENTS.map((name) => kustomized(join(BASE, name)));

type Values = Record<string, Record<string, unknown>>;

/** The chart's objects with some of its values changed. */
function charted(change: (values: Values) => void = () => undefined): Manifest[] {
  const values = parse(text(CHART, 'values.yaml')) as Values;
  change(values);
  const files = readdirSync(join(CHART, 'templates')).sort();
  const rendered = renderChart(
    files.map((file) => text(CHART, 'templates', file)),
    { Values: values, Release: { Namespace: 'plimsoll' } },
  );
  return rendered.flatMap(documents);
}

const everything = charted((values) => {
  for (const part of ['api', 'metricsApi', 'networkPolicy', 'serviceMonitor'])
    (values[part] as { enabled: boolean }).enabled = true;
});

const keyOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

function podOf(all: readonly Manifest[], name: string): PodSpec {
  const found = all.find(({ metadata, spec }) => metadata.name === name && spec?.template);
  return found?.spec?.template?.spec as PodSpec;
}

/** The published schemas as a package of npm has them. The operator's kinds are none of Kubernetes'. */
async function faultOf(manifest: Manifest): Promise<string | undefined> {
  const path = `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`;
  const { [manifest.kind]: Model } = (await import(/* @vite-ignore */ path)) as Record<
    string,
    new (
      of: Manifest,
    ) => { validate(): void }
  >;
  try {
    new (Model as NonNullable<typeof Model>)(manifest).validate();
    return undefined;
  } catch (error) {
    return `${keyOf(manifest)}: ${(error as Error).message}`;
  }
}

const isOperators = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith('monitoring.coreos.com/');

describe('the published schemas', () => {
  test('find what is wrong', async () => {
    const broken = { ...base[0], metadata: { name: 1 } } as unknown as Manifest;
    expect(await faultOf(broken)).toContain('metadata/name must be string');
  });

  test.each([
    ['base', () => base],
    ['components', () => components.flatMap(({ resources }) => resources)],
    ['chart as it comes', () => charted()],
    ['chart with everything', () => everything],
  ])('%s', async (_what, of) => {
    const all = of().filter((manifest) => !isOperators(manifest));
    expect(all.length).toBeGreaterThan(3);
    expect((await Promise.all(all.map(faultOf))).filter((fault) => fault !== undefined)).toEqual([]);
  });
});

describe('the chart says what the kustomization says', () => {
  /** What may differ: where the image is, and what is not the chart's: namespace, secret. */
  const plain = (all: readonly Manifest[]): Map<string, unknown> =>
    new Map(
      all
        .filter(({ kind }) => kind !== 'Namespace')
        .map((manifest) => [
          keyOf(manifest),
          JSON.parse(
            JSON.stringify(manifest, (key, value) =>
              key === 'image' || key === 'imagePullPolicy' || key === 'interval' ? undefined : value,
            ),
          ),
        ]),
    );

  test('as it comes', () => {
    expect(plain(charted())).toEqual(plain(base));
  });

  test('with everything', () => {
    const patches = components.flatMap(({ patches: all }) => all);
    const patched = base.map((manifest) =>
      patches.filter((patch) => keyOf(patch) === keyOf(manifest)).reduce(merged, manifest),
    );
    expect(plain(everything)).toEqual(plain([...patched, ...components.flatMap(({ resources }) => resources)]));
  });
});

/** As kubectl does it: objects key by key, lists of things with names by name. */
function merged<T>(into: T, patch: T): T {
  if (Array.isArray(into) && Array.isArray(patch)) {
    const named = patch as { name?: string }[];
    const kept = (into as { name?: string }[]).map((one) => {
      const other = named.find(({ name }) => name === one.name);
      return other ? merged(one, other) : one;
    });
    return [...kept, ...named.filter(({ name }) => !kept.some((one) => one.name === name))] as T;
  }
  if (typeof into !== 'object' || typeof patch !== 'object' || !into || !patch) return patch;
  const result = { ...into } as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) result[key] = key in result ? merged(result[key], value) : value;
  return result as T;
}

test('every variable exists, and its value is legal text', () => {
  const variables = new Set(configLeaves().map(({ env }) => env));
  const files = [BASE, ...COMPONENTS.map((name) => join(BASE, name)), join(CHART, 'templates')].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => text(folder, file)),
  );
  const used = files.flatMap((file) => [...file.matchAll(/name: (PLIMSOLL_[A-Z0-9_]+)/g)].map(([, name]) => name));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !variables.has(name as string))).toEqual([]);
});

describe('names fit each other', () => {
  const services = everything.filter(({ kind }) => kind === 'Service');

  test('services choose pods that there are, and ports that those have', () => {
    for (const { spec } of services) {
      const { selector, ports } = spec as { selector: object; ports: { targetPort: string }[] };
      const workload = everything.find(({ spec: own }) => {
        const labels = own?.template?.metadata.labels;
        return labels && JSON.stringify(labels) === JSON.stringify(selector);
      });
      const names = workload?.spec?.template?.spec.containers.flatMap(({ ports: own = [] }) =>
        own.map(({ name }) => name),
      );
      for (const { targetPort } of ports) expect(names).toContain(targetPort);
    }
  });

  test('both APIServices are at the service, and the certificate is for its name', () => {
    const wanted = everything.filter(({ kind }) => kind === 'APIService');
    expect(wanted.map(({ metadata }) => metadata.name)).toEqual(['v1beta1.metrics.k8s.io', 'v1.metrics.k8s.io']);
    for (const { metadata, spec } of wanted) {
      expect(metadata.name).toBe(`${spec?.version}.${spec?.group}`);
      expect(spec?.service).toEqual({ name: 'plimsoll-metrics-api', namespace: 'plimsoll', port: 443 });
    }
    const [collector] = podOf(everything, 'plimsoll-collector').containers;
    expect(collector?.env).toContainEqual({
      name: 'PLIMSOLL_METRICS_API_NAMES',
      value: 'plimsoll-metrics-api.plimsoll.svc',
    });
  });

  test('a certificate of one’s own is mounted, and verified', () => {
    const own = charted(({ metricsApi = {} }) =>
      Object.assign(metricsApi, { enabled: true, certSecret: 'tls', caBundle: 'Q0E=' }),
    );
    const [collector] = podOf(own, 'plimsoll-collector').containers;
    expect(collector?.env).toContainEqual({ name: 'PLIMSOLL_METRICS_API_CERT', value: '/run/plimsoll-tls/tls.crt' });
    const [service] = own.filter(({ kind }) => kind === 'APIService');
    expect(service?.spec).toMatchObject({ caBundle: 'Q0E=' });
    expect(service?.spec).not.toHaveProperty('insecureSkipTLSVerify');
  });
});

describe('as little as it takes', () => {
  test('without the API no pod has a token of a service account', () => {
    for (const name of ['plimsoll-agent', 'plimsoll-collector']) {
      expect(podOf(base, name)).toMatchObject({ automountServiceAccountToken: false });
      expect(podOf(base, name)).not.toHaveProperty('serviceAccountName');
    }
  });

  test('roles read, and name what they read', () => {
    const rules = everything.flatMap(({ rules: own = [] }) => own);
    expect(new Set(rules.flatMap(({ verbs = [] }) => verbs))).toEqual(new Set(['get', 'list', 'watch']));
    expect(new Set(rules.flatMap(({ resources = [] }) => resources))).toEqual(
      new Set(['pods', 'nodes', 'configmaps', 'replicasets', 'jobs']),
    );
    for (const rule of rules.filter(({ resources = [] }) => resources.includes('configmaps')))
      expect(rule.resourceNames).toEqual(['extension-apiserver-authentication']);
  });

  test('with api alone only agents have a token: they list pods, and get who made them', () => {
    const all = charted(({ api = {} }) => Object.assign(api, { enabled: true, podLabels: ['app', 'team*'] }));
    expect(podOf(all, 'plimsoll-agent')).toMatchObject({
      serviceAccountName: 'plimsoll-agent',
      automountServiceAccountToken: true,
    });
    expect(podOf(all, 'plimsoll-collector')).toMatchObject({ automountServiceAccountToken: false });
    const [agent] = podOf(all, 'plimsoll-agent').containers;
    expect(agent?.env).toContainEqual({ name: 'PLIMSOLL_AGENT_KUBERNETES_POD_LABELS', value: 'app,team*' });
    expect(agent?.env).toContainEqual({ name: 'PLIMSOLL_AGENT_KUBERNETES_REQUESTS', value: 'false' });
    expect(all.flatMap(({ rules = [] }) => rules)).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
    ]);
  });

  // Pod Security Standards: https://kubernetes.io/docs/concepts/security/pod-security-standards/
  test('the collector is what "restricted" allows; the agent but for folders of the host and its user', () => {
    expect(beyondRestricted(podOf(everything, 'plimsoll-collector'))).toEqual([]);
    expect(beyondRestricted(podOf(everything, 'plimsoll-agent'))).toEqual(['hostPath', 'root']);
  });

  test('of the host the agent changes nothing', () => {
    const { containers, volumes } = podOf(base, 'plimsoll-agent');
    const fromHost = new Set(volumes.filter(({ hostPath }) => hostPath).map(({ name }) => name));
    const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts as { name: string; readOnly?: boolean }[]);
    expect(mounts.filter(({ name, readOnly }) => fromHost.has(name) && !readOnly)).toEqual([]);
  });
});

function beyondRestricted({ containers, volumes, hostNetwork, hostPID, hostIPC, securityContext }: PodSpec): string[] {
  const pod = (securityContext ?? {}) as Record<string, unknown>;
  const found: string[] = [];
  if (volumes.some(({ hostPath }) => hostPath)) found.push('hostPath');
  if (hostNetwork || hostPID || hostIPC) found.push('host namespaces');
  for (const { securityContext: own } of containers) {
    if ((own.runAsUser ?? pod.runAsUser) === 0 || !(own.runAsNonRoot ?? pod.runAsNonRoot)) found.push('root');
    if (own.privileged || own.allowPrivilegeEscalation !== false) found.push('privileges');
    if (!(own.capabilities as { drop?: string[] })?.drop?.includes('ALL')) found.push('capabilities');
    if ((pod.seccompProfile as { type?: string })?.type !== 'RuntimeDefault') found.push('seccomp');
  }
  return found;
}

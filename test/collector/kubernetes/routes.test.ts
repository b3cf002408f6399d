/** The routes of metrics.k8s.io as `kubectl` and the autoscaler ask them; expected are Kubernetes' own forms. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERIES_LABELS, type KnownLabels } from '../../../collector/kubernetes/knownlabels.ts';
import { createReadings } from '../../../collector/kubernetes/readings.ts';
import { addMetricsApi } from '../../../collector/kubernetes/routes.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { T0, tick } from './ticks.ts';

const NOW = T0 + 21_500;
const GROUP = '/apis/metrics.k8s.io';
const LABELS = new Map([
  ['shop/web-0', new Map([['app', 'web']])],
  ['shop/web-1', new Map([['app', 'web']])],
  ['db/db-0', new Map([['app', 'db']])],
]);

const known: KnownLabels = {
  ...SERIES_LABELS,
  pod: (namespace, name) => LABELS.get(`${namespace}/${name}`),
  node: () => new Map([['role', 'worker']]),
  ofPod:
    ({ namespace, name }) =>
    (key) =>
      LABELS.get(`${namespace}/${name}`)?.get(key),
  ofNode: () => (key) => (key === 'role' ? 'worker' : undefined),
};

let http: HttpServer;
let url: string;
const codes: number[] = [];

beforeAll(async () => {
  const readings = createReadings();
  const all = (n: number) => [
    { who: '/', cpu: n * 12.5, memory: 2 * 1024 ** 3 },
    { who: 'shop/web-0/web', cpu: n * 2.5, memory: 20_205_568, late: n * 45 },
    { who: 'shop/web-0/side', cpu: n * 0.015, memory: 5_000_001, late: n * 45 },
    { who: 'shop/web-1/web', cpu: n, memory: 1024 },
    { who: 'db/db-0/db', cpu: n, memory: 1024 },
  ];
  for (const n of [0, 1]) readings.take(tick(T0 + 10_000 * (n + 1), all(n)));
  http = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    ...{ maxBodyBytes: 1024, maxConnections: 100, clock: systemClock, log: silent, onRefused: () => undefined },
  });
  const clock = { now: () => NOW };
  addMetricsApi(http.app, { readings, labels: known, clock, log: silent, onAnswered: (code) => codes.push(code) });
  url = await http.listen();
});

afterAll(() => http.close());

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await fetch(url + path, { headers, method });
  return { code: answer.status, type: answer.headers.get('content-type'), body: (await answer.json()) as never };
}

const items = async (path: string): Promise<string[]> =>
  ((await ask(path)).body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);

test.each(['v1', 'v1beta1'])('a pod as %s has it', async (version) => {
  const { code, type, body } = await ask(`${GROUP}/${version}/namespaces/shop/pods/web-0`);
  expect([code, type?.split(';')[0]]).toEqual([200, 'application/json']);
  expect(body).toEqual({
    kind: 'PodMetrics',
    apiVersion: `metrics.k8s.io/${version}`,
    metadata: {
      name: 'web-0',
      namespace: 'shop',
      creationTimestamp: '2022-08-02T15:16:21Z',
      labels: { app: 'web' },
    },
    timestamp: '2022-08-02T15:16:20Z',
    window: '10.045s',
    containers: [
      // 0.015 s and 2.5 s in 10.045 s: 1493280.24 and 248880039.82 billionths of a core.
      { name: 'side', usage: { cpu: '1493280n', memory: '5000001' } },
      { name: 'web', usage: { cpu: '248880040n', memory: '19732Ki' } },
    ],
  });
});

test('a node', async () => {
  expect((await ask(`${GROUP}/v1beta1/nodes/node-1`)).body).toEqual({
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: 'node-1', creationTimestamp: '2022-08-02T15:16:21Z', labels: { role: 'worker' } },
    timestamp: '2022-08-02T15:16:20Z',
    window: '10s',
    usage: { cpu: '1250m', memory: '2Gi' },
  });
});

test('a list: its items have no kind of their own', async () => {
  const { body } = await ask(`${GROUP}/v1beta1/namespaces/db/pods`);
  expect(body).toEqual({
    kind: 'PodMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: {},
    items: [
      {
        metadata: {
          name: 'db-0',
          namespace: 'db',
          creationTimestamp: '2022-08-02T15:16:21Z',
          labels: { app: 'db' },
        },
        timestamp: '2022-08-02T15:16:20Z',
        window: '10s',
        containers: [{ name: 'db', usage: { cpu: '100m', memory: '1Ki' } }],
      },
    ],
  });
});

test('lists of all, of a namespace, by selectors', async () => {
  expect(await items(`${GROUP}/v1/pods`)).toEqual(['db-0', 'web-0', 'web-1']);
  expect(await items(`${GROUP}/v1/namespaces/shop/pods`)).toEqual(['web-0', 'web-1']);
  expect(await items(`${GROUP}/v1/namespaces/none/pods`)).toEqual([]);
  expect(await items(`${GROUP}/v1/pods?labelSelector=app%3Ddb`)).toEqual(['db-0']);
  expect(await items(`${GROUP}/v1/pods?labelSelector=app+in+(db,x)`)).toEqual(['db-0']);
  expect(await items(`${GROUP}/v1/pods?fieldSelector=metadata.name%3Dweb-1`)).toEqual(['web-1']);
  expect(await items(`${GROUP}/v1/pods?fieldSelector=metadata.namespace!%3Dshop`)).toEqual(['db-0']);
  expect(await items(`${GROUP}/v1/nodes?labelSelector=role%3Dworker`)).toEqual(['node-1']);
  expect(await items(`${GROUP}/v1/nodes?labelSelector=role%3Dx`)).toEqual([]);
});

test('a Table: cells are the pod’s sums, rows carry names and labels', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const { body } = await ask(`${GROUP}/v1/namespaces/shop/pods?limit=500`, { accept });
  const { kind, apiVersion, columnDefinitions, rows } = body as {
    kind: string;
    apiVersion: string;
    columnDefinitions: { name: string }[];
    rows: { cells: string[]; object: object }[];
  };
  expect([kind, apiVersion]).toEqual(['Table', 'meta.k8s.io/v1']);
  expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'cpu', 'memory', 'Window']);
  // 1493280 + 248880040; 5000001 + 20205568.
  expect(rows.map(({ cells }) => cells)).toEqual([
    ['web-0', '250373320n', '25205569', '10.045s'],
    ['web-1', '100m', '1Ki', '10s'],
  ]);
  expect(rows[1]?.object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { name: 'web-1', namespace: 'shop', creationTimestamp: '2022-08-02T15:16:21Z', labels: { app: 'web' } },
  });
});

test('discovery: the group with both versions, and what each has', async () => {
  const newer = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const groups = await ask('/apis', { accept: newer });
  expect(groups.body).toMatchObject({ kind: 'APIGroupList', groups: [{ name: 'metrics.k8s.io' }] });
  expect((await ask('/api')).body).toMatchObject({ kind: 'APIVersions' });
  expect((await ask(GROUP)).body).toMatchObject({
    kind: 'APIGroup',
    versions: [{ version: 'v1' }, { version: 'v1beta1' }],
    preferredVersion: { groupVersion: 'metrics.k8s.io/v1' },
  });
  for (const version of ['v1', 'v1beta1']) {
    expect((await ask(`${GROUP}/${version}`)).body).toEqual({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: `metrics.k8s.io/${version}`,
      resources: [
        { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
        { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
      ],
    });
  }
});

describe('faults are Status', () => {
  test.each([
    [`${GROUP}/v1/namespaces/shop/pods/gone`, 404, 'NotFound', 'podmetrics.metrics.k8s.io "shop/gone" not found'],
    [`${GROUP}/v1/nodes/gone`, 404, 'NotFound', 'nodemetrics.metrics.k8s.io "gone" not found'],
    [`${GROUP}/v2/nodes`, 404, 'NotFound', 'the server could not find the requested resource'],
    [`${GROUP}/v1/services`, 404, 'NotFound', 'the server could not find the requested resource'],
    [`${GROUP}/v1/pods?labelSelector=a%20b`, 400, 'BadRequest', 'unable to parse requirement: "a b"'],
    [
      `${GROUP}/v1/pods?watch=true`,
      405,
      'MethodNotAllowed',
      'watch is not supported on resources of group "metrics.k8s.io"; legal: get, list',
    ],
  ])('%s: %d %s', async (path, status, reason, message) => {
    const { code, body } = await ask(path);
    expect(code).toBe(status);
    expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message });
  });

  test('what is not there is said by name', async () => {
    expect((await ask(`${GROUP}/v1/namespaces/shop/pods/gone`)).body).toMatchObject({
      details: { name: 'shop/gone', group: 'metrics.k8s.io', kind: 'podmetrics' },
    });
  });

  test('writing is not allowed', async () => {
    expect(await ask(`${GROUP}/v1/nodes/node-1`, {}, 'DELETE')).toMatchObject({ code: 405 });
  });
});

test('answers are counted by status', () => {
  expect(new Set(codes)).toEqual(new Set([200, 400, 404, 405]));
});

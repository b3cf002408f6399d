/** Heapster's model API over series whose numbers are known: its paths, names, units and forms; the arithmetic is beside each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addModelApi } from '../../../collector/heapster/routes.ts';
import type { QueryRequest } from '../../../collector/query/query.ts';
import type { Store } from '../../../collector/store/types.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { engineWith, memory } from '../../support/querying.ts';

const NODE = 'node="n1",id="/"';
const WEB = 'node="n1",id="/kubepods/web",namespace="shop",pod="web-0",container="web"';
const LOG = 'node="n1",id="/kubepods/log",namespace="shop",pod="web-0",container="log"';
const PAUSE = 'node="n1",id="/kubepods/pause",namespace="shop",pod="web-0",interface="eth0"';
const DB = 'node="n1",id="/kubepods/db",namespace="data",pod="db-0",container="db"';

/** Ten minutes, a sample each 10 s: what a container uses grows by so much in each. */
const SERIES = `
container_cpu_usage_seconds_total{${WEB}} 100+2.5x60
container_cpu_usage_seconds_total{${LOG}} 1+0.1x60
container_cpu_usage_seconds_total{${DB}} 7+1x60
container_cpu_usage_seconds_total{${NODE}} 1000+5x60
container_memory_working_set_bytes{${WEB}} 4096x60
container_memory_working_set_bytes{${LOG}} 100x60
container_memory_working_set_bytes{${DB}} 7x60
container_memory_working_set_bytes{${NODE}} 50000x60
container_memory_usage_bytes{${WEB}} 5000x60
container_memory_usage_bytes{${LOG}} 200x60
container_memory_usage_bytes{${DB}} 30x60
container_memory_usage_bytes{${NODE}} 60000x60
machine_memory_bytes{${NODE}} 240000x60
machine_cpu_cores{${NODE}} 4x60
container_start_time_seconds{${WEB}} 0x60
container_start_time_seconds{${LOG}} 30x60
container_network_receive_bytes_total{${PAUSE}} 0+100x60
container_memory_failures_total{${WEB},failure_type="pgfault",scope="container"} 5+20x60
container_memory_failures_total{${WEB},failure_type="pgfault",scope="hierarchy"} 5+70x60
container_spec_memory_limit_bytes{${WEB}} 33554432x60
container_fs_usage_bytes{${NODE},device="/dev/sda1"} 900x60
container_fs_usage_bytes{${NODE},device="/dev/sdb1"} 50x60
container_fs_usage_bytes{${WEB},device="overlay"} 12x60
`;

/** 00:09:58 after the epoch: the last whole minute is the ninth. */
const NOW = 598_000;
const BASE = '/api/v1/model';

let http: HttpServer;
let url: string;
let without: HttpServer;

async function serve(store: Pick<Store, 'query'> | undefined): Promise<readonly [HttpServer, string]> {
  const server = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    ...{ maxBodyBytes: 1024, maxConnections: 100, clock: systemClock, log: silent, onRefused: () => undefined },
  });
  addModelApi(server.app, { store: store as Store, noStore: 'nothing is kept here', clock: { now: () => NOW } });
  return [server, await server.listen()];
}

beforeAll(async () => {
  const source = memory(10_000, SERIES);
  const engine = engineWith();
  [http, url] = await serve({ query: async (request: QueryRequest) => engine.query(request, source) });
});

afterAll(async () => {
  await http.close();
  await without?.close();
});

async function get(path: string): Promise<unknown> {
  const answer = await fetch(url + BASE + path);
  return answer.ok ? answer.json() : [answer.status, await answer.text()];
}

/** The newest value. */
async function latest(path: string): Promise<unknown> {
  const { metrics } = (await get(path)) as { metrics: { value: number }[] };
  return metrics.at(-1)?.value;
}

describe('lists', () => {
  test.each([
    ['/nodes/', ['n1']],
    ['/nodes', ['n1']],
    ['/namespaces/', ['data', 'shop']],
    ['/namespaces/shop/pods/', ['web-0']],
    ['/namespaces/shop/pods/web-0/containers', ['log', 'web']],
    ['/namespaces/none/pods/', []],
    ['/nodes/n1/freecontainers/', []],
    [
      '/debug/allkeys',
      [
        'cluster',
        'namespace:data',
        'namespace:data/pod:db-0',
        'namespace:data/pod:db-0/container:db',
        'namespace:shop',
        'namespace:shop/pod:web-0',
        'namespace:shop/pod:web-0/container:log',
        'namespace:shop/pod:web-0/container:web',
        'node:n1',
      ],
    ],
  ])('%s', async (path, expected) => {
    expect(await get(path)).toEqual(expected);
  });

  test('names of metrics, of who is there', async () => {
    expect(await get('/metrics/')).toEqual([
      'cpu/limit',
      'cpu/request',
      'cpu/usage_rate',
      'memory/limit',
      'memory/request',
      'memory/usage',
    ]);
    expect(await get('/nodes/n1/metrics/')).toContain('memory/node_utilization');
    expect(await get('/namespaces/shop/pods/web-0/containers/web/metrics')).toContain('memory/working_set');
    expect(await get('/namespaces/shop/pods/gone/metrics')).toEqual([]);
  });
});

describe('the newest value', () => {
  test.each([
    // 2.5 s in 10 s are 250 millicores, 0.1 s are 10, 1 s is 100; of the machine 5 s are 500.
    ['/namespaces/shop/pods/web-0/containers/web/metrics/cpu/usage_rate', 250],
    ['/namespaces/shop/pods/web-0/metrics/cpu/usage_rate', 260],
    ['/namespaces/shop/metrics/cpu/usage_rate', 260],
    ['/metrics/cpu/usage_rate', 360],
    ['/nodes/n1/metrics/cpu/usage_rate', 500],
    ['/namespaces/shop/pods/web-0/metrics/cpu-usage', 260],
    // At 00:09:00, the 54th step: 100 + 54 * 2.5 s, in nanoseconds.
    ['/namespaces/shop/pods/web-0/containers/web/metrics/cpu/usage', 235e9],
    ['/namespaces/shop/pods/web-0/metrics/memory/working_set', 4196],
    ['/namespaces/shop/pods/web-0/metrics/memory-working', 4196],
    ['/metrics/memory/usage', 5230],
    ['/nodes/n1/metrics/memory/usage', 60_000],
    ['/nodes/n1/metrics/memory/node_utilization', 0.25],
    ['/nodes/n1/metrics/cpu/node_capacity', 4000],
    ['/nodes/n1/metrics/cpu/node_utilization', 0.125],
    // The older of its containers began at the epoch.
    ['/namespaces/shop/pods/web-0/metrics/uptime', 540_000],
    // The sandbox has the network: 100 bytes in 10 s.
    ['/namespaces/shop/pods/web-0/metrics/network/rx_rate', 10],
    ['/namespaces/shop/pods/web-0/metrics/network/rx', 5400],
    // The container's own faults, without those of groups below.
    ['/namespaces/shop/pods/web-0/containers/web/metrics/memory/page_faults_rate', 2],
    ['/namespaces/shop/metrics/memory/limit', 33_554_432],
    ['/nodes/n1/metrics/filesystem/usage?labels=resource_id:/dev/sda1', 900],
    ['/nodes/n1/metrics/filesystem/usage', 950],
    ['/namespaces/shop/pods/web-0/containers/web/metrics/filesystem/usage?labels=resource_id:/', 12],
  ])('%s', async (path, expected) => {
    expect(await latest(path)).toBeCloseTo(expected, 6);
  });
});

test('values are those of whole minutes, a quarter of an hour of them or as asked', async () => {
  const path = '/namespaces/shop/pods/web-0/metrics/cpu/usage_rate';
  const { metrics, latestTimestamp } = (await get(path)) as {
    metrics: { timestamp: string }[];
    latestTimestamp: string;
  };
  expect(metrics.map(({ timestamp }) => timestamp.slice(14, 19))).toEqual(
    ['01', '02', '03', '04', '05', '06', '07', '08', '09'].map((minute) => `${minute}:00`),
  );
  expect(latestTimestamp).toBe('1970-01-01T00:09:00Z');
  expect(await get(`${path}?start=1970-01-01T00:04:30Z&end=1970-01-01T00:06:59Z`)).toEqual({
    metrics: [
      { timestamp: '1970-01-01T00:05:00Z', value: 260 },
      { timestamp: '1970-01-01T00:06:00Z', value: 260 },
    ],
    latestTimestamp: '1970-01-01T00:06:00Z',
  });
});

test('several pods at once, in the order asked for; one that is not there has nothing', async () => {
  const span = 'start=1970-01-01T00:05:00Z&end=1970-01-01T00:05:00Z';
  const one = (value: number) => ({
    metrics: [{ timestamp: '1970-01-01T00:05:00Z', value }],
    latestTimestamp: '1970-01-01T00:05:00Z',
  });
  expect(await get(`/namespaces/shop/pod-list/gone,web-0/metrics/memory/usage?${span}`)).toEqual({
    items: [{ metrics: [], latestTimestamp: '0001-01-01T00:00:00Z' }, one(5200)],
  });
});

test('who or what is not there has empty lists; what is no path is 404, what cannot be read 400', async () => {
  const nothing = { metrics: [], latestTimestamp: '0001-01-01T00:00:00Z' };
  expect(await get('/nodes/gone/metrics/cpu/usage_rate')).toEqual(nothing);
  expect(await get('/nodes/n1/metrics/no/such')).toEqual(nothing);
  expect(await get('/namespaces/shop/metrics/memory/rss')).toEqual(nothing);
  expect(await get('/nodes/n1/other')).toEqual([404, '404: Page Not Found\n']);
  expect(await get('/namespaces/shop/pod-list/a,b')).toEqual([404, '404: Page Not Found\n']);
  expect(await get('/metrics/cpu/usage_rate?start=yesterday')).toEqual([
    400,
    'start is "yesterday"; must be a time such as 2026-11-27T12:00:00Z\n',
  ]);
  expect(await get('/nodes/n1/metrics/filesystem/usage?labels=x')).toEqual([
    400,
    'labels has "x"; must be key:value, such as resource_id:/\n',
  ]);
});

test('a name that would be PromQL is only a name', async () => {
  const hostile = encodeURIComponent('x"} or vector(1) or x{a="');
  expect(await get(`/namespaces/${hostile}/metrics/memory/usage`)).toMatchObject({ metrics: [] });
});

test('without a store it says why', async () => {
  const [server, at] = await serve(undefined);
  without = server;
  const answer = await fetch(`${at}${BASE}/nodes/`);
  expect([answer.status, await answer.json()]).toEqual([503, { error: 'nothing is kept here' }]);
});

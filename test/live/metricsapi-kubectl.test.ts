/** `kubectl top` and `kubectl get` of metrics.k8s.io, pointed straight at us: what people see of readings that are known. KUBECTL names another than the one in the path. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SERIES_LABELS } from '../../collector/kubernetes/knownlabels.ts';
import { createReadings } from '../../collector/kubernetes/readings.ts';
import { addMetricsApi } from '../../collector/kubernetes/routes.ts';
import { createHttp, type HttpServer } from '../../src/http/server.ts';
import { silent } from '../../src/log.ts';
import { systemClock } from '../../src/run/clock.ts';
import { T0, tick } from '../collector/kubernetes/ticks.ts';
import { requirePrograms } from '../support/install.ts';

const { KUBECTL = 'kubectl' } = process.env;
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kubectl-'));
let http: HttpServer;
let url: string;

beforeAll(async () => {
  if (KUBECTL === 'kubectl') requirePrograms('kubectl');
  const readings = createReadings();
  const app = (name: string) => ({ container_label_app: name });
  const all = (n: number) => [
    { who: '/', cpu: n * 12.5, memory: 2 * 1024 ** 3 },
    // Of 10 s: 2.5 s, 15 ms; 1 s; 1 s.
    { who: 'shop/web-0/web', cpu: n * 2.5, memory: 20_205_568, labels: app('web') },
    { who: 'shop/web-0/side', cpu: n * 0.015, memory: 5_000_001, labels: app('web') },
    { who: 'shop/web-1/web', cpu: n, memory: 3 * 1024 ** 2, labels: app('web') },
    { who: 'db/db-0/db', cpu: n, memory: 1024 ** 3, labels: app('db') },
  ];
  for (const n of [0, 1]) readings.take(tick(T0 + 10_000 * n, all(n)));
  http = createHttp({
    setting: 'collector.listen',
    address: { host: '127.0.0.1', port: 0 },
    guard: { token: undefined, tls: undefined },
    ...{ maxBodyBytes: 1024, maxConnections: 100, clock: systemClock, log: silent, onRefused: () => undefined },
  });
  const clock = { now: () => T0 + 11_000 };
  addMetricsApi(http.app, { readings, labels: SERIES_LABELS, clock, log: silent, onAnswered: () => undefined });
  url = await http.listen();
});

afterAll(async () => {
  await http?.close();
  rmSync(folder, { recursive: true });
});

/** What it prints, a list of words for each line; without its heading. */
async function kubectl(...args: string[]): Promise<string[][]> {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: '/dev/null' };
  const { stdout } = await promisify(execFile)(KUBECTL, [`--server=${url}`, ...args], { env });
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}

// kubectl rounds millicores up and cuts MiB: 250 + 1.5 m are 252m; (20205568 + 5000001) / 1048576 are 24.03.
test('top pods: of all namespaces, of one, by container, by label', async () => {
  expect((await kubectl('top', 'pods', '-A')).sort()).toEqual([
    ['db', 'db-0', '100m', '1024Mi'],
    ['shop', 'web-0', '252m', '24Mi'],
    ['shop', 'web-1', '100m', '3Mi'],
  ]);
  expect((await kubectl('top', 'pods', '-n', 'shop', '--containers')).sort()).toEqual([
    ['web-0', 'side', '2m', '4Mi'],
    ['web-0', 'web', '250m', '19Mi'],
    ['web-1', 'web', '100m', '3Mi'],
  ]);
  expect(await kubectl('top', 'pods', '-A', '-l', 'app=db')).toEqual([['db', 'db-0', '100m', '1024Mi']]);
});

test('top pod of one, and of one that is not there', async () => {
  expect(await kubectl('top', 'pod', 'web-1', '-n', 'shop')).toEqual([['web-1', '100m', '3Mi']]);
  await expect(kubectl('top', 'pod', 'gone', '-n', 'shop')).rejects.toThrow(
    'podmetrics.metrics.k8s.io "shop/gone" not found',
  );
});

test('get podmetrics and nodemetrics: as tables', async () => {
  expect(await kubectl('get', 'podmetrics', '-n', 'shop')).toEqual([
    ['web-0', '251500u', '25205569', '10s'],
    ['web-1', '100m', '3Mi', '10s'],
  ]);
  expect(await kubectl('get', 'nodemetrics')).toEqual([['node-1', '1250m', '2Gi', '10s']]);
});

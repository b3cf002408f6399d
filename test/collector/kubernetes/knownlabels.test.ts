/** Labels for selectors: listed in pages, watched, gone on with after cuts; without the API server, what series carry. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KnownLabels, SERIES_LABELS, watchLabels } from '../../../collector/kubernetes/knownlabels.ts';
import { createReadings } from '../../../collector/kubernetes/readings.ts';
import type { PodReading } from '../../../collector/kubernetes/nodereadings.ts';
import { apiServerPlace } from '../../../src/kubernetes/credentials.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { clientOf, type FakeApiServer, startFakeApiServer } from './fakeapiserver.ts';
import { T0, tick } from './ticks.ts';

let api: FakeApiServer;
let client: ApiClient;
let labels: KnownLabels | undefined;

const pod = (name: string, own: Record<string, string>, version = '9') => ({
  metadata: { name, namespace: 'shop', labels: own, resourceVersion: version },
});

beforeEach(async () => {
  api = await startFakeApiServer();
  client = clientOf(api.url);
  labels = undefined;
});

afterEach(async () => {
  await labels?.stop();
  await client.close();
  await api.close();
});

function start(): KnownLabels {
  labels = watchLabels(client, { clock: systemClock, log: silent });
  return labels;
}

const until = (what: string, is: () => boolean): Promise<unknown> => waitFor(async () => is(), { what });

function reading(series: Record<string, string> = {}): PodReading {
  const readings = createReadings();
  for (const n of [0, 1])
    readings.take(tick(T0 + n * 10_000, [{ who: 'shop/web-0/web', cpu: n, memory: 1, labels: series }]));
  return readings.pod('shop', 'web-0', T0 + 10_000) as PodReading;
}

test('pods that run are listed in pages, names and labels alone, and then watched from there', async () => {
  api.lists.set('pods', [pod('web-0', { app: 'web' }), pod('web-1', {}), pod('web-2', { app: 'x' })]);
  const known = start();
  await until('both watches', () => api.watchers('pods') === 1 && api.watchers('nodes') === 1);
  expect(known.pod('shop', 'web-2')).toEqual(new Map([['app', 'x']]));
  const selector = 'fieldSelector=status.phase%3DRunning';
  const asked = api.asked.filter((line) => line.includes('/pods'));
  expect(asked.map((line) => line.replace(/timeoutSeconds=\d+/, 'timeoutSeconds=N'))).toEqual([
    `GET /api/v1/pods?${selector}&limit=500`,
    `GET /api/v1/pods?${selector}&limit=500&continue=2`,
    `GET /api/v1/pods?${selector}&watch=1&allowWatchBookmarks=true&timeoutSeconds=N&resourceVersion=7`,
  ]);
  api.tell('pods', { type: 'MODIFIED', object: pod('web-0', { app: 'other' }, '10') });
  api.tell('pods', { type: 'DELETED', object: pod('web-2', {}, '11') });
  await until('the changes', () => known.pod('shop', 'web-2') === undefined);
  expect(known.pod('shop', 'web-0')).toEqual(new Map([['app', 'other']]));
});

test('after a cut the watch goes on from the last change, without a new list', async () => {
  api.lists.set('pods', [pod('web-0', { app: 'web' })]);
  start();
  await until('the watch', () => api.watchers('pods') === 1);
  api.tell('pods', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '42' } } });
  api.cut('pods');
  await until('the next watch', () => api.asked.at(-1)?.endsWith('resourceVersion=42') === true);
  expect(api.asked.filter((line) => line.includes('/pods') && !line.includes('watch'))).toHaveLength(1);
});

test('what the server no longer remembers is listed anew: who has gone meanwhile is gone', async () => {
  api.lists.set('pods', [pod('web-0', { app: 'web' })]);
  const known = start();
  await until('the watch', () => api.watchers('pods') === 1);
  api.lists.set('pods', [pod('web-1', { app: 'web' })]);
  api.tell('pods', { type: 'ERROR', object: { code: 410, message: 'too old resource version' } });
  api.cut('pods');
  await until('the new list', () => known.pod('shop', 'web-1') !== undefined);
  expect(known.pod('shop', 'web-0')).toBeUndefined();
});

test('without the right it is said, and series’ labels serve', async () => {
  api.status = 403;
  const known = start();
  await until('the refusal', () => known.troubles().get('pods') === '403: not now');
  const of = known.ofPod(reading({ container_label_app_kubernetes_io_name: 'shop' }));
  expect([of('app.kubernetes.io/name'), of('none')]).toEqual(['shop', undefined]);
  expect(SERIES_LABELS.ofPod(reading({ container_label_app: 'web' }))('app')).toBe('web');
});

test('once the list is there, a pod that is not in it matches nothing, whatever its series carry', async () => {
  const known = start();
  await until('the watch', () => api.watchers('pods') === 1);
  expect(known.ofPod(reading({ container_label_app: 'web' }))('app')).toBeUndefined();
});

test('where the API server is: as configured, as Kubernetes says, or nowhere', () => {
  expect(apiServerPlace({ env: {} })).toBeUndefined();
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  expect(apiServerPlace({ env })).toEqual({
    url: 'https://[fd00::1]:6443',
    caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  });
  expect(apiServerPlace({ url: 'https://api:6443', caFile: '/ca', env })).toEqual({
    ...{ url: 'https://api:6443', caFile: '/ca', tokenFile: undefined },
  });
});

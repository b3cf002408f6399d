/** What an agent knows of pods from an API server, over real HTTP, with a clock that the test moves: lists, watches, what was forgotten, what may not be read, a server that is away. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { accessOf } from '../../../../agents/kubernetes/api/access.ts';
import { createPodDirectory } from '../../../../agents/kubernetes/api/directory.ts';
import { podLines, podSource } from '../../../../agents/kubernetes/api/podsource.ts';
import { createApiClient } from '../../../../src/kubernetes/client.ts';
import { pairsOf } from '../../../../src/model/labels.ts';
import { fakeClock } from '../../../support/clock.ts';
import { controller, type FakeApi, fakeApi, podMeta, status } from '../../../support/fakeapi.ts';
import { serverDir } from '../../../support/servers.ts';
import { talkingLog } from '../../../support/talkinglog.ts';
import { waitFor } from '../../../support/wait.ts';

async function stage(prepare: (api: FakeApi) => void = () => undefined, more: { requests?: boolean } = {}) {
  const api = await fakeApi();
  prepare(api);
  const dir = serverDir('fakeapi');
  const token = join(dir, 'token');
  writeFileSync(token, 'first\n');
  const clock = fakeClock();
  const log = talkingLog();
  const access = accessOf({ api: api.url, token_file: token, tls: {} }, {});
  if (access === undefined) throw new Error('no access');
  const pods = createPodDirectory({
    client: createApiClient({ access, connections: 4, maxBytes: 1 << 20 }),
    node: 'node-1',
    podLabels: ['app', 'team*'],
    requests: false,
    clock,
    log,
    ...more,
  });
  onTestFinished(async () => {
    await pods.close();
    await api.stop();
    rmSync(dir, { recursive: true });
  });
  const told: string[] = [];
  pods.onChange((isMeant) => {
    for (const name of ['web', 'db', 'cron']) if (isMeant(who(name))) told.push(name);
  });
  await pods.start();
  const labelsOf = (name: string) => Object.fromEntries(pairsOf(pods.labelsOf(who(name))));
  return { api, clock, pods, labelsOf, token, told, log };
}

const who = (name: string) => ({ namespace: 'shop', pod: name, uid: `uid-${name}`, container: 'app' });
const watching = (api: FakeApi) => waitFor(() => api.watches === 1, { what: 'the watch' });

test('only this node’s pods are asked for, only their metadata, with a watch that has bookmarks', async () => {
  const { api } = await stage((a) => a.pods.set('web', podMeta('web')));
  await watching(api);
  const [list, watch] = api.asked.filter(({ path }) => path === '/api/v1/pods');
  expect(Object.fromEntries(list?.query ?? [])).toEqual({
    fieldSelector: 'spec.nodeName=node-1',
    limit: '500',
    resourceVersion: '0',
  });
  expect(list?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  expect(Object.fromEntries(watch?.query ?? [])).toMatchObject({
    fieldSelector: 'spec.nodeName=node-1',
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion: '10',
  });
  expect(watch?.headers.accept).toBe('application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1');
});

test('allowed labels become labels of series, the others do not', async () => {
  const { labelsOf } = await stage((a) =>
    a.pods.set('web', podMeta('web', { labels: { app: 'web', 'team/name': 'blue', secret: 'no' } })),
  );
  expect(labelsOf('web')).toEqual({
    pod_label_app: 'web',
    pod_label_team_name: 'blue',
    workload: 'web',
    workload_type: 'barepod',
  });
});

test('a pod that comes, changes and goes is told of; one that only got another version is not', async () => {
  const { api, clock, labelsOf, told } = await stage();
  await watching(api);
  api.send('ADDED', podMeta('web', { labels: { app: 'a' } }));
  await waitFor(() => told.length === 1);
  api.send('MODIFIED', podMeta('web', { labels: { app: 'a' }, resourceVersion: '12' }));
  api.send('MODIFIED', podMeta('web', { labels: { app: 'b' }, resourceVersion: '13' }));
  await waitFor(() => told.length === 2);
  expect(labelsOf('web')).toMatchObject({ pod_label_app: 'b' });
  api.send('DELETED', podMeta('web', { resourceVersion: '14' }));
  // Its containers may not have ended yet.
  await waitFor(async () => {
    await clock.advance(60_000);
    return Object.keys(labelsOf('web')).length === 0;
  });
  expect(told).toEqual(['web', 'web']);
});

test('a watch that ends is taken up where it ended, at a bookmark too', async () => {
  const { api, clock } = await stage();
  await watching(api);
  api.send('BOOKMARK', { metadata: { resourceVersion: '77' } });
  api.endWatches();
  await waitFor(() => clock.armed > 1);
  await clock.advance(2000);
  await watching(api);
  expect(api.asked.at(-1)?.query.get('resourceVersion')).toBe('77');
  expect(api.asked.filter(({ query }) => query.get('watch') === null)).toHaveLength(1);
});

test.each(['as an answer', 'as an event'])(
  'a place that the server has forgotten (410, %s) is listed anew',
  async (how) => {
    const { api, clock, labelsOf } = await stage((a) => a.pods.set('web', podMeta('web')));
    await watching(api);
    api.pods.delete('web');
    api.pods.set('db', podMeta('db'));
    api.version = 200;
    if (how === 'as an answer') {
      api.forgetBefore = 100;
      api.endWatches();
    } else {
      api.send('ERROR', status(410, 'too old resource version: 10 (100)'));
    }
    await waitFor(async () => {
      await clock.advance(1000);
      return labelsOf('db').workload === 'db';
    });
    expect(labelsOf('web')).toEqual({});
    await watching(api);
    expect(api.asked.at(-1)?.query.get('resourceVersion')).toBe('200');
  },
);

test('while the server is away what is known stays; it is asked again, at most every half minute, and then well', async () => {
  const { api, clock, pods, labelsOf } = await stage((a) => a.pods.set('web', podMeta('web')));
  await watching(api);
  await api.stop();
  await waitFor(() => pods.trouble !== '');
  await clock.advance(10 * 60_000);
  expect(labelsOf('web')).toMatchObject({ workload: 'web' });
  await api.start();
  await waitFor(async () => {
    await clock.advance(10_000);
    return pods.trouble === '' && api.watches === 1;
  });
  expect(pods.missing()).toEqual([]);
});

test('fault: a server that stayed away was said to be well again at each attempt, before it had answered', async () => {
  const { api, clock, pods, log } = await stage((a) => a.pods.set('web', podMeta('web')));
  await watching(api);
  await api.stop();
  await waitFor(() => pods.trouble !== '');
  for (let attempt = 0; attempt < 5; attempt++) {
    await waitFor(() => clock.armed > 1);
    await clock.advance(30_000);
  }
  // The connection that broke off, and then that nothing listens.
  expect(log.warned.length).toBeLessThanOrEqual(2);
});

test('without the right to list pods: said, with the remedy; given later, all is well', async () => {
  const { api, clock, pods, labelsOf } = await stage((a) => {
    a.refused.set('/api/v1/pods', 403);
    a.pods.set('web', podMeta('web'));
  });
  expect(pods.missing()).toEqual([
    expect.stringMatching(
      /lets nobody like us list and watch pods \(pods is forbidden: .*\); see deploy\/kubernetes\/with-api/,
    ),
  ]);
  expect(labelsOf('web')).toEqual({});
  api.refused.clear();
  await waitFor(async () => {
    await clock.advance(10_000);
    return labelsOf('web').workload === 'web';
  });
  expect(pods.missing()).toEqual([]);
});

test('the token is read anew for each request', async () => {
  const { api, clock, token } = await stage();
  await watching(api);
  expect(api.asked.at(-1)?.headers.authorization).toBe('Bearer first');
  writeFileSync(token, 'second');
  api.endWatches();
  await waitFor(() => clock.armed > 1);
  await clock.advance(2000);
  await waitFor(() => api.asked.at(-1)?.headers.authorization === 'Bearer second');
});

const hashed = { labels: { 'pod-template-hash': '6f9c' } };
const REPLICASET = '/apis/apps/v1/namespaces/shop/replicasets/web-6f9c';
const JOB = '/apis/batch/v1/namespaces/shop/jobs/nightly-28';

test('a Deployment is found through its ReplicaSet, a CronJob through its Job, each asked once', async () => {
  const { api, labelsOf } = await stage((a) => {
    a.pods.set('web', podMeta('web', { ...hashed, ...controller('ReplicaSet', 'web-6f9c') }));
    a.pods.set('db', podMeta('db', { ...hashed, ...controller('ReplicaSet', 'web-6f9c') }));
    a.pods.set('cron', podMeta('cron', controller('Job', 'nightly-28', 'batch/v1')));
    a.owners.set(REPLICASET, {
      metadata: { name: 'web-6f9c', ...controller('Rollout', 'web', 'argoproj.io/v1alpha1') },
    });
    a.owners.set(JOB, { metadata: { name: 'nightly-28', ...controller('CronJob', 'nightly', 'batch/v1') } });
  });
  await waitFor(() => labelsOf('cron').workload_type === 'cronjob' && labelsOf('web').workload_type === 'rollout');
  expect(labelsOf('web')).toEqual({ workload: 'web', workload_type: 'rollout' });
  expect(labelsOf('cron')).toEqual({ workload: 'nightly', workload_type: 'cronjob' });
  expect(api.asked.filter(({ path }) => path === REPLICASET)).toHaveLength(1);
});

test('without the right to read ReplicaSets and Jobs: the hash tells the Deployment, a run is a Job, and that is said', async () => {
  const { api, clock, pods, labelsOf } = await stage((a) => {
    a.refused.set('/apis/', 403);
    a.pods.set('web', podMeta('web', { ...hashed, ...controller('ReplicaSet', 'web-6f9c') }));
    a.pods.set('cron', podMeta('cron', controller('Job', 'nightly-28', 'batch/v1')));
    a.owners.set(JOB, { metadata: { name: 'nightly-28', ...controller('CronJob', 'nightly', 'batch/v1') } });
  });
  await waitFor(() => pods.missing().length === 2);
  expect(labelsOf('web')).toEqual({ workload: 'web', workload_type: 'deployment' });
  expect(labelsOf('cron')).toEqual({ workload: 'nightly-28', workload_type: 'job' });
  expect(pods.missing().sort()).toEqual([
    expect.stringContaining('jobs.batch: runs of CronJobs are shown as Jobs'),
    expect.stringContaining('replicasets.apps: their owners are told by the pods’ label pod-template-hash'),
  ]);
  api.refused.clear();
  await waitFor(async () => {
    await clock.advance(60_000);
    return labelsOf('cron').workload_type === 'cronjob';
  });
});

test('a StatefulSet is its pods’ workload without a question; a static pod is found by the uid that it has on its node', async () => {
  const { api, pods, labelsOf } = await stage((a) => {
    a.pods.set('db', podMeta('db', controller('StatefulSet', 'db')));
    const mirror = { annotations: { 'kubernetes.io/config.mirror': '594d821397a47389a447165c48a140d6' } };
    a.pods.set('static', podMeta('static-node-1', { ...mirror, ...controller('Node', 'node-1', 'v1') }));
  });
  expect(labelsOf('db')).toEqual({ workload: 'db', workload_type: 'statefulset' });
  const onNode = { ...who('static-node-1'), uid: '594d821397a47389a447165c48a140d6' };
  expect(Object.fromEntries(pairsOf(pods.labelsOf(onNode)))).toEqual({
    workload: 'static-node-1',
    workload_type: 'staticpod',
  });
  expect(api.asked.filter(({ path }) => path.startsWith('/apis/'))).toEqual([]);
});

test('requests are told where pods are read whole', async () => {
  const spec = {
    containers: [
      { name: 'app', env: [{ name: 'P', value: 'secret' }], resources: { requests: { cpu: '250m', memory: '16Mi' } } },
    ],
    initContainers: [{ name: 'init', resources: {} }],
  };
  const { api, pods } = await stage((a) => a.pods.set('web', { ...podMeta('web'), spec }), { requests: true });
  expect(api.asked[0]?.headers.accept).toBe('application/json');
  // 250 thousandths; 16 * 1024 * 1024.
  expect(pods.requestsOf(who('web'))).toEqual({ cpu: 0.25, memory: 16_777_216 });
  expect(pods.requestsOf({ ...who('web'), container: 'init' })).toEqual({ cpu: Number.NaN, memory: Number.NaN });
});

test('the start and `check` say how many pods are told of; or what is missing; or that nobody answers', async () => {
  const { api, pods } = await stage((a) => a.pods.set('web', podMeta('web')));
  expect(podLines(pods)).toEqual(['API:       the Kubernetes API server tells of 1 pods of this node']);
  await api.stop();
  await waitFor(() => pods.trouble !== '');
  expect(podLines(pods)).toEqual([
    expect.stringMatching(
      /^Note: {6}the Kubernetes API server does not answer: .*Names and numbers go on without it\.$/,
    ),
  ]);
  await api.start();
  const refused = await stage((a) => a.refused.set('/api/v1/pods', 403));
  expect(podLines(refused.pods)).toEqual([expect.stringMatching(/^Note: {6}the API server lets nobody like us list/)]);
  expect(podSource(refused.pods).trouble).toContain('pods is forbidden');
  expect(podLines(undefined)).toEqual([]);
});

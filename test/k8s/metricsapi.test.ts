/**
 * Plimsoll as metrics.k8s.io behind a real API server, with the rights and the APIServices of deploy/kubernetes/with-metrics-api: Available; `kubectl top` gives the kernel's numbers; who may see what is the
 * cluster's word; a HorizontalPodAutoscaler scales up and down.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, startCluster, untilPod } from '../support/cluster.ts';
import { autoscaler, deployment, pod, REST } from '../support/podspecs.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const SHIPPED = fileURLToPath(new URL('../../deploy/kubernetes/with-metrics-api/', import.meta.url));
const NAMESPACE = 'plimsoll';
const SERVICE = 'plimsoll-metrics-api';
/** Busy until it is told to rest. */
const BUSY = 'trap "busy=" USR1; busy=1; while [ "$busy" ]; do :; done; sleep 100000 & while :; do wait; done';
/** Holds 24 MB. */
const HOLD = 'held=$(head -c 24000000 /dev/zero | tr "\\0" x); sleep 100000 & wait';

let cluster: Cluster;
let program: Program;
let address: string;

const shipped = (file: string): { kind: string; metadata: object }[] =>
  parseAllDocuments(readFileSync(join(SHIPPED, file), 'utf8')).map((one) => one.toJS() as never);

/** Ours runs beside the cluster, not in it: the Service leads to its end of the cable. */
function serviceTo(port: number): object[] {
  const metadata = { name: SERVICE, namespace: NAMESPACE };
  const ports = [{ name: 'https', port: 443, targetPort: port }];
  const subsets = [{ addresses: [{ ip: cluster.ourAddress }], ports: [{ name: 'https', port }] }];
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } },
    { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets },
  ];
}

beforeAll(async () => {
  cluster = await startCluster();
  const { containerd, keys } = cluster;
  const port = await freePort();
  address = `${cluster.ourAddress}:${port}`;
  cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const inNamespace = shipped('rights.yaml').map((one) =>
    one.kind === 'ServiceAccount' ? { ...one, metadata: { ...one.metadata, namespace: NAMESPACE } } : one,
  );
  cluster.apply(...inNamespace, ...serviceTo(port));
  const token = keys.path('collector-token');
  writeFileSync(token, cluster.token(NAMESPACE, 'plimsoll-collector'));
  const limits = { cpu: '100m' };
  cluster.apply(
    deployment('api', [{ name: 'api', script: BUSY, requests: { cpu: '50m' }, limits }]),
    pod('two', [
      { name: 'hold', script: HOLD },
      { name: 'side', script: REST },
    ]),
  );
  await untilPod(cluster, 'two');
  program = await startProgram({
    command: 'run',
    config: {
      node: cluster.node,
      agent: {
        interval: '1s',
        engines: ['none'],
        runtimes: [`containerd:${containerd.state}:${containerd.root}`],
        pod_logs: containerd.logs,
      },
      metrics_api: {
        enabled: true,
        listen: address,
        names: [`${SERVICE}.${NAMESPACE}.svc`],
        api_server: cluster.apiUrl,
        api_server_ca: keys.path('ca.crt'),
        api_server_token_file: token,
      },
    },
  });
  cluster.apply(...shipped('apiservice.yaml'));
});

afterAll(async () => {
  await program?.stop();
  await cluster?.stop();
});

/** What it prints, a list of words for each line; without its heading. */
function top(...args: string[]): string[][] {
  return rowsOf(cluster.kubectl(['top', ...args]));
}

function rowsOf(printed: string): string[][] {
  const lines = printed.trim().split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/));
}

/** Of newer Debian releases, by `npm run test:k8s`: `trixie=<path>`. */
const NEWER = (process.env.TEST_KUBECTLS ?? '')
  .split(delimiter)
  .map((one) => one.split('=') as [release: string, program: string]);

/** Until it is answered, and as wanted. */
function untilTop(args: readonly string[], isThere: (rows: string[][]) => boolean): Promise<string[][]> {
  return waitFor(async () => [top(...args)].find(isThere), {
    timeoutMs: 60_000,
    everyMs: 1000,
    what: `kubectl top ${args.join(' ')}`,
  });
}

const milli = (text = ''): number => Number(/^(\d+)m$/.exec(text)?.[1]);

/** A container's id, of a pod. */
function idOf(podName: string, container: string): string {
  const path = `jsonpath={.status.containerStatuses[?(@.name=="${container}")].containerID}`;
  return cluster.kubectl(['get', 'pod', podName, '-o', path]).replace('containerd://', '');
}

/** Of a best-effort pod: what the kernel says it holds, without what it could give back. */
function workingSet(podName: string, container: string): number {
  const uid = cluster.kubectl(['get', 'pod', podName, '-o', 'jsonpath={.metadata.uid}']);
  const folder = `/sys/fs/cgroup/memory${cluster.containerd.kubepods}/besteffort/pod${uid}/${idOf(podName, container)}`;
  const inactive = /^total_inactive_file (\d+)$/m.exec(readFileSync(`${folder}/memory.stat`, 'utf8'))?.[1];
  return Number(readFileSync(`${folder}/memory.usage_in_bytes`, 'utf8')) - Number(inactive);
}

test('both APIServices are Available, with the certificate of our own making', async () => {
  for (const version of ['v1beta1', 'v1']) {
    const path = 'jsonpath={.status.conditions[?(@.type=="Available")].status}';
    const ask = (): string => cluster.kubectl(['get', 'apiservice', `${version}.metrics.k8s.io`, '-o', path]);
    await waitFor(async () => ask() === 'True', { timeoutMs: 60_000, everyMs: 500, what: `${version} Available` });
  }
});

test('top pods: by container, one pod, by label; memory is the kernel’s, CPU what the limit allows', async () => {
  const rows = await untilTop(['pods', '--containers'], (all) => all.length === 3);
  const [api, hold, side] = ['api', 'hold', 'side'].map((name) => rows.find((row) => row[1] === name));
  expect(side?.slice(0, 2)).toEqual(['two', 'side']);
  // kubectl cuts MiB; a page or two may have come or gone since.
  const mib = workingSet('two', 'hold') / 1024 ** 2;
  const shown = Number(hold?.[3]?.replace('Mi', ''));
  expect(shown).toBeGreaterThanOrEqual(23);
  expect(Math.abs(shown + 0.5 - mib)).toBeLessThan(1);
  // 100m; a period of 0.1 s may fall to either side of a second's readings.
  expect(milli(api?.[2])).toBeGreaterThan(70);
  expect(milli(api?.[2])).toBeLessThan(130);
  expect(top('pods', '-l', 'app=api').map(([name]) => name)).toEqual([api?.[0]]);
  expect(top('pod', 'two').map(([name]) => name)).toEqual(['two']);
  expect(() => top('pod', 'gone')).toThrow('podmetrics.metrics.k8s.io "default/gone" not found');
});

test('top nodes: the node, with shares of what it may give', async () => {
  const [row] = await untilTop(['nodes'], (all) => all.length === 1);
  expect(row?.[0]).toBe(cluster.node);
  const capacity = (what: string): string =>
    cluster.kubectl(['get', 'node', cluster.node, '-o', `jsonpath={.status.allocatable.${what}}`]);
  const cores = Number(capacity('cpu'));
  expect(milli(row?.[1])).toBeGreaterThan(0);
  expect(milli(row?.[1])).toBeLessThanOrEqual(cores * 1000);
  // kubectl's own arithmetic: whole percents of the allocatable.
  expect(row?.[2]).toBe(`${Math.trunc(milli(row?.[1]) / (cores * 10))}%`);
  expect(row?.[4]).toMatch(/^\d+%$/);
});

test.each(NEWER)('kubectl of Debian %s: pods, containers, selectors, sums, nodes', async (_release, program) => {
  const kubectl = (...args: string[]): string => cluster.kubectl(args, '', program);
  const byTop = (...args: string[]): string[][] => rowsOf(kubectl('top', ...args));
  const version = JSON.parse(kubectl('version', '--client', '-o', 'json')).clientVersion.gitVersion as string;
  expect(Number(/^v1\.(\d+)\./.exec(version)?.[1])).toBeGreaterThanOrEqual(32);
  await untilTop(['pods', '--containers'], (all) => all.length === 3);
  const names = byTop('pods', '--containers').map((row) => row.slice(0, 2));
  const api = names.find(([, container]) => container === 'api')?.[0];
  expect(names).toEqual([
    [api, 'api'],
    ['two', 'hold'],
    ['two', 'side'],
  ]);
  expect(byTop('pods', '-l', 'app=api').map(([name]) => name)).toEqual([api]);
  expect(byTop('pods', '--field-selector', 'metadata.name=two').map(([name]) => name)).toEqual(['two']);
  expect(byTop('pods', '-A', '--sort-by=memory').map(([namespace, name]) => [namespace, name])).toEqual([
    ['default', 'two'],
    ['default', api],
  ]);
  const [first, second, , sum] = byTop('pods', '--sum');
  expect(milli(sum?.[0])).toBe(milli(first?.[1]) + milli(second?.[1]));
  expect(() => byTop('pod', 'gone')).toThrow('podmetrics.metrics.k8s.io "default/gone" not found');
  const [node] = byTop('nodes', '--show-capacity');
  expect(node?.[0]).toBe(cluster.node);
  expect(node?.[4]).toMatch(/^\d+%$/);
  // A client of its own for the newer of the two versions.
  const list = JSON.parse(kubectl('get', '--raw', '/apis/metrics.k8s.io/v1/namespaces/default/pods/two'));
  expect(list).toMatchObject({ kind: 'PodMetrics', apiVersion: 'metrics.k8s.io/v1', metadata: { name: 'two' } });
});

test('whoever may view a namespace sees it, nobody sees more; calls past the API server are asked for their rights too', async () => {
  cluster.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'viewer', namespace: 'default' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'viewer', namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace: 'default' }],
    },
  );
  const as = '--as=system:serviceaccount:default:viewer';
  // `view` is put together by the controller manager.
  await untilTop(['pods', as], (rows) => rows.length === 2);
  expect(() => top('pods', '-A', as)).toThrow(/cannot list resource "pods" in API group "metrics.k8s.io"/);
  const authorization = `Bearer ${cluster.token('default', 'viewer')}`;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const status = async (path: string, headers: Record<string, string>): Promise<number> => {
    const answer = await fetch(`https://${address}/apis/metrics.k8s.io/v1beta1/${path}`, { headers, dispatcher });
    await answer.text();
    return answer.status;
  };
  expect(await status('namespaces/default/pods', { authorization })).toBe(200);
  expect(await status('nodes', { authorization })).toBe(403);
  expect(await status('nodes', { authorization: 'Bearer stranger' })).toBe(401);
  // Anybody may say so: without the front proxy's certificate it is nobody in particular who asks.
  expect(await status('nodes', { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' })).toBe(403);
  await dispatcher.close();
});

test('a HorizontalPodAutoscaler scales up on our numbers, and down', async () => {
  cluster.apply(autoscaler('api', { min: 1, max: 3, percent: 50 }));
  const replicas = (): number =>
    Number(cluster.kubectl(['get', 'deployment', 'api', '-o', 'jsonpath={.status.replicas}']));
  // 100m of 50m: 200 % of what it asks for, four times the target; three are allowed.
  await waitFor(async () => replicas() === 3, { timeoutMs: 90_000, everyMs: 1000, what: 'three replicas' });
  const seen = 'jsonpath={.status.currentCPUUtilizationPercentage}';
  expect(Number(cluster.kubectl(['get', 'hpa', 'api', '-o', seen]))).toBeGreaterThan(140);
  await waitFor(
    async () => {
      calmAll();
      return replicas() === 1;
    },
    { timeoutMs: 150_000, everyMs: 2000, what: 'one replica' },
  );
});

/** Their processes are the machine's. */
function calmAll(): void {
  const ids = 'jsonpath={.items[*].status.containerStatuses[*].containerID}';
  const running = cluster.kubectl(['get', 'pods', '-l', 'app=api', '--field-selector=status.phase=Running', '-o', ids]);
  for (const id of running.replaceAll('containerd://', '').split(' ').filter(Boolean)) {
    const bundle = join(cluster.containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io', id);
    try {
      process.kill(Number(readFileSync(join(bundle, 'init.pid'), 'utf8')), 'SIGUSR1');
    } catch (error) {
      // It has ended since.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

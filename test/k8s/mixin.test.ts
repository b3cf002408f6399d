/**
 * kubernetes-mixin over our page and over the kubelet's: one Prometheus scrapes both as two clusters, with the few series of kube-state-metrics that the queries join, written by hand. Its recording rules of
 * containers and the queries of its compute dashboards must have the same series from both, and the same values as far as two readings of a moment apart have.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { type Cluster, startCluster, untilPod } from '../support/cluster.ts';
import { pod, REST } from '../support/podspecs.ts';
import { type Prometheus, startPrometheus, type Value } from '../support/prometheus.ts';
import { waitFor } from '../support/wait.ts';

const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
const SOURCE = 'job="kubelet", metrics_path="/metrics/cadvisor"';
/** As the mixin joins the node; `topk` where a pod is told of twice. */
const WITH_NODE =
  '* on (cluster, namespace, pod) group_left(node) topk by (cluster, namespace, pod) (1, max by (cluster, namespace, pod, node) (kube_pod_info{node!=""}))';
const MEMORY = ['working_set_bytes', 'rss', 'cache', 'swap'];
/** Its rules that read a container's series; all its others read these, or kube-state-metrics alone. */
const CPU_RULE = 'node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate';
const RULES: ReadonlyMap<string, string> = new Map([
  [
    CPU_RULE,
    `sum by (cluster, namespace, pod, container) (irate(container_cpu_usage_seconds_total{${SOURCE}, image!=""}[5m])) ${WITH_NODE}`,
  ],
  ...MEMORY.map((what): [string, string] => [
    `node_namespace_pod_container:container_memory_${what}`,
    `container_memory_${what}{${SOURCE}, image!=""} ${WITH_NODE}`,
  ]),
]);
/** By pod, as its dashboards ask. */
const NETWORK = ['receive_bytes', 'transmit_bytes', 'receive_packets', 'receive_packets_dropped'];

let cluster: Cluster;
let agent: AgentStage;
let pages: HttpServer;
let prometheus: Prometheus;

/** `/kubelet` is its page, `/state` what kube-state-metrics would say. */
async function servePages(): Promise<string> {
  const { keys } = cluster;
  const read = (name: string): string => readFileSync(keys.path(name), 'utf8');
  const dispatcher = new Agent({
    connect: { ca: read('ca.crt'), cert: read('kubelet-client.crt'), key: read('kubelet-client.key') },
  });
  const state = ['web-0', 'rest-0']
    .map((name) => `kube_pod_info{namespace="default",pod="${name}",node="${cluster.node}"} 1\n`)
    .join('');
  const page = async (path: string | undefined): Promise<string> =>
    path === '/state' ? state : (await fetch(`${cluster.kubeletUrl}/metrics/cadvisor`, { dispatcher })).text();
  pages = createServer((request, response) => {
    const refuse = (error: unknown): void => void response.writeHead(500).end(String(error));
    page(request.url).then((text) => response.setHeader('content-type', 'text/plain').end(text), refuse);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  cluster = await startCluster();
  const { containerd } = cluster;
  const limits = { cpu: '100m', memory: '32Mi' };
  cluster.apply(
    pod('web-0', [
      { name: 'web', script: 'while :; do :; done', limits },
      { name: 'side', script: REST },
    ]),
    pod('rest-0', [{ name: 'rest', script: REST }]),
  );
  for (const name of ['web-0', 'rest-0']) await untilPod(cluster, name);
  agent = await startAgentStage(
    {
      engines: ['none'],
      runtimes: [`containerd:${containerd.state}:${containerd.root}`],
      pod_logs: containerd.logs,
      timestamps: true,
    },
    { become: POWERLESS },
  );
  const url = await servePages();
  const cadvisor = { job: 'kubelet', metrics_path: '/metrics/cadvisor' };
  prometheus = await startPrometheus({
    scrapes: ['ours', 'theirs'].flatMap((side) => [
      {
        job: `page-${side}`,
        url: side === 'ours' ? `${agent.program.agentUrl}/metrics/cadvisor` : `${url}/kubelet`,
        honorLabels: true,
        // A kubelet reads every ten seconds.
        intervalSeconds: 2,
        labels: { ...cadvisor, cluster: side },
      },
      { job: `state-${side}`, url: `${url}/state`, honorLabels: true, labels: { cluster: side } },
    ]),
    rules: stringify({
      groups: [{ name: 'containers', rules: [...RULES].map(([record, expr]) => ({ record, expr })) }],
    }),
  });
});

afterAll(async () => {
  await prometheus?.stop();
  pages?.closeAllConnections();
  pages?.close();
  await agent?.stop();
  await cluster?.stop();
});

/** By labels, without the cluster and those that the join leaves as they are on either page. */
async function answer(side: string, expr: string): Promise<Map<string, number>> {
  const keyOf = ({ labels }: Value): string =>
    JSON.stringify(['namespace', 'pod', 'container', 'node', 'device'].map((label) => labels[label] ?? ''));
  const all = await prometheus.query(expr.replaceAll('CLUSTER', side));
  const keyed = all.map((one): [string, number] => [keyOf(one), one.value]);
  expect(new Set(keyed.map(([key]) => key)).size).toBe(keyed.length);
  return new Map(keyed.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same series from both, and values that are within a share of each other, or below `floor` both; answers theirs. */
function untilSame(
  expr: string,
  { share, floor = 0, series }: { share: number; floor?: number; series: number },
): Promise<Map<string, number>> {
  return waitFor(
    async () => {
      const [ours, theirs] = await Promise.all(['ours', 'theirs'].map((side) => answer(side, expr)));
      expect([...(ours ?? []).keys()]).toEqual([...(theirs ?? []).keys()]);
      expect(theirs?.size).toBe(series);
      for (const [key, value] of theirs ?? []) {
        const own = ours?.get(key) ?? Number.NaN;
        const isNear = Math.abs(own - value) <= Math.max(share * Math.abs(value), floor);
        if (!isNear) throw new Error(`${expr}: ${key} is ${own}, the kubelet’s ${value}`);
      }
      return theirs;
    },
    { timeoutMs: 90_000, everyMs: 1000, what: `the same answers to ${expr}` },
  );
}

// On containerd before 2.0 our pause processes have no image, and the rules leave them out: a container's series are compared.
test('its recording rules: CPU and memory by container, with the node', async () => {
  // 100m by its limit: of ten seconds, between which the kubelet reads, a period of 0.1 s is a hundredth; of our second a tenth.
  const cpu = await untilSame(`${CPU_RULE}{cluster="CLUSTER", container!=""}`, { share: 0.2, floor: 0.005, series: 3 });
  const web = cpu.get(JSON.stringify(['default', 'web-0', 'web', cluster.node, '']));
  expect(web).toBeGreaterThan(0.08);
  expect(web).toBeLessThan(0.12);
  for (const what of MEMORY) {
    const rule = `node_namespace_pod_container:container_memory_${what}{cluster="CLUSTER", container!=""}`;
    await untilSame(rule, { share: 0.02, series: 3 });
  }
});

test('its dashboards: usage by namespace and pod, network by pod, throttling', async () => {
  await untilSame(`sum by (namespace) (${CPU_RULE}{cluster="CLUSTER", container!=""})`, { share: 0.2, series: 1 });
  const working = `sum by (pod) (container_memory_working_set_bytes{${SOURCE}, cluster="CLUSTER", container!="", image!=""})`;
  await untilSame(working, { share: 0.02, series: 2 });
  for (const what of NETWORK) {
    const rate = `sum by (pod) (irate(container_network_${what}_total{${SOURCE}, cluster="CLUSTER", namespace="default"}[5m]))`;
    // A packet now and then (IPv6 looks for neighbours): bytes a second.
    await untilSame(rate, { share: 0, floor: 100, series: 2 });
    // What they count is the same number, once nothing more comes.
    await untilSame(rate.replace(/irate\((.*)\[5m\]\)/, '$1'), { share: 0, series: 2 });
  }
  const of = (what: string): string =>
    `sum by (container, pod, namespace) (increase(container_cpu_cfs_${what}_total{${SOURCE}, cluster="CLUSTER", container!=""}[5m]))`;
  // All day at its limit.
  const throttled = await untilSame(`${of('throttled_periods')} / ${of('periods')}`, { share: 0.05, series: 1 });
  expect([...throttled.values()][0]).toBeGreaterThan(0.9);
});

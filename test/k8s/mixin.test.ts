/**
 * kubernetes-mixin over our page and over the kubelet's: one Prometheus scrapes both as two clusters, with the few series of kube-state-metrics that the queries join, written by hand. Its recording rules of
 * containers and the queries of its compute and network dashboards (mixinqueries.ts) must have the same series from both, and the same values as far as two readings of a moment apart have.
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
import { CPU_RULES, type Kind, MEMORY_RULES, PANELS, type Panel, RULES, SOURCE } from './mixinqueries.ts';

/** 64 kB are on the disk twice a second. */
const WRITE = 'while :; do dd if=/dev/zero of=/tmp/held bs=64k count=1 conv=fsync; sleep 0.5; done';
const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
let cluster: Cluster;
let agent: AgentStage;
let pages: HttpServer;
let prometheus: Prometheus;

/** What containers ask for and may use: the same of both. */
const QUOTAS: readonly (readonly [pod: string, container: string, cores: number, bytes: number])[] = [
  ['web-0', 'web', 0.1, 32 * 1024 * 1024],
  ['disk-0', 'disk', 0.2, 64 * 1024 * 1024],
];
const WORKLOADS = [
  ['web-0', 'web', 'deployment'],
  ['rest-0', 'rest', 'statefulset'],
  ['disk-0', 'disk', 'daemonset'],
] as const;

/** As kube-state-metrics and the mixin's rules over it would have it. */
function stateText(node: string): string {
  const lines = WORKLOADS.flatMap(([name, workload, type]) => {
    const which = `namespace="default",pod="${name}"`;
    return [
      `kube_pod_info{${which},node="${node}"} 1`,
      `namespace_workload_pod:kube_pod_owner:relabel{${which},workload="${workload}",workload_type="${type}"} 1`,
    ];
  });
  for (const what of ['requests', 'limits']) {
    const kube = `kube_pod_container_resource_${what}`;
    for (const [at, resource] of ['cpu', 'memory'].entries()) {
      const all = QUOTAS.map(([name, container, ...asked]) => ({
        which: `namespace="default",pod="${name}",container="${container}",node="${node}"`,
        value: asked[at] ?? 0,
      }));
      lines.push(
        ...all.map(({ which, value }) => `${kube}{${which},resource="${resource}"} ${value}`),
        ...all.map(({ which, value }) => `cluster:namespace:pod_${resource}:active:${kube}{${which}} ${value}`),
        `namespace_${resource}:${kube}:sum{namespace="default"} ${all.reduce((sum, { value }) => sum + value, 0)}`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `/kubelet` is its page, `/state` what kube-state-metrics would say. */
async function servePages(): Promise<string> {
  const { keys } = cluster;
  const read = (name: string): string => readFileSync(keys.path(name), 'utf8');
  const dispatcher = new Agent({
    connect: { ca: read('ca.crt'), cert: read('kubelet-client.crt'), key: read('kubelet-client.key') },
  });
  const state = stateText(cluster.node);
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
    pod('disk-0', [{ name: 'disk', script: WRITE, limits: { cpu: '200m', memory: '64Mi' } }]),
  );
  for (const [name] of WORKLOADS) await untilPod(cluster, name);
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
        // The node is put there by relabelling, in both scrapes.
        labels: { ...cadvisor, cluster: side, node: cluster.node },
      },
      {
        job: `state-${side}`,
        url: `${url}/state`,
        honorLabels: true,
        labels: { job: 'kube-state-metrics', cluster: side },
      },
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
    JSON.stringify(['namespace', 'pod', 'container', 'node', 'workload'].map((label) => labels[label] ?? ''));
  const all = await prometheus.query(expr.replaceAll('CLUSTER', side));
  const keyed = all.map((one): [string, number] => [keyOf(one), one.value]);
  expect(new Set(keyed.map(([key]) => key)).size).toBe(keyed.length);
  return new Map(keyed.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Near {
  /** Of theirs. */
  readonly share: number;
  /** What makes no difference. */
  readonly floor?: number;
  /** How many there are; at least one if it is not said. */
  readonly series?: number;
}

/** The same series from both, and values that are near each other; answers theirs. */
function untilSame(expr: string, { share, floor = 0, series }: Near): Promise<Map<string, number>> {
  return waitFor(
    async () => {
      const [ours, theirs] = await Promise.all(['ours', 'theirs'].map((side) => answer(side, expr)));
      expect([...(ours ?? []).keys()]).toEqual([...(theirs ?? []).keys()]);
      if (series === undefined) expect(theirs?.size).toBeGreaterThan(0);
      else expect(theirs?.size).toBe(series);
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

/**
 * 100m by its limit: of ten seconds, between which the kubelet reads, a period of 0.1 s is a hundredth; of our second a tenth. A share of a request of 100m has a tenth of the floor in it. The network has a
 * packet now and then (IPv6 looks for neighbours); the writer's pace is the disk's.
 */
const NEAR: Readonly<Record<Kind, Near>> = {
  cores: { share: 0.2, floor: 0.005 },
  'cpu share': { share: 0.2, floor: 0.05 },
  memory: { share: 0.02 },
  throttling: { share: 0.05 },
  network: { share: 0, floor: 100 },
  disk: { share: 0.3, floor: 1 },
};

// On containerd before 2.0 our pause processes have no image, and the rules leave them out: a container's series are compared.
test('its recording rules: CPU and memory by container, with the node', async () => {
  const [overMinutes = '', now = ''] = CPU_RULES.map((rule) => `${rule}{cluster="CLUSTER", container!=""}`);
  const cpu = await untilSame(now, { ...NEAR.cores, series: 4 });
  const web = cpu.get(JSON.stringify(['default', 'web-0', 'web', cluster.node, '']));
  expect(web).toBeGreaterThan(0.08);
  expect(web).toBeLessThan(0.12);
  // Of which most were before the first scrape: the same share of the five on both sides.
  await untilSame(overMinutes, { ...NEAR.cores, series: 4 });
  for (const rule of MEMORY_RULES) {
    await untilSame(`${rule}{cluster="CLUSTER", container!=""}`, { ...NEAR.memory, series: 4 });
  }
});

const byDashboard = [...new Set(PANELS.map(({ dashboard }) => dashboard))].map((dashboard): [string, Panel[]] => [
  dashboard,
  PANELS.filter((one) => one.dashboard === dashboard),
]);

test.each(byDashboard)('its dashboard %s: each panel’s query has the same answers', async (_dashboard, panels) => {
  const outcomes = await Promise.all(
    panels.map(({ panel, kind, expr }) =>
      untilSame(expr, NEAR[kind]).then(
        () => [],
        (error: Error) => [`${panel}: ${error.message}`],
      ),
    ),
  );
  const faults = outcomes.flat();
  console.log(`${panels.length} panels, ${faults.length} differ`);
  expect(faults).toEqual([]);
});

test('what interfaces have counted is the same number, once nothing more comes', async () => {
  for (const what of ['receive_bytes', 'transmit_bytes', 'receive_packets', 'receive_packets_dropped']) {
    const counted = `sum by (pod) (container_network_${what}_total{${SOURCE}, cluster="CLUSTER", namespace="default"})`;
    await untilSame(counted, { share: 0, series: 3 });
  }
});

test('one that always wants more than its limit is throttled in most periods, by both', async () => {
  const throttling = PANELS.find(({ dashboard, kind }) => dashboard === 'pod' && kind === 'throttling') as Panel;
  const throttled = await untilSame(throttling.expr, { ...NEAR.throttling, series: 1 });
  // Where the machine is busy it does not get as much as it may have, now and then.
  expect([...throttled.values()][0]).toBeGreaterThan(0.5);
});

/** Kubelets that are asked over real HTTP, with a clock that the test moves: what their summaries become, what they cannot tell, one that hangs, one that refuses. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startKubelets } from '../../../collector/kubelet/poll.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { pairsOf } from '../../../src/model/labels.ts';
import { fakeClock } from '../../support/clock.ts';
import { talkingLog } from '../../support/talkinglog.ts';
import { waitFor } from '../../support/wait.ts';

const TIME = '2026-11-26T12:00:05Z';
const used = (nanos: number, bytes: number) => ({
  startTime: '2026-11-26T11:00:00Z',
  cpu: { time: TIME, usageNanoCores: 1, usageCoreNanoSeconds: nanos },
  memory: { time: TIME, usageBytes: bytes * 2, workingSetBytes: bytes, rssBytes: 5, pageFaults: 7, majorPageFaults: 1 },
});
const eth0 = { name: 'eth0', rxBytes: 1000, rxErrors: 1, txBytes: 2000, txErrors: 0 };
const hosts = { name: 'ens3', rxBytes: 70_000, rxErrors: 0, txBytes: 90_000, txErrors: 0 };

/** In the shape of a kubelet 1.20's, cut down. */
const SUMMARY = {
  node: {
    nodeName: 'node-1',
    ...used(9e9, 1000),
    network: { time: TIME, ...hosts, interfaces: [hosts, { ...eth0, name: 'cni0' }] },
  },
  pods: [
    {
      podRef: { name: 'web-0', namespace: 'shop', uid: 'u1' },
      ...used(3_436_000_000, 300),
      containers: [
        { name: 'web', ...used(2_710_000_000, 200) },
        { name: 'young', startTime: TIME },
      ],
      network: { time: TIME, ...eth0, interfaces: [eth0] },
    },
    {
      podRef: { name: 'proxy', namespace: 'kube-system', uid: 'u2' },
      ...used(1e9, 100),
      containers: [],
      // The kubelet repeats the host's for it, read a moment later.
      network: { time: TIME, ...hosts, interfaces: [{ ...hosts, rxBytes: 70_500 }] },
    },
    { podRef: 'nonsense' },
  ],
};

type Answer = (response: ServerResponse, path: string) => void;
const summary: Answer = (response) => void response.end(JSON.stringify(SUMMARY));

async function kubelet(answer: Answer): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    answer(response, request.url ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

function start(nodes: readonly string[], more: object = {}) {
  const { kubelets: defaults } = loadConfig({ env: {}, flags: new Map() }).collector;
  const clock = fakeClock();
  const batches: Batch[] = [];
  const settings = { ...defaults, nodes: [...nodes], token: 'secret', ...more };
  const kubelets = startKubelets({ settings, accept: (batch) => void batches.push(batch), clock, log: talkingLog() });
  onTestFinished(() => kubelets.stop());
  return { clock, batches, kubelets };
}

/** `metric{labels} value`, with the kind of whom it is of. */
function linesOf(batch: Batch): string[] {
  return batch.tables.flatMap(({ shape, rows, values, timesMs }) =>
    rows.flatMap(({ labels, entity }, r) =>
      shape.columns.flatMap(({ metric, labels: fixed }, c) => {
        const value = values[c * rows.length + r] as number;
        expect(timesMs[r]).toBe(Date.parse(TIME));
        const all = [...pairsOf(labels), ...fixed].map(([name, text]) => `${name}=${text}`).join(',');
        return Number.isNaN(value) ? [] : [`${entity.kind} ${metric}{${all}} ${value}`];
      }),
    ),
  );
}

test('a summary becomes the numbers of containers, pods and the node, under its own times; what it does not tell is absent', async () => {
  const { url, asked } = await kubelet(summary);
  const { batches } = start([`node-1=${url}`]);
  await waitFor(() => batches.length === 1);
  expect(asked).toEqual(['/stats/summary Bearer secret']);
  expect(batches[0]).toMatchObject({ node: 'node-1', seq: 1, intervalMs: 15_000 });
  const lines = linesOf(batches[0] as Batch);
  const web = 'container=web,namespace=shop,pod=web-0';
  expect(lines.filter((line) => line.startsWith('container '))).toEqual([
    `container container_cpu_usage_seconds_total{${web},cpu=total} 2.71`,
    `container container_memory_usage_bytes{${web}} 400`,
    `container container_memory_working_set_bytes{${web}} 200`,
    `container container_memory_rss{${web}} 5`,
    `container container_memory_failures_total{${web},failure_type=pgfault,scope=hierarchy} 7`,
    `container container_memory_failures_total{${web},failure_type=pgmajfault,scope=hierarchy} 1`,
  ]);
  expect(lines).toContain('cgroup container_cpu_usage_seconds_total{namespace=shop,pod=web-0,cpu=total} 3.436');
  expect(lines).toContain('host container_memory_working_set_bytes{id=/} 1000');
  // The pod's interface once; of the node the one that leads out; of a pod on the host's network none.
  expect(lines.filter((line) => line.includes('receive_bytes'))).toEqual([
    'host container_network_receive_bytes_total{id=/,interface=ens3} 70000',
    'sandbox container_network_receive_bytes_total{interface=eth0,namespace=shop,pod=web-0} 1000',
  ]);
});

/** In the words of a kubelet 1.20, and the start time that one has since 1.29. */
const RESOURCE = `# HELP container_cpu_usage_seconds_total [ALPHA] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="web",namespace="shop",pod="web-0"} 2.71 ${Date.parse(TIME)}
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="web",namespace="shop",pod="web-0"} 2.048e+06 ${Date.parse(TIME)}
container_start_time_seconds{container="web",namespace="shop",pod="web-0"} 1.7957646e+09
node_cpu_usage_seconds_total 9 ${Date.parse(TIME)}
node_memory_working_set_bytes 1000 ${Date.parse(TIME)}
pod_cpu_usage_seconds_total{namespace="shop",pod="web-0"} 3.436 ${Date.parse(TIME)}
scrape_error 0
`;

test('where the summary may not be read, its resource metrics are: CPU time and working sets', async () => {
  const { url, asked } = await kubelet((response, path) => {
    if (path === '/metrics/resource') return response.end(RESOURCE);
    response.writeHead(403);
    return response.end('Forbidden');
  });
  const { batches } = start([`node-1=${url}`]);
  await waitFor(() => batches.length === 1);
  expect(asked).toEqual(['/stats/summary Bearer secret', '/metrics/resource Bearer secret']);
  expect(linesOf(batches[0] as Batch)).toEqual([
    'host container_cpu_usage_seconds_total{id=/,cpu=total} 9',
    'cgroup container_cpu_usage_seconds_total{namespace=shop,pod=web-0,cpu=total} 3.436',
    'container container_cpu_usage_seconds_total{container=web,namespace=shop,pod=web-0,cpu=total} 2.71',
    'host container_memory_working_set_bytes{id=/} 1000',
    'container container_memory_working_set_bytes{container=web,namespace=shop,pod=web-0} 2048000',
  ]);
  expect(batches[0]?.tables[0]?.rows[2]?.entity.startMs).toBe(1_795_764_600_000);
});

test('rows are the same objects from one answer to the next', async () => {
  const { url } = await kubelet(summary);
  const { clock, batches } = start([`node-1=${url}`]);
  await waitFor(() => batches.length === 1);
  await clock.advance(15_000);
  await waitFor(() => batches.length === 2);
  expect(batches[1]?.tables[0]?.rows[0]).toBe(batches[0]?.tables[0]?.rows[0]);
  expect(batches[1]).toMatchObject({ seq: 2, session: batches[0]?.session });
});

test('one that hangs is given up at its deadline, keeps its own place alone, and is told of', async () => {
  const hung = await kubelet(() => undefined);
  const well = await kubelet(summary);
  const { clock, batches, kubelets } = start([`a=${hung.url}`, `b=${well.url}`, `c=${well.url}`], { at_a_time: 2 });
  await waitFor(() => batches.length === 2 && hung.asked.length === 1);
  expect(batches.map(({ node }) => node)).toEqual(['b', 'c']);
  await clock.advance(5000);
  await waitFor(() => kubelets.up().size === 3);
  expect(kubelets.up()).toEqual(
    new Map([
      ['a', false],
      ['b', true],
      ['c', true],
    ]),
  );
});

test('while one is being asked it is not asked again', async () => {
  const hung = await kubelet(() => undefined);
  const { clock } = start([`a=${hung.url}`], { interval: 1000, deadline: 60_000 });
  await waitFor(() => hung.asked.length === 1);
  await clock.advance(5000);
  expect(hung.asked).toHaveLength(1);
});

test.each([
  [403, 'Forbidden (user=agent, verb=get, resource=nodes, subresource=stats)'],
  [200, '{"kind":"other"}'],
  [200, 'not json'],
])('an answer that is none (%d %s) brings nothing, and the next one may be well', async (code, text) => {
  let broken = true;
  const { url } = await kubelet((response, path) => {
    if (!broken) return summary(response, path);
    response.writeHead(code);
    response.end(text);
  });
  const { clock, batches, kubelets } = start([`a=${url}`]);
  await waitFor(() => kubelets.up().get('a') === false);
  expect(batches).toEqual([]);
  broken = false;
  await clock.advance(15_000);
  await waitFor(() => kubelets.up().get('a') === true);
  expect(batches).toHaveLength(1);
});

test('a node that is not written NODE=URL is refused, with what is legal', () => {
  expect(() => start(['https://10.0.0.1:10250'])).toThrow(
    'collector.kubelets.nodes: "https://10.0.0.1:10250" is no kubelet; use NODE=URL, such as node-1=https://10.0.0.1:10250',
  );
});

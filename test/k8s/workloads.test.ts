/**
 * An agent that asks a real API server, with the rights of deploy/kubernetes/with-api: workloads, labels and requests; rights that are withdrawn one by one; the server away for a minute, in which names and
 * numbers go on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { Page } from '../support/page.ts';
import { cronJob, deployment, pod, REST, runOf } from '../support/podspecs.ts';
import { waitFor } from '../support/wait.ts';

const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
const RIGHTS = fileURLToPath(new URL('../../deploy/kubernetes/with-api/rights.yaml', import.meta.url));
const AWAY_MS = 60_000;
const USAGE = 'container_cpu_usage_seconds_total';

interface Rule {
  readonly resources: readonly string[];
}
interface Manifest {
  readonly kind: string;
  readonly rules?: readonly Rule[];
}

let cluster: Cluster;
let agent: AgentStage;

const rights = (): Manifest[] => parseAllDocuments(readFileSync(RIGHTS, 'utf8')).map((one) => one.toJS() as Manifest);

/** The rights as they are shipped, but for some. */
function grant(without: readonly string[] = []): void {
  const left = rights().map((one) =>
    one.rules === undefined
      ? one
      : { ...one, rules: one.rules.filter(({ resources }) => !resources.some((name) => without.includes(name))) },
  );
  const namespaced = left.map((one) =>
    one.kind === 'ServiceAccount' ? { ...one, metadata: { name: 'plimsoll-agent', namespace: 'plimsoll' } } : one,
  );
  cluster.apply(...namespaced);
}

beforeAll(async () => {
  cluster = await startCluster();
  const { containerd, keys } = cluster;
  cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'plimsoll' } });
  grant();
  const token = keys.path('agent-token');
  writeFileSync(token, cluster.token('plimsoll', 'plimsoll-agent'));
  agent = await startAgentStage(
    {
      engines: ['none'],
      runtimes: [`containerd:${containerd.state}:${containerd.root}`],
      pod_logs: containerd.logs,
      kubernetes: {
        api: cluster.apiUrl,
        token_file: token,
        tls: { ca: keys.path('ca.crt') },
        pod_labels: ['app'],
        requests: true,
      },
    },
    { become: POWERLESS, env: { PLIMSOLL_NODE: cluster.node } },
  );
});

afterAll(async () => {
  await agent?.stop();
  await cluster?.stop();
});

/** The labels of a container's series, once they are as wanted. */
function untilLabels(container: string, wanted: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const labelsOf = (page: Page): Record<string, string> =>
    Object.fromEntries(page.all(USAGE, { container })[0]?.labels ?? []);
  const isThere = (labels: Record<string, string>): boolean =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return waitFor(async () => [labelsOf(await agent.page())].find(isThere), {
    timeoutMs: 100_000,
    everyMs: 500,
    what: `${container} with ${JSON.stringify(wanted)}`,
  });
}

const up = (page: Page): number => page.value('plimsoll_source_up', { source: 'kubernetes' });

function startCron(run: string): void {
  const uid = cluster.kubectl(['get', 'cronjob', 'nightly', '-o', 'jsonpath={.metadata.uid}']);
  cluster.apply(runOf('nightly', uid, run));
}

test('a Deployment’s pod and a CronJob’s have their workload and the label that is allowed, and what they ask for', async () => {
  const requests = { cpu: '50m', memory: '16Mi' };
  cluster.apply(
    deployment('web', [{ name: 'web', script: REST, requests }]),
    pod('lone', [{ name: 'lone', script: REST }]),
    cronJob('nightly'),
  );
  startCron('nightly-1');
  expect(await untilLabels('web', { workload: 'web', workload_type: 'deployment' })).toMatchObject({
    namespace: 'default',
    pod_label_app: 'web',
  });
  await untilLabels('nightly', { workload: 'nightly', workload_type: 'cronjob' });
  await untilLabels('lone', { workload: 'lone', workload_type: 'barepod' });
  const page = await agent.page();
  expect(page.value('container_spec_cpu_request_cores', { container: 'web' })).toBe(0.05);
  expect(page.value('container_spec_memory_request_bytes', { container: 'web' })).toBe(16 * 1024 * 1024);
  expect(page.all('container_spec_memory_request_bytes', { container: 'lone' })).toEqual([]);
  expect(up(page)).toBe(1);
  expect(agent.program.check(POWERLESS)).toMatch(/ok {2}API: {7}the Kubernetes API server tells of [1-9]\d* pods/);
});

test('rights withdrawn one by one: what they gave is missing, it is said, and all else goes on', async () => {
  grant(['jobs']);
  cluster.kubectl(['delete', 'job', 'nightly-1']);
  startCron('nightly-2');
  await untilLabels('nightly', { workload: 'nightly-2', workload_type: 'job' });
  expect(agent.program.check(POWERLESS)).toContain(
    'does not let us get jobs.batch: runs of CronJobs are shown as Jobs',
  );
  grant(['jobs', 'replicasets']);
  cluster.apply(deployment('api', [{ name: 'api', script: REST }]));
  await untilLabels('api', { workload: 'api', workload_type: 'deployment' });
  grant(['jobs', 'replicasets', 'pods']);
  // A watch that goes on is not broken off by that: the next one is refused.
  const said = agent.program.check(POWERLESS);
  expect(said).toMatch(
    /lets nobody like us list and watch pods \(pods is forbidden: .*\); see deploy\/kubernetes\/with-api/,
  );
  expect(said).toMatch(/ok {2}source cgroup: [1-9]\d* samples/);
  grant();
});

test('the API server away for a minute: names and numbers go on, a new container has its name, and later its workload', async () => {
  await cluster.api.end('SIGKILL');
  await agent.until('agent', (page) => up(page) === 0, 'the API server to be missed');
  // Nobody but the kubelet can make one now.
  cluster.applyStatic('late', pod('late', [{ name: 'late', script: REST }]));
  const began = performance.now();
  const wrong: string[] = [];
  await waitFor(
    async () => {
      const page = await agent.page();
      const [web] = page.all(USAGE, { container: 'web' });
      if (web?.labels.get('workload') !== 'web' || up(page) !== 0)
        wrong.push(`${[...(web?.labels ?? [])].join(' ')} up ${up(page)}`);
      return (
        performance.now() - began > AWAY_MS && page.all(USAGE, { container: 'late', pod: 'late-node-1' }).length === 1
      );
    },
    { timeoutMs: AWAY_MS + 60_000, everyMs: 1000, what: 'a minute' },
  );
  expect(wrong).toEqual([]);
  const before = (await agent.page()).value('container_last_seen', { container: 'web' });
  await cluster.api.start();
  // Attempts are at most half a minute apart.
  await waitFor(async () => up(await agent.page()) === 1, {
    timeoutMs: 60_000,
    what: 'the API server to be heard again',
  });
  expect((await agent.page()).value('container_last_seen', { container: 'web' })).toBeGreaterThan(before);
  await untilLabels('late', { workload: 'late-node-1', workload_type: 'staticpod' });
});

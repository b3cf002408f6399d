/**
 * Our `/metrics/cadvisor` beside the kubelet's own, of a real kubelet over a real containerd: every family, every series, its labels and its value. The kubelet's numbers are up to some ten seconds
 * old and say when they were read: ours of the moments around must enclose them. What differs is in a list, each with its reason.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { type Cluster, startCluster, untilPod } from '../support/cluster.ts';
import { pod, REST } from '../support/podspecs.ts';
import { type ParsedSample, parsePromText } from '../support/promtext.ts';
import { waitFor } from '../support/wait.ts';
import { DIFFERENCES, LABELS } from './differences.ts';

const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
/** Of the kubelet's readings: two of every container. */
const WATCHED_MS = 25_000;

let cluster: Cluster;
let agent: AgentStage;
let top: string;

beforeAll(async () => {
  cluster = await startCluster();
  const { containerd } = cluster;
  top = containerd.kubepods.replace(/\/kubepods$/, '');
  const limits = { cpu: '100m', memory: '32Mi' };
  cluster.apply(
    pod(
      'web-0',
      [
        { name: 'web', script: 'while :; do :; done', requests: { cpu: '50m', memory: '16Mi' }, limits },
        { name: 'side', script: REST },
      ],
      { init: [{ name: 'init', script: 'exit 0' }] },
    ),
    pod('even-0', [{ name: 'even', script: REST, requests: limits, limits }]),
    pod('host-0', [{ name: 'host', script: REST }], { hostNetwork: true }),
  );
  for (const name of ['web-0', 'even-0', 'host-0']) await untilPod(cluster, name);
  agent = await startAgentStage(
    {
      engines: ['none'],
      runtimes: [`containerd:${containerd.state}:${containerd.root}`],
      pod_logs: containerd.logs,
      cgroups: [`${top}/kubepods`, `${top}/kubepods/*`],
      families: ['process', 'ulimit'],
      timestamps: true,
    },
    { become: POWERLESS },
  );
});

afterAll(async () => {
  await agent?.stop();
  await cluster?.stop();
});

interface Reading {
  readonly timeMs: number;
  readonly value: number;
}

const kubelet = (): ParsedSample[] => {
  const text = cluster.kubectl(['get', '--raw', `/api/v1/nodes/${cluster.node}/proxy/metrics/cadvisor`]);
  return samplesOf(text);
};

function samplesOf(text: string): ParsedSample[] {
  return [...parsePromText(text, 'text').values()].flatMap(({ samples }) => samples);
}

/** Labels without the empty ones, which to Prometheus are none. */
function fullLabels({ labels }: Pick<ParsedSample, 'labels'>): Map<string, string> {
  return new Map([...labels].filter(([, value]) => value !== ''));
}

function keyOf(sample: Pick<ParsedSample, 'name' | 'labels'>): string {
  const labels = fullLabels(sample);
  const left = new Set(LABELS.filter(({ when }) => when(labels)).map(({ label }) => label));
  const own = [...labels].filter(([label]) => !left.has(label)).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${sample.name}${JSON.stringify(own)}`;
}

async function watched(): Promise<{ ours: Map<string, Reading[]>; theirs: ParsedSample[] }> {
  const ours = new Map<string, Reading[]>();
  let latestMs = 0;
  const look = async (): Promise<void> => {
    const text = await (await fetch(`${agent.program.agentUrl}/metrics/cadvisor`)).text();
    for (const sample of samplesOf(text)) {
      const key = keyOf(sample);
      const timeMs = Number(sample.time ?? 0);
      if (sample.name === 'container_last_seen') latestMs = Math.max(latestMs, timeMs);
      ours.set(key, [...(ours.get(key) ?? []), { timeMs, value: sample.value }]);
    }
  };
  const lookUntil = (isEnough: () => boolean, what: string) =>
    waitFor(async () => look().then(isEnough), { timeoutMs: 120_000, everyMs: 500, what });
  const until = performance.now() + WATCHED_MS;
  await lookUntil(() => performance.now() > until, 'readings before the kubelet’s');
  const theirs = kubelet();
  const askedMs = Date.now();
  await lookUntil(() => latestMs > askedMs, 'a reading after the kubelet’s');
  return { ours, theirs };
}

/** Whether our readings around the moment enclose the value; what has no moment does not change. */
function encloses(ours: readonly Reading[], { time, value }: ParsedSample): boolean {
  if (time === undefined) return ours.at(-1)?.value === value;
  const after = ours.findIndex(({ timeMs }) => timeMs > Number(time));
  if (after < 0) return false;
  const around = ours.slice(Math.max(0, after - 2), after + 2).map((one) => one.value);
  const slack = Math.abs(value) * 1e-9;
  return value >= Math.min(...around) - slack && value <= Math.max(...around) + slack;
}

/** `equal`; why it is not; or undefined. */
function judged(sample: ParsedSample, known: readonly Reading[] | undefined): string | undefined {
  if (known !== undefined && encloses(known, sample)) return 'equal';
  const found = known === undefined ? 'missing' : 'other';
  const labels = fullLabels(sample);
  return DIFFERENCES.find(
    (one) =>
      one.found === found &&
      one.metric.test(sample.name) &&
      one.when(labels) &&
      (one.holds?.(sample.value, known?.at(-1)?.value ?? Number.NaN) ?? true),
  )?.why;
}

test('every series of the kubelet’s is ours too, with its labels and its value, or there is a reason', async () => {
  const { ours, theirs } = await watched();
  const compared = theirs.filter(({ labels }) => (labels.get('id') ?? '').startsWith(`${top}/kubepods`));
  expect(compared.length).toBeGreaterThan(300);
  const counts = new Map<string, number>();
  const unexplained: string[] = [];
  for (const sample of compared) {
    const key = keyOf(sample);
    const known = ours.get(key);
    const word = judged(sample, known);
    if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
    else {
      const last = known?.slice(-4).map(({ timeMs, value }) => `${value} @${timeMs}`);
      unexplained.push(`${key} ${sample.value} @${sample.time} ours ${last?.join(' ') ?? 'missing'}`);
    }
  }
  console.log([`of ${compared.length}:`, ...[...counts].map(([why, count]) => `${count} ${why}`)].join('\n'));
  expect(unexplained).toEqual([]);
  expect(counts.get('equal')).toBeGreaterThan(compared.length / 2);
  // A reason that is no longer one goes.
  expect(DIFFERENCES.filter(({ why }) => !counts.has(why))).toEqual([]);
});

test('the pod’s own cgroup has what its ended init container used: more than its containers together', async () => {
  const page = await agent.page();
  const metric = 'container_cpu_usage_seconds_total';
  const of = page.all(metric, { pod: 'web-0' });
  const own = of.find(({ labels }) => !labels.has('name'))?.value ?? 0;
  const containers = of.filter(({ labels }) => labels.has('name')).reduce((sum, { value }) => sum + value, 0);
  expect(own).toBeGreaterThan(containers);
});

/**
 * Pods on a real containerd, found by its files alone, by an agent that is root without a capability: names as the kubelet gives them, figures as the kernel has them, ends with
 * their codes, and nothing of a container's environment anywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { expectBracketed, expectEqual } from '../support/bracket.ts';
import { type Containerd, type Pod, startContainerd } from '../support/containerd.ts';
import { requirePrograms } from '../support/install.ts';
import { cpuReader, memoryGauges } from '../support/kernel.ts';
import type { Page } from '../support/page.ts';

const REST = 'trap "exit 0" TERM; sleep 100000 & wait';
const SECRET = 'hunter2-do-not-tell';
/** Root with nothing but its user id: what the DaemonSet's container has. */
const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];

let containerd: Containerd;
let agent: AgentStage;
let web: Pod;
let id: string;

beforeAll(async () => {
  requirePrograms('containerd', 'runc', 'ctr', 'setpriv');
  containerd = await startContainerd();
  web = await containerd.runPod({ name: 'web-0', namespace: 'shop' });
  id = await web.run({ name: 'web', script: REST, memory: 33_554_432, env: { PASSWORD: SECRET } });
  const runtimes = [`containerd:${containerd.state}:${containerd.root}`];
  agent = await startAgentStage({ engines: ['none'], runtimes, pod_logs: containerd.logs }, { become: POWERLESS });
});

afterAll(async () => {
  await agent?.stop();
  await containerd?.stop();
});

/** The labels that tell whose a series is. */
function ownLabels(page: Page, metric: string, match: Readonly<Record<string, string>>): Record<string, string> {
  const [series, ...more] = page.all(metric, match);
  expect(more).toEqual([]);
  return Object.fromEntries(series?.labels ?? []);
}

/** containerd tells the image of pause in its bundle since 2.0; before that nothing on the disk does. */
function pauseImage(): { image?: string } {
  const config = readFileSync(
    join(containerd.state, 'io.containerd.runtime.v2.task/k8s.io', web.id, 'config.json'),
    'utf8',
  );
  return config.includes('podsandbox.image-name') ? { image: 'plimsoll.test/pause:1' } : {};
}

function exitCode(name: string): Promise<number> {
  const code = (page: Page): number[] => page.all('container_exit_code', { name }).map(({ value }) => value);
  return agent
    .until('agent', (page) => code(page).length === 1 && code(page), `the exit code of ${name}`)
    .then(([c]) => c as number);
}

test('a container, its pause process and its pod have the labels that the kubelet gives them', async () => {
  const page = await agent.until('agent', (p) => p.all('container_threads', { name: id }).length === 1 && p, 'the pod');
  const metric = 'container_memory_usage_bytes';
  const pod = { namespace: 'shop', pod: 'web-0' };
  expect(ownLabels(page, metric, { name: id })).toEqual({
    ...pod,
    container: 'web',
    id: `${web.cgroup}/${id}`,
    image: 'plimsoll.test/busybox:1',
    name: id,
  });
  expect(ownLabels(page, metric, { name: web.id })).toEqual({
    ...pod,
    id: `${web.cgroup}/${web.id}`,
    ...pauseImage(),
    name: web.id,
  });
  expect(ownLabels(page, metric, { id: web.cgroup })).toEqual({ ...pod, id: web.cgroup });
});

test('figures are the kernel’s: the container’s, and the limit that it was given', async () => {
  const container = { name: id };
  await expectBracketed(agent, {
    container,
    shown: [{ metric: 'container_cpu_usage_seconds_total', kernel: cpuReader(id) }],
    views: ['agent'],
  });
  await expectEqual(agent, { container, shown: memoryGauges(id).slice(0, 4), views: ['agent'] });
  expect((await agent.page()).value('container_spec_memory_limit_bytes', container)).toBe(33_554_432);
});

test('a pod’s interfaces are counted once, on its pause process; a pod on the host’s network has none', async () => {
  const host = await containerd.runPod({ name: 'proxy-0', namespace: 'kube-system', hostNetwork: true });
  const inside = await host.run({ name: 'proxy', script: REST });
  const page = await agent.until(
    'agent',
    (p) => p.all('container_threads', { name: inside }).length === 1 && p,
    'the proxy',
  );
  const metric = 'container_network_receive_bytes_total';
  const received = page.all(metric, { namespace: 'shop', pod: 'web-0' });
  expect(received.map(({ labels }) => [labels.get('name'), labels.get('interface')])).toEqual([[web.id, 'eth0']]);
  expect(page.all(metric, { namespace: 'kube-system' })).toEqual([]);
  await host.remove();
});

test('a crash is told with its code, and the attempt after it as a restart', async () => {
  const crashing = await containerd.runPod({ name: 'crash-0' });
  const first = await crashing.run({ name: 'app', script: 'exit 3' });
  expect(await exitCode(first)).toBe(3);
  const second = await crashing.run({ name: 'app', script: REST, attempt: 1 });
  const page = await agent.until(
    'agent',
    (p) => p.all('container_restarts_total', { name: second }).length > 0 && p,
    'the restart',
  );
  expect(page.value('container_restarts_total', { name: second })).toBe(1);
  expect(page.value('container_restarts_total', { name: first })).toBe(0);
  expect(page.value('container_state', { name: second, state: 'running' })).toBe(1);
  await crashing.remove();
});

test('of 20 that exit at once each is seen, with its code', async () => {
  const burst = await containerd.runPod({ name: 'burst-0', qos: 'besteffort' });
  const all = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => ({
      code: i + 1,
      id: await burst.run({ name: `job${i}`, script: `exit ${i + 1}` }),
    })),
  );
  const told = await Promise.all(all.map(async (one) => [one.code, await exitCode(one.id)]));
  expect(told).toEqual(all.map(({ code }) => [code, code]));
  await burst.remove();
});

test('one that the kernel killed for want of memory is said to be', async () => {
  const hungry = await containerd.runPod({ name: 'hungry-0', qos: 'guaranteed' });
  const eater = await hungry.run({ name: 'eat', script: 'exec tail /dev/zero', memory: 16_777_216 });
  expect(await exitCode(eater)).toBe(137);
  expect((await agent.page()).value('container_oom_killed', { name: eater })).toBe(1);
  await hungry.remove();
});

test('a pod made anew under its name is another, and of the old one nothing stays', async () => {
  const old = await containerd.runPod({ name: 'db-0', namespace: 'shop' });
  const before = await old.run({ name: 'db', script: REST });
  await agent.until('agent', (p) => p.all('container_threads', { name: before }).length === 1, 'the old one');
  await old.remove();
  const young = await containerd.runPod({ name: 'db-0', namespace: 'shop' });
  const after = await young.run({ name: 'db', script: REST });
  const page = await agent.until(
    'agent',
    (p) => p.all('container_threads', { name: after }).length === 1 && p,
    'the new one',
  );
  const ids = page.all('container_state', { pod: 'db-0', state: 'running' }).map(({ labels }) => labels.get('name'));
  expect(ids.sort()).toEqual([after, young.id].sort());
  await young.remove();
});

test('containerd killed and started again: names and numbers go on', async () => {
  await containerd.server.end('SIGKILL');
  await expectBracketed(agent, {
    container: { name: id },
    shown: [{ metric: 'container_cpu_usage_seconds_total', kernel: cpuReader(id) }],
    views: ['agent'],
  });
  await containerd.server.start();
  const later = await web.run({ name: 'side', script: 'exit 7' });
  expect(await exitCode(later)).toBe(7);
  const page = await agent.page();
  expect(page.value('container_state', { name: id, state: 'running' })).toBe(1);
});

test('nothing of a container’s environment is anywhere: not on the page, not in the log, not in what is kept', async () => {
  const { program } = agent;
  const kept = readdirSync(program.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = kept.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  const config = readFileSync(
    join(containerd.state, 'io.containerd.runtime.v2.task/k8s.io', id, 'config.json'),
    'utf8',
  );
  expect(config).toContain(SECRET);
  for (const text of [await program.metrics('agent'), ...texts]) expect(text).not.toContain(SECRET);
});

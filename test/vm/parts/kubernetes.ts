/**
 * A node of Kubernetes with systemd's cgroup driver: pods of containerd as slices and scopes, as a kubelet lays them out, found by the agent through containerd's files alone.
 * Names are the kubelet's, figures those of cgroup v2's files, for containers, sandboxes and pods; with runc, and with crun, whose processes are one cgroup further down.
 */
import { readFileSync } from 'node:fs';
import { type Containerd, type Pod, type PodOptions, startContainerd } from '../../support/containerd.ts';
import { waitFor } from '../../support/wait.ts';
import { type Sample, valueIn } from '../exposition.ts';
import { PATIENCE_MS, type Plimsoll } from '../plimsoll.ts';
import type { Report } from '../report.ts';
import { sideBySide, unitSideBySide } from '../sidebyside.ts';
import type { Stage } from '../stage.ts';

const REST = 'trap "exit 0" TERM; sleep 100000 & wait';
const BUSY = 'dd if=/dev/zero of=/tmp/held bs=64k count=64 conv=fsync; while :; do :; done';
const MIB = 1024 * 1024;
const CPU = 'container_cpu_usage_seconds_total';
const MEMORY = 'container_memory_usage_bytes';

interface Around {
  readonly report: Report;
  readonly plimsoll: Plimsoll;
  readonly containerd: Containerd;
}

export async function kubernetes({ report, watch }: Stage): Promise<void> {
  const containerd = await startContainerd({ driver: 'systemd', patienceMs: PATIENCE_MS });
  try {
    const runtimes = [`containerd:${containerd.state}:${containerd.root}`];
    const plimsoll = await watch({ engines: ['none'], runtimes, pod_logs: containerd.logs });
    const around = { report, plimsoll, containerd };
    const web = await together(around, { name: 'web-0', namespace: 'shop', memory: 96 * MIB });
    await ends(around);
    await runtimeRestarted(around, web);
    await web.pod.remove();
    const crun = await together(around, { name: 'crun-0', namespace: 'shop', qos: 'besteffort', runtime: 'crun' });
    await crun.pod.remove();
    await gone(around);
  } catch (error) {
    report.failed(
      'kubernetes',
      `${error instanceof Error ? error.stack : error}\n${containerd.server.log().slice(-4000)}`,
    );
  } finally {
    await containerd.stop();
  }
}

interface Together {
  readonly pod: Pod;
  readonly id: string;
}

/** A pod with one container under limits: what each is called, where it is, and every number of each. */
async function together(around: Around, options: PodOptions): Promise<Together> {
  const { report, plimsoll, containerd } = around;
  const { name, namespace = 'default' } = options;
  const pod = await containerd.runPod(options);
  const id = await pod.run({ name: 'app', script: BUSY, memory: 64 * MIB, cores: 0.2 });
  const samples = await untilRead(plimsoll, [scopeOf(pod, id), scopeOf(pod, pod.id), pod.cgroup]);
  report.same(`${name}: where it is`, pod.cgroup, placeOf(pod, options));
  const of = (one: string): string[] =>
    samples.filter(({ metric, labels }) => metric === MEMORY && labels.get('id') === one).map(namesOf);
  report.same(`${name}: the container's labels`, of(scopeOf(pod, id)), [
    `container=app image=plimsoll.test/busybox:1 name=${id} namespace=${namespace} pod=${name}`,
  ]);
  report.same(`${name}: the pod's labels`, of(pod.cgroup), [`namespace=${namespace} pod=${name}`]);
  const limit = (metric: string): number | undefined => valueIn(samples, metric, { name: id });
  report.within(`${name}: memory limit`, limit('container_spec_memory_limit_bytes'), [64 * MIB, 64 * MIB]);
  report.within(`${name}: limit in cores`, limit('container_spec_cpu_limit_cores'), [0.2, 0.2]);
  await figures(around, { pod, id }, name);
  return { pod, id };
}

async function figures({ report, plimsoll }: Around, { pod, id }: Together, name: string): Promise<void> {
  const dir = `/sys/fs/cgroup${scopeOf(pod, id)}`;
  await unitSideBySide(report, plimsoll, { name: `${name}'s container`, dir: innermost(dir), labels: { name: id } });
  // Its interfaces are the pod's.
  await sideBySide(report, plimsoll, {
    id: pod.id,
    name: pod.id,
    pid: processOf(`/sys/fs/cgroup${scopeOf(pod, pod.id)}`),
  });
  await unitSideBySide(report, plimsoll, { name, dir: `/sys/fs/cgroup${pod.cgroup}`, labels: { id: pod.cgroup } });
  const sum = async (): Promise<number | undefined> =>
    valueIn(await plimsoll.collector(), 'pod_containers', { pod: name });
  const containers = await waitFor(sum, { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'a window' });
  report.within(`${name}: containers of the group pod`, containers, [1, 1]);
}

/** A tick in which each of these cgroups has been read. */
function untilRead(plimsoll: Plimsoll, ids: readonly string[]): Promise<Sample[]> {
  return waitFor(
    async () => {
      const samples = await plimsoll.fresh();
      return ids.every((id) => valueIn(samples, MEMORY, { id }) !== undefined) && samples;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 500, what: `the cgroups ${ids.join(' ')}` },
  );
}

/** As the kubelet's documentation of the driver has it; a pod's uid has dashes, which a slice's name has not. */
function placeOf({ uid }: Pod, { qos = 'burstable' }: PodOptions): string {
  const parent = qos === 'guaranteed' ? 'kubepods' : `kubepods-${qos}`;
  const between = qos === 'guaranteed' ? '' : `/${parent}.slice`;
  return `/kubepods.slice${between}/${parent}-pod${uid.replaceAll('-', '_')}.slice`;
}

function scopeOf({ cgroup }: Pod, id: string): string {
  return `${cgroup}/cri-containerd-${id}.scope`;
}

function namesOf({ labels }: Sample): string {
  const shown = [...labels].filter(([key, value]) => key !== 'id' && value !== '');
  return shown
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(' ');
}

/** crun has its limits and processes in a cgroup below the scope. */
function innermost(scope: string): string {
  return processesIn(scope).length > 0 ? scope : `${scope}/container`;
}

function processOf(scope: string): number {
  return Number(processesIn(innermost(scope))[0]);
}

function processesIn(dir: string): string[] {
  return readFileSync(`${dir}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
}

/**
 * The code of a crash, the restart after it, and who was killed for want of memory. v2 says that in a file that goes with the scope, and containerd may find it gone: then its note has another reason. The
 * pod's own cgroup, which stays, counts it in any case.
 */
async function ends({ report, plimsoll, containerd }: Around): Promise<void> {
  const pod = await containerd.runPod({ name: 'ends-0', qos: 'guaranteed' });
  const crashed = await pod.run({ name: 'app', script: 'exit 3' });
  const hungry = await pod.run({ name: 'eat', script: 'exec tail /dev/zero', memory: 16 * MIB });
  const again = await pod.run({ name: 'app', script: REST, attempt: 1 });
  const value = (samples: readonly Sample[], metric: string, name: string): number | undefined =>
    valueIn(samples, metric, { name });
  const samples = await waitFor(
    async () => {
      const now = await plimsoll.agent();
      const known = [crashed, hungry].every((id) => value(now, 'container_exit_code', id) !== undefined);
      return known && value(now, 'container_restarts_total', again) !== undefined && now;
    },
    { timeoutMs: PATIENCE_MS, everyMs: 500, what: 'the ends' },
  );
  report.within("ends-0: a crash's code", value(samples, 'container_exit_code', crashed), [3, 3]);
  report.within('ends-0: restarts after it', value(samples, 'container_restarts_total', again), [1, 1]);
  report.within('ends-0: code of one killed', value(samples, 'container_exit_code', hungry), [137, 137]);
  const killed = noteOf(containerd, hungry).includes('"OOMKilled"') ? 1 : 0;
  report.same(
    'ends-0: killed for want of memory, by containerd',
    value(samples, 'container_oom_killed', hungry),
    killed,
  );
  const kills = Number(
    /^oom_kill (\d+)$/m.exec(readFileSync(`/sys/fs/cgroup${pod.cgroup}/memory.events`, 'utf8'))?.[1],
  );
  report.within('ends-0: kills in the pod by the kernel', kills, [1, 1]);
  const later = await untilRead(plimsoll, [pod.cgroup]);
  const shown = valueIn(later, 'container_oom_events_total', { id: pod.cgroup });
  report.within('ends-0: kills in the pod', shown, [kills, kills]);
  await pod.remove();
}

function noteOf({ root }: Containerd, id: string): string {
  return readFileSync(`${root}/io.containerd.grpc.v1.cri/containers/${id}/status`, 'utf8');
}

/** Scopes are systemd's: they and their numbers stay while containerd is away. */
async function runtimeRestarted({ report, plimsoll, containerd }: Around, { id, pod }: Together): Promise<void> {
  await containerd.server.end('SIGKILL');
  const used = async (): Promise<number | undefined> =>
    valueIn(await plimsoll.fresh(), CPU, { name: id, pod: 'web-0' });
  const before = (await used()) ?? Number.NaN;
  await waitFor(async () => ((await used()) ?? 0) > before, {
    timeoutMs: PATIENCE_MS,
    what: 'the container to burn on',
  });
  await unitSideBySide(report, plimsoll, {
    name: "web-0's container without containerd",
    dir: `/sys/fs/cgroup${scopeOf(pod, id)}`,
    labels: { name: id },
  });
  await containerd.server.start();
}

async function gone({ report, plimsoll, containerd }: Around): Promise<void> {
  const left = async (): Promise<string[]> =>
    (await plimsoll.fresh())
      .filter(({ metric, labels }) => metric === MEMORY && labels.get('id')?.startsWith(containerd.kubepods))
      .map(({ labels }) => labels.get('id') ?? '');
  await waitFor(async () => (await left()).length === 0, { timeoutMs: PATIENCE_MS }).catch(() => undefined);
  report.same('pods: gone when removed', await left(), []);
}

/**
 * A node with many pods and no runtime: real cgroups, as the kubelet makes them, with bundles, notes and logs as containerd writes them, and a /proc in which each container has a process. Everything
 * that an agent reads costs what it costs on a node; nothing runs in it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMounts } from '../../agents/cgroup/mounts.ts';

export interface SimulatedNode {
  /** Flags of an agent that reads it. */
  readonly flags: readonly string[];
  /** Adds pods, each with pause and so many containers. */
  add(pods: number, containers: number): void;
  /** Removes the oldest. */
  remove(pods: number): void;
  close(): void;
}

interface Pod {
  readonly folders: readonly string[];
  readonly paths: readonly string[];
}

const BUNDLES = 'io.containerd.runtime.v2.task/k8s.io';
const NOTES = 'io.containerd.grpc.v1.cri/containers';
const MIB = 1024 * 1024;
/** Beyond what is in use here. */
const FIRST_PID = 5_000_000;

export function simulateNode(): SimulatedNode {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-bench-pods-'));
  const at = (...parts: string[]): string => join(dir, ...parts);
  const top = `/plimsoll-bench-${process.pid}`;
  const mounts = findMounts({ procRoot: '/proc' });
  const hierarchies = [
    ...new Set([mounts.unified, ...mounts.controllers.values()].flatMap((h) => h?.mountPoint ?? [])),
  ];
  const pods: Pod[] = [];
  let count = 0;
  for (const folder of [`state/${BUNDLES}`, `root/${NOTES}`, 'logs', 'proc'])
    mkdirSync(at(folder), { recursive: true });
  for (const name of readdirSync('/proc')) if (!/^\d+$/.test(name)) symlinkSync(`/proc/${name}`, at('proc', name));
  symlinkSync('/proc/1', at('proc/1'));

  function makeCgroup(path: string): string[] {
    const folders = hierarchies.map((hierarchy) => join(hierarchy, path));
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    return folders;
  }

  /** A process in that cgroup, as far as an agent looks at one. */
  function makeProcess(pid: number, path: string, network: number): string {
    const lines = [...mounts.controllers.keys()].map((controller, i) => `${i + 1}:${controller}:${path}`);
    const place = at('proc', String(pid));
    mkdirSync(join(place, 'net'), { recursive: true });
    mkdirSync(join(place, 'ns'));
    writeFileSync(join(place, 'cgroup'), `${[...lines, `0::${path}`].join('\n')}\n`);
    writeFileSync(join(place, 'net/dev'), NET_DEV);
    symlinkSync(`net:[${network}]`, join(place, 'ns/net'));
    return place;
  }

  function addPod(containers: number): void {
    const n = ++count;
    const uid = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const cgroup = `${top}/kubepods/burstable/pod${uid}`;
    const paths: string[] = [];
    const folders: string[] = [];
    for (let i = 0; i <= containers; i++) {
      const id = `${n.toString(16).padStart(8, '0')}${i.toString(16).padStart(56, '0')}`;
      const sandbox = `${n.toString(16).padStart(8, '0')}${'0'.repeat(56)}`;
      const pid = FIRST_PID + n * 100 + i;
      folders.push(...makeCgroup(`${cgroup}/${id}`));
      paths.push(makeProcess(pid, `${cgroup}/${id}`, FIRST_PID + n));
      const bundle = at('state', BUNDLES, id);
      const note = at('root', NOTES, id);
      mkdirSync(note);
      mkdirSync(bundle);
      paths.push(bundle, note);
      writeFileSync(join(note, 'status'), noteOf(pid));
      writeFileSync(join(bundle, 'init.pid'), String(pid));
      const who = { pod: `pod-${n}`, uid, container: i === 0 ? '' : `c${i}`, sandbox, cgroup: `${cgroup}/${id}` };
      writeFileSync(join(bundle, 'config.json'), bundleOf(who));
      const logs = at('logs', `bench_pod-${n}_${uid}`);
      if (i > 0) mkdirSync(join(logs, `c${i}`), { recursive: true });
      if (i > 0) writeFileSync(join(logs, `c${i}`, '0.log'), '');
      if (i === containers) paths.push(logs);
    }
    pods.push({ paths, folders: [...folders, ...makeCgroup(cgroup)] });
  }

  function removePod({ paths, folders }: Pod): void {
    for (const path of paths) rmSync(path, { recursive: true, force: true });
    for (const folder of folders) rmdirSync(folder);
  }

  return {
    flags: [
      ...['--agent.engines', 'none', '--agent.runtimes', `containerd:${at('state')}:${at('root')}`],
      ...['--agent.pod_logs', at('logs'), '--agent.proc', at('proc'), '--agent.filesystem.enabled', 'false'],
    ],
    add(n, containers) {
      for (let i = 0; i < n; i++) addPod(containers);
    },
    remove(n) {
      for (const pod of pods.splice(0, n)) removePod(pod);
    },
    close() {
      for (const pod of pods) removePod(pod);
      for (const below of ['/kubepods/burstable', '/kubepods', '']) {
        for (const hierarchy of hierarchies) rmdirSync(join(hierarchy, `${top}${below}`));
      }
      rmSync(dir, { recursive: true });
    },
  };
}

function noteOf(pid: number): string {
  const nanos = Date.now() * 1e6;
  const status = { Pid: pid, CreatedAt: nanos, StartedAt: nanos, FinishedAt: 0, ExitCode: 0, Reason: '' };
  return JSON.stringify({ Version: 'v1', Status: status });
}

interface Who {
  readonly pod: string;
  readonly uid: string;
  /** Empty for pause. */
  readonly container: string;
  readonly sandbox: string;
  readonly cgroup: string;
}

/** About 12 kB, as on a node: most of it environment and mounts, which nobody looks at. */
function bundleOf({ pod, uid, container, sandbox, cgroup }: Who): string {
  const cri = Object.entries({
    'container-type': container === '' ? 'sandbox' : 'container',
    'container-name': container,
    'image-name': 'registry.example/team/service:1.2.3',
    'sandbox-id': sandbox,
    'sandbox-name': pod,
    'sandbox-namespace': 'bench',
    'sandbox-uid': uid,
  });
  const env = Array.from({ length: 120 }, (_, i) => `SERVICE_${i}_PORT_8080_TCP_ADDR=10.0.${i}.1 ${'x'.repeat(40)}`);
  return JSON.stringify({
    ociVersion: '1.0.2',
    process: { env, args: ['serve'] },
    hostname: pod,
    annotations: Object.fromEntries(cri.map(([name, value]) => [`io.kubernetes.cri.${name}`, value])),
    linux: {
      cgroupsPath: cgroup,
      namespaces: [{ type: 'pid' }, { type: 'network', path: '/var/run/netns/x' }],
      resources: { cpu: { shares: 102, quota: 50_000, period: 100_000 }, memory: { limit: 64 * MIB } },
    },
  });
}

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:    1116      13    0    0    0     0          0         0      656       8    0    0    0     0       0          0
`;

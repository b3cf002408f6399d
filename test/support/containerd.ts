/**
 * A containerd of the tests' own with its CRI plugin, as a kubelet uses it: own folders and socket, own network and mount namespaces. Its containers' processes and cgroups
 * are the host's, below a `kubepods` of the tests' own; or, where systemd makes them, below the machine's.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectCri, type Cri, type Message } from './cri.ts';
import { buildImageTar } from './imagetar.ts';
import { holdNamespaces } from './namespaces.ts';
import { folders, type PodCgroups, type Qos, slices } from './podcgroups.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export interface Containerd {
  readonly server: Server;
  readonly state: string;
  readonly root: string;
  readonly logs: string;
  readonly socket: string;
  /** The `kubepods` cgroup, from the hierarchies' root. */
  readonly kubepods: string;
  /** Of the process that holds its namespaces of network and mounts. */
  readonly namespaces: number;
  runPod(options: PodOptions): Promise<Pod>;
  stop(): Promise<void>;
}

export interface PodOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly qos?: Qos;
  readonly hostNetwork?: boolean;
  /** Of the pod's own cgroup, in bytes; systemd's slices alone take it. */
  readonly memory?: number;
  /** What runs its containers: runc, or with systemd crun as well. */
  readonly runtime?: 'runc' | 'crun';
}

export interface Pod {
  /** The sandbox's id. */
  readonly id: string;
  readonly uid: string;
  /** From the hierarchies' root. */
  readonly cgroup: string;
  /** Creates and starts one, as the kubelet does; answers its id. */
  run(options: ContainerOptions): Promise<string>;
  /** Ends its containers and its sandbox. */
  stop(): Promise<void>;
  remove(): Promise<void>;
  removeContainer(id: string): Promise<void>;
}

export interface ContainerOptions {
  readonly name: string;
  /** Runs under `sh -c`. */
  readonly script: string;
  readonly attempt?: number;
  /** Bytes. */
  readonly memory?: number;
  /** No limit if not given. */
  readonly cores?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ContainerdOptions {
  /** Further mounts that it is to have for itself; `$1` is its folder. */
  readonly prepare?: string;
  /** The kubelet's folder of logs, below its own. */
  readonly podLogs?: string;
  /** Who makes cgroups: the runtime itself, or systemd for it, as a kubelet with `cgroupDriver: systemd` wants it. */
  readonly driver?: 'cgroupfs' | 'systemd';
  /** For its start, and for each command to it. */
  readonly patienceMs?: number;
}

export const IMAGE = 'plimsoll.test/busybox:1';
export const PAUSE = 'plimsoll.test/pause:1';

export async function startContainerd({
  prepare,
  podLogs = 'pods',
  driver = 'cgroupfs',
  patienceMs = 30_000,
}: ContainerdOptions = {}): Promise<Containerd> {
  const dir = serverDir('containerd');
  const state = join(dir, 'state');
  const root = join(dir, 'root');
  const logs = join(dir, podLogs);
  const socket = join(dir, 'containerd.sock');
  const cgroups = driver === 'systemd' ? slices() : folders(`/plimsoll-test-${randomUUID().slice(0, 8)}/kubepods`);
  for (const folder of ['cni', podLogs, 'opt']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'config.toml'), configuration(dir, driver));
  writeFileSync(join(dir, 'cni', '10-test.conflist'), network(dir));
  const namespaces = await holdNamespaces({ dir, ...(prepare === undefined ? {} : { prepare }) });
  const ctr = (...args: string[]): string =>
    execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', ...args], { encoding: 'utf8', timeout: patienceMs });
  const server = await startServer({
    name: 'containerd',
    file: 'nsenter',
    dir,
    args: ['-t', String(namespaces.pid), '-n', '-m', 'containerd', '-c', join(dir, 'config.toml')],
    ready: () => answering(socket),
    readyTimeoutMs: patienceMs,
  });
  for (const [name, command] of [
    [PAUSE, ['/bin/sleep', '2147483647']],
    [IMAGE, ['/bin/sh']],
  ] as const) {
    ctr('images', 'import', buildImageTar(dir, name, command));
  }
  let cri = connectCri(socket);
  const call: Cri['call'] = async (method, request) => {
    try {
      return await cri.call(method, request);
    } catch (error) {
      if (!/no status|destroyed|ECONNRE|closed/.test(String(error))) throw error;
      // containerd was started anew.
      cri.close();
      cri = connectCri(socket);
      return cri.call(method, request);
    }
  };
  return {
    server,
    state,
    root,
    logs,
    socket,
    kubepods: cgroups.kubepods,
    namespaces: namespaces.pid,
    runPod: (options) => runPod(call, { cgroups, logs }, options),
    async stop() {
      for (const task of ctr('tasks', 'ls', '-q').split('\n').filter(Boolean)) {
        execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '-s', 'KILL', task], { stdio: 'ignore' });
      }
      cri.close();
      await server.stop();
      namespaces.release();
      cgroups.removeAll();
    },
  };
}

/** It takes calls before its CRI plugin does. */
async function answering(socket: string): Promise<void> {
  if (!existsSync(socket)) throw new Error('there is no socket yet');
  const cri = connectCri(socket);
  try {
    await cri.call('ListPodSandbox', []);
  } finally {
    cri.close();
  }
}

async function runPod(
  call: Cri['call'],
  { cgroups, logs }: { readonly cgroups: PodCgroups; readonly logs: string },
  {
    name,
    namespace = 'default',
    qos = 'burstable',
    hostNetwork = false,
    memory: podMemory,
    runtime = 'runc',
  }: PodOptions,
): Promise<Pod> {
  const uid = randomUUID();
  const cgroup = cgroups.make({ uid, qos, memory: podMemory });
  const logFolder = join(logs, `${namespace}_${name}_${uid}`);
  const labels = new Map([
    ['io.kubernetes.pod.name', name],
    ['io.kubernetes.pod.namespace', namespace],
    ['io.kubernetes.pod.uid', uid],
  ]);
  const spaces: Message = [
    [1, hostNetwork ? 2 : 0],
    [2, 1],
  ];
  const config: Message = [
    [
      1,
      [
        [1, name],
        [2, uid],
        [3, namespace],
      ],
    ],
    ...(hostNetwork ? [] : ([[2, name]] as const)),
    [3, logFolder],
    [6, labels],
    [
      8,
      [
        [1, cgroup],
        [2, [[1, spaces]]],
      ],
    ],
  ];
  const id = await call('RunPodSandbox', [
    [1, config],
    [2, runtime],
  ]);
  const removed = new Set<string>();
  const ids: string[] = [];
  const pod: Pod = {
    id,
    uid,
    cgroup,
    async run({ name: container, script, attempt = 0, memory = 0, cores, env = {} }) {
      mkdirSync(join(logFolder, container), { recursive: true });
      const own = new Map([...labels, ['io.kubernetes.container.name', container]]);
      const made = await call('CreateContainer', [
        [1, id],
        [
          2,
          [
            [
              1,
              [
                [1, container],
                [2, attempt],
              ],
            ],
            [2, [[1, IMAGE]]],
            [3, ['/bin/sh', '-c', script]],
            ...Object.entries(env).map(
              ([key, value]) =>
                [
                  6,
                  [
                    [1, key],
                    [2, value],
                  ],
                ] as const,
            ),
            [9, own],
            [11, `${container}/${attempt}.log`],
            [
              15,
              [
                [1, [...(cores === undefined ? [] : quota(cores)), [3, 256], [4, memory]]],
                [2, [[3, spaces]]],
              ],
            ],
          ],
        ],
        [3, config],
      ]);
      ids.push(made);
      await call('StartContainer', [[1, made]]);
      return made;
    },
    async removeContainer(container) {
      removed.add(container);
      await call('RemoveContainer', [[1, container]]);
    },
    stop: async () => void (await call('StopPodSandbox', [[1, id]])),
    async remove() {
      await call('StopPodSandbox', [[1, id]]);
      for (const one of ids) if (!removed.has(one)) await call('RemoveContainer', [[1, one]]);
      await call('RemovePodSandbox', [[1, id]]);
      cgroups.remove(cgroup);
    },
  };
  return pod;
}

/** Of a period of 100 ms. */
function quota(cores: number): Message {
  return [
    [1, 100_000],
    [2, cores * 100_000],
  ];
}

function configuration(dir: string, driver: string): string {
  const runtimes = driver === 'systemd' ? ['runc', 'crun'] : ['runc'];
  return `version = 2
root = '${dir}/root'
state = '${dir}/state'
disabled_plugins = ['io.containerd.snapshotter.v1.zfs', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper', 'io.containerd.snapshotter.v1.aufs', 'io.containerd.internal.v1.tracing']
[grpc]
  address = '${dir}/containerd.sock'
[plugins.'io.containerd.internal.v1.opt']
  path = '${dir}/opt'
[plugins.'io.containerd.grpc.v1.cri']
  sandbox_image = '${PAUSE}'
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
  [plugins.'io.containerd.grpc.v1.cri'.cni]
    bin_dir = '/usr/lib/cni'
    conf_dir = '${dir}/cni'
${runtimes.map((name) => runtimeSettings(name, driver === 'systemd')).join('')}`;
}

function runtimeSettings(name: string, systemd: boolean): string {
  return `  [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.${name}]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.${name}.options]
      BinaryName = '${name}'
      SystemdCgroup = ${systemd}
`;
}

function network(dir: string): string {
  const ranges = [[{ subnet: '10.98.0.0/24' }]];
  const ipam = { type: 'host-local', dataDir: join(dir, 'ipam'), ranges };
  return JSON.stringify({ cniVersion: '0.4.0', name: 'test', plugins: [{ type: 'ptp', ipMasq: false, ipam }] });
}

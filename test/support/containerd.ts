/**
 * A containerd of the tests' own with its CRI plugin, as a kubelet uses it: own folders and socket, own network and mount namespaces. Its containers' processes and cgroups
 * are the host's, below a `kubepods` of the tests' own.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectCri, type Cri, type Message } from './cri.ts';
import { buildImageTar } from './imagetar.ts';
import { holdNamespaces } from './namespaces.ts';
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
  readonly qos?: 'guaranteed' | 'burstable' | 'besteffort';
  readonly hostNetwork?: boolean;
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
  readonly env?: Readonly<Record<string, string>>;
}

export interface ContainerdOptions {
  /** Further mounts that it is to have for itself; `$1` is its folder. */
  readonly prepare?: string;
  /** The kubelet's folder of logs, below its own. */
  readonly podLogs?: string;
}

export const IMAGE = 'plimsoll.test/busybox:1';
export const PAUSE = 'plimsoll.test/pause:1';

export async function startContainerd({ prepare, podLogs = 'pods' }: ContainerdOptions = {}): Promise<Containerd> {
  const dir = serverDir('containerd');
  const state = join(dir, 'state');
  const root = join(dir, 'root');
  const logs = join(dir, podLogs);
  const socket = join(dir, 'containerd.sock');
  const kubepods = `/plimsoll-test-${randomUUID().slice(0, 8)}/kubepods`;
  for (const folder of ['cni', podLogs, 'opt']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'config.toml'), configuration(dir));
  writeFileSync(join(dir, 'cni', '10-test.conflist'), network(dir));
  const namespaces = await holdNamespaces({ dir, ...(prepare === undefined ? {} : { prepare }) });
  const ctr = (...args: string[]): string =>
    execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', ...args], { encoding: 'utf8', timeout: 30_000 });
  const server = await startServer({
    name: 'containerd',
    file: 'nsenter',
    dir,
    args: ['-t', String(namespaces.pid), '-n', '-m', 'containerd', '-c', join(dir, 'config.toml')],
    ready: async () => existsSync(socket) && ctr('version'),
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
    kubepods,
    namespaces: namespaces.pid,
    runPod: (options) => runPod(call, { kubepods, logs }, options),
    async stop() {
      for (const task of ctr('tasks', 'ls', '-q').split('\n').filter(Boolean)) {
        execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '-s', 'KILL', task], { stdio: 'ignore' });
      }
      cri.close();
      await server.stop();
      namespaces.release();
      removeCgroups(kubepods);
    },
  };
}

async function runPod(
  call: Cri['call'],
  { kubepods, logs }: { readonly kubepods: string; readonly logs: string },
  { name, namespace = 'default', qos = 'burstable', hostNetwork = false }: PodOptions,
): Promise<Pod> {
  const uid = randomUUID();
  const cgroup = `${kubepods}${qos === 'guaranteed' ? '' : `/${qos}`}/pod${uid}`;
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
  const id = await call('RunPodSandbox', [[1, config]]);
  const removed = new Set<string>();
  const ids: string[] = [];
  const pod: Pod = {
    id,
    uid,
    cgroup,
    async run({ name: container, script, attempt = 0, memory = 0, env = {} }) {
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
                [
                  1,
                  [
                    [3, 256],
                    [4, memory],
                  ],
                ],
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
    },
  };
  return pod;
}

function configuration(dir: string): string {
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
  [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

function network(dir: string): string {
  const ranges = [[{ subnet: '10.98.0.0/24' }]];
  const ipam = { type: 'host-local', dataDir: join(dir, 'ipam'), ranges };
  return JSON.stringify({ cniVersion: '0.4.0', name: 'test', plugins: [{ type: 'ptp', ipMasq: false, ipam }] });
}

/** What the pods' parents leave in every hierarchy. */
function removeCgroups(kubepods: string): void {
  const top = kubepods.split('/')[1] ?? '';
  for (const hierarchy of ['', ...readdirSync('/sys/fs/cgroup')]) removeTree(join('/sys/fs/cgroup', hierarchy, top));
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch (error) {
    console.warn('a cgroup of the tests stays:', folder, String(error));
  }
}

/**
 * A cluster of one node on this machine: etcd, kube-apiserver, kubelet and kube-controller-manager, which `npm run test:k8s` has built, over the tests' containerd. All of it
 * is in containerd's namespaces of network and mounts; a cable leads from there to us. There is no scheduler: pods name their node.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterKeys, kubeconfig, makeClusterKeys } from './clusterkeys.ts';
import { type Containerd, PAUSE, startContainerd } from './containerd.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

export interface Cluster {
  readonly containerd: Containerd;
  readonly keys: ClusterKeys;
  readonly api: Server;
  readonly kubelet: Server;
  readonly apiUrl: string;
  readonly kubeletUrl: string;
  /** Our end of the cable: a server of ours that the cluster is to reach listens here. */
  readonly ourAddress: string;
  readonly node: string;
  /** Runs it as the cluster's master and answers what it printed; `input` is on its standard input, `program` another kubectl. */
  kubectl(args: readonly string[], input?: string, program?: string): string;
  /** Creates or changes objects. */
  apply(...objects: readonly object[]): void;
  /** Lets the kubelet run one of its own, by a file; its name gets the node's behind it. */
  applyStatic(name: string, pod: object): void;
  /** A token of a service account, as a pod of it has one in its files. */
  token(namespace: string, account: string): string;
  stop(): Promise<void>;
}

const NODE = 'node-1';
/** The node's end of the cable, and ours. */
const ADDRESS = '10.97.0.1';
const OURS = '10.97.0.2';
const CABLE = 'plimsoll-k8s';

/** What the kubelet sets for the whole machine: it gets copies. And its logs, which have one place on every machine. */
const PREPARE = [
  'mkdir -p "$1/var-log" "$1/sys"',
  'for f in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes',
  'do copy="$1/sys/$(basename $f)"; cat /proc/sys/$f >"$copy"; mount --bind "$copy" /proc/sys/$f; done',
  'mount --bind "$1/var-log" /var/log',
].join('\n');

export async function startCluster(): Promise<Cluster> {
  const containerd = await startContainerd({ prepare: PREPARE, podLogs: 'var-log/pods' });
  const stops: (() => unknown)[] = [() => containerd.stop()];
  const stop = async (): Promise<void> => {
    for (const one of stops.reverse()) await one();
  };
  try {
    return await around(containerd, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function around(containerd: Containerd, stops: (() => unknown)[], stop: () => Promise<void>): Promise<Cluster> {
  // Goes last, with the runtime's.
  const dir = join(containerd.server.dir, 'cluster');
  mkdirSync(join(dir, 'static'), { recursive: true });
  const keys = makeClusterKeys(dir);
  makeUsers(keys);
  layCable(containerd.namespaces);
  const apiUrl = `https://${ADDRESS}:6443`;
  for (const user of ['admin', 'node']) writeFileSync(keys.path(`${user}.conf`), kubeconfig(keys, apiUrl, user));
  const kubectl = (args: readonly string[], input = '', program = 'kubectl'): string =>
    execFileSync(program, ['--kubeconfig', keys.path('admin.conf'), '--cache-dir', join(dir, 'cache'), ...args], {
      encoding: 'utf8',
      input,
      // What it complains of is in the error; while the server starts nobody wants to see it.
      stdio: 'pipe',
      timeout: 30_000,
    });
  const start = async (name: string, flags: (own: string) => string[], ready: () => Promise<unknown>) => {
    const own = serverDir(name);
    const args = ['-t', String(containerd.namespaces), '-n', '-m', name, ...flags(own)];
    const server = await startServer({ name, dir: own, file: 'nsenter', args, ready, readyTimeoutMs: 120_000 });
    // Nothing of it is to be kept; asked to end it would wait for everybody who watches.
    stops.push(async () => {
      await server.end('SIGKILL');
      await server.stop();
    });
    return server;
  };
  const alive = () => Promise.resolve();
  await start('etcd', etcdFlags, alive);
  const apiReady = async () => kubectl(['get', '--raw', '/readyz']);
  const api = await start('kube-apiserver', (own) => [`--cert-dir=${own}`, ...apiFlags(keys)], apiReady);
  makeCgroup(containerd);
  writeFileSync(join(dir, 'kubelet.json'), kubeletSettings(keys, containerd));
  const kubelet = await start(
    'kubelet',
    (own) => kubeletFlags({ own, dir }, containerd),
    async () => {
      if (!kubectl(['get', 'node', NODE]).includes(' Ready')) throw new Error('the node is not ready');
    },
  );
  await start('kube-controller-manager', (own) => [`--cert-dir=${own}`, ...managerFlags(keys)], alive);
  return {
    containerd,
    keys,
    api,
    kubelet,
    apiUrl,
    kubeletUrl: `https://${ADDRESS}:10250`,
    ourAddress: OURS,
    node: NODE,
    kubectl,
    apply: (...objects) =>
      void kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })),
    applyStatic: (name, pod) => writeFileSync(join(dir, 'static', `${name}.json`), JSON.stringify(pod)),
    token: (namespace, account) => tokenOf(kubectl, namespace, account),
    stop,
  };
}

function tokenOf(kubectl: Cluster['kubectl'], namespace: string, account: string): string {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = JSON.parse(kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(request)));
  return (answer as { status: { token: string } }).status.token;
}

function makeUsers(keys: ClusterKeys): void {
  keys.sign('api', { subject: '/CN=kube-apiserver', names: `IP:${ADDRESS},IP:127.0.0.1,IP:10.0.0.1` });
  keys.sign('node', { subject: `/O=system:nodes/CN=system:node:${NODE}`, names: `IP:${ADDRESS},DNS:${NODE}` });
  for (const name of ['admin', 'kubelet-client']) keys.sign(name, { subject: `/O=system:masters/CN=${name}` });
  keys.sign('front', { subject: '/CN=front-proxy-client', by: 'front-ca' });
}

/** Between the node's network and ours; it goes with the node's. */
function layCable(pid: number): void {
  const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  const inside = (...args: string[]): void =>
    void execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', ...args], { stdio: 'pipe' });
  ip('link', 'add', CABLE, 'type', 'veth', 'peer', 'name', 'node0', 'netns', String(pid));
  ip('addr', 'add', `${OURS}/24`, 'dev', CABLE);
  ip('link', 'set', CABLE, 'up');
  inside('addr', 'add', `${ADDRESS}/24`, 'dev', 'node0');
  inside('link', 'set', 'node0', 'up');
  inside('route', 'add', 'default', 'via', OURS);
}

/** The kubelet wants what is above its own cgroup to be there. */
function makeCgroup({ kubepods }: Containerd): void {
  const top = kubepods.split('/')[1] ?? '';
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const parent = join('/sys/fs/cgroup', hierarchy);
    if (!existsSync(join(parent, 'cgroup.procs'))) continue;
    mkdirSync(join(parent, top), { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (existsSync(join(parent, file))) copyFileSync(join(parent, file), join(parent, top, file));
  }
}

const CLIENTS = 'http://127.0.0.1:2379';

function etcdFlags(own: string): string[] {
  return [
    ...['--data-dir', `${own}/data`, '--listen-client-urls', CLIENTS, '--advertise-client-urls', CLIENTS],
    ...['--listen-peer-urls', 'http://127.0.0.1:2380'],
  ];
}

function apiFlags({ path }: ClusterKeys): string[] {
  return [
    `--etcd-servers=${CLIENTS}`,
    ...[`--bind-address=${ADDRESS}`, `--advertise-address=${ADDRESS}`, '--service-cluster-ip-range=10.0.0.0/24'],
    ...['--authorization-mode=Node,RBAC', '--anonymous-auth=false', `--client-ca-file=${path('ca.crt')}`],
    ...[`--tls-cert-file=${path('api.crt')}`, `--tls-private-key-file=${path('api.key')}`],
    `--kubelet-client-certificate=${path('kubelet-client.crt')}`,
    `--kubelet-client-key=${path('kubelet-client.key')}`,
    `--kubelet-certificate-authority=${path('ca.crt')}`,
    `--service-account-key-file=${path('accounts.key')}`,
    `--service-account-signing-key-file=${path('accounts.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    // Its name is known to nobody.
    '--kubelet-preferred-address-types=InternalIP',
    // Pods of the tests have no account.
    '--disable-admission-plugins=ServiceAccount',
    '--enable-aggregator-routing=true',
    ...[`--requestheader-client-ca-file=${path('front-ca.crt')}`, '--requestheader-allowed-names=front-proxy-client'],
    ...['--requestheader-username-headers=X-Remote-User', '--requestheader-group-headers=X-Remote-Group'],
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    ...[`--proxy-client-cert-file=${path('front.crt')}`, `--proxy-client-key-file=${path('front.key')}`],
  ];
}

function kubeletSettings({ path }: ClusterKeys, { kubepods }: Containerd): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true, cacheTTL: '0s' },
      x509: { clientCAFile: path('ca.crt') },
    },
    // Rights that are taken away are gone at once.
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '1s', cacheUnauthorizedTTL: '1s' } },
    tlsCertFile: path('node.crt'),
    tlsPrivateKeyFile: path('node.key'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${kubepods.split('/')[1]}`,
    failSwapOn: false,
    enforceNodeAllocatable: ['pods'],
    staticPodPath: path('static'),
    fileCheckFrequency: '1s',
    volumePluginDir: path('plugins'),
    evictionHard: {
      'memory.available': '10Mi',
      'nodefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'imagefs.available': '1%',
    },
    imageGCHighThresholdPercent: 100,
  });
}

function kubeletFlags({ own, dir }: { own: string; dir: string }, { socket }: Containerd): string[] {
  return [
    ...[`--config=${dir}/kubelet.json`, `--kubeconfig=${dir}/node.conf`],
    ...[`--root-dir=${own}/root`, `--cert-dir=${own}/pki`],
    ...[`--hostname-override=${NODE}`, `--node-ip=${ADDRESS}`, `--pod-infra-container-image=${PAUSE}`],
    ...['--container-runtime=remote', `--container-runtime-endpoint=unix://${socket}`, `--containerd=${socket}`],
  ];
}

function managerFlags({ path }: ClusterKeys): string[] {
  return [
    ...[`--kubeconfig=${path('admin.conf')}`, '--leader-elect=false', '--allocate-node-cidrs=false'],
    ...[`--service-account-private-key-file=${path('accounts.key')}`, `--root-ca-file=${path('ca.crt')}`],
    ...['--horizontal-pod-autoscaler-sync-period=5s', '--horizontal-pod-autoscaler-downscale-stabilization=10s'],
    // A pod counts from its first readings on, not after minutes.
    '--horizontal-pod-autoscaler-cpu-initialization-period=5s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=2s',
  ];
}

/** Waits for a pod's phase. */
export async function untilPod(cluster: Cluster, name: string, phase = 'Running'): Promise<void> {
  const ask = (): string => cluster.kubectl(['get', 'pod', name, '-o', 'jsonpath={.status.phase}']);
  await waitFor(async () => ask() === phase, { timeoutMs: 60_000, everyMs: 300, what: `${name} to be ${phase}` });
}

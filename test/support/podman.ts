/**
 * Podmans of the tests' own, answering at a socket like `podman.socket` of systemd makes them: the system's, or that of a user without
 * any rights. Everything they share with other Podmans of the machine (/run, /dev/shm, addresses given out) they see an empty copy of.
 * runc runs the containers: crun refuses machines where the unified hierarchy has controllers beside those of v1.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Engine, engineAt, makeImage } from './engine.ts';
import { requirePrograms } from './install.ts';
import { holdNamespaces } from './namespaces.ts';
import { prepareUser, type Unprivileged } from './rootless.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

export interface PodmanOptions {
  /** Runs as a user of its own who may nothing. */
  readonly rootless?: boolean;
}

export interface Podman extends Engine, Omit<Server, 'pid'> {
  /** The service's process, or 0. */
  readonly pid: number;
  /** The user it runs as, if not root. */
  readonly user: Unprivileged | undefined;
  /** `podman <args>` through the socket, for what docker's commands cannot say: pods, health checks run by hand. */
  podman(...args: string[]): Promise<string>;
  /** Ends the service and starts it again; containers go on meanwhile, as Podman has no daemon. */
  restart(): Promise<void>;
}

const execute = promisify(execFile);

/** Starts the service, waits until it answers, and makes the image; takes root. */
export async function startPodman({ rootless = false }: PodmanOptions = {}): Promise<Podman> {
  requirePrograms('podman', 'runc', ...(rootless ? ['slirp4netns', 'newuidmap'] : []));
  const dir = serverDir('podman');
  const user = rootless ? prepareUser(dir) : undefined;
  for (const folder of ['data', 'run', 'net', 'tmp']) mkdirSync(join(dir, folder), { recursive: true });
  const configuration = writeConfiguration(dir);
  writeFileSync(join(dir, 'cleanup'), CLEANUP, { flag: 'a' });
  const namespaces = await holdNamespaces({ dir, prepare: `${OWN_COPIES}; ${user?.prepare ?? 'true'}` });
  const socket = join(dir, 'run', 'podman.sock');
  const engine = engineAt(socket);
  const inside = [
    '-t',
    String(namespaces.pid),
    '-n',
    '-m',
    ...(user?.become ?? []),
    'env',
    `CONTAINERS_CONF=${configuration}`,
  ];
  const server = await startServer({
    name: 'podman',
    file: 'nsenter',
    dir,
    args: [...inside, 'podman', ...places(dir, rootless), 'system', 'service', '--time=0', `unix://${socket}`],
    ready: () => engine.docker('version'),
  });
  const { stop: stopServer, end: endServer } = server;
  const ask = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute('podman', ['--remote', '--url', `unix://${socket}`, ...args]);
    return stdout.trimEnd();
  };
  const podman: Podman = Object.assign(server, engine, {
    user,
    podman: ask,
    async remove(...containers: string[]) {
      // A pod's own container goes with the pod only.
      if (containers.length === 0) await ask('pod', 'rm', '--force', '--time', '0', '--all');
      await engine.remove(...containers);
    },
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      const code = await endServer(signal);
      await endLeft(`unix://${socket}`, signal);
      return code;
    },
    async restart() {
      await server.end();
      await server.start();
    },
    async stop() {
      if (server.pid !== 0) await podman.remove().catch((error: unknown) => console.warn('podman:', error));
      await stopServer();
      namespaces.release();
    },
  });
  await makeImage(engine);
  return podman;
}

/** Without root's rights Podman starts itself a second time in a user namespace, and may leave that process behind when it ends. */
async function endLeft(address: string, signal: NodeJS.Signals): Promise<void> {
  const left = (): number[] =>
    readdirSync('/proc').flatMap((name) => {
      const file = `/proc/${name}/cmdline`;
      const words = /^\d+$/.test(name) && existsSync(file) ? readFileSync(file, 'utf8').split('\0') : [];
      return words[0] === 'podman' && words.includes(address) && words.includes('service') ? [Number(name)] : [];
    });
  const none = (): boolean => {
    const pids = left();
    for (const pid of pids) process.kill(pid, signal);
    return pids.length === 0;
  };
  await waitFor(none, { timeoutMs: 20_000, everyMs: 250, what: 'the service to end' });
}

/** A user cannot be given other places for all of these; they follow the home folder. */
function places(dir: string, rootless: boolean): string[] {
  const common = ['--cgroup-manager=cgroupfs', '--storage-driver=overlay', '--runtime=runc'];
  if (rootless) return common;
  const folders = { root: 'data', runroot: 'run', 'network-config-dir': 'net', tmpdir: 'tmp' };
  return [...common, ...Object.entries(folders).map(([flag, name]) => `--${flag}=${join(dir, name)}`)];
}

/** Without this Podman gives containers more files and processes than some machines let even root hand out. */
function writeConfiguration(dir: string): string {
  const file = join(dir, 'containers.conf');
  const limits = '["nofile=1024:1024", "nproc=4096:4096"]';
  writeFileSync(file, `[containers]\ndefault_ulimits = ${limits}\n[engine]\nevents_logger = "file"\n`);
  return file;
}

/** In the service's own mount namespace only. */
const OWN_COPIES = [
  'mkdir -p /var/lib/cni',
  ...['/run', '/dev/shm', '/var/lib/cni'].map((folder) => `mount -t tmpfs tmpfs ${folder}`),
  'mkdir -p /run/lock',
  'mount --make-rshared /',
].join('; ');

/** Run when the service has ended: the cgroups that Podman leaves behind, if they are empty. */
const CLEANUP = `for top in /sys/fs/cgroup /sys/fs/cgroup/*; do
  for left in libpod_parent conmon; do
    [ -d "$top/$left" ] && find "$top/$left" -depth -type d -exec rmdir {} + 2>/dev/null
  done
done
`;

/**
 * A Docker Engine of the tests' own: own data, own socket, and own network and mount namespaces, so that it neither meets an engine
 * that runs here already nor leaves bridges, mounts or firewall rules behind. Containers use the engine's default bridge, which
 * lives in that namespace; their processes and cgroups are the host's like any other's.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, engineAt, makeImage } from './engine.ts';
import { holdNamespaces } from './namespaces.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

export interface DockerdOptions {
  /** Further flags of dockerd: `['--live-restore']`. */
  readonly flags?: readonly string[];
  /** The content of daemon.json: `{ features: … }`; by default what TEST_ENGINE_SETTINGS holds, else nothing. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether to make the image (yes). */
  readonly image?: boolean;
}

export interface Dockerd extends Engine, Omit<Server, 'pid'> {
  /** dockerd's process, or 0. */
  readonly pid: number;
  /** As the service manager would: ends dockerd, which ends its containers, and starts it again. */
  restart(): Promise<void>;
  /** SIGKILL; containers go on without it. `start` brings it back. */
  kill(): Promise<void>;
}

/** Starts an engine and waits until it answers; takes root. */
export async function startDockerd({ flags = [], settings, image = true }: DockerdOptions = {}): Promise<Dockerd> {
  const dir = serverDir('dockerd');
  const socket = join(dir, 'docker.sock');
  for (const folder of ['data', 'exec']) mkdirSync(join(dir, folder));
  const content = settings === undefined ? (process.env.TEST_ENGINE_SETTINGS ?? '{}') : JSON.stringify(settings);
  writeFileSync(join(dir, 'daemon.json'), content);
  const namespaces = await holdNamespaces({ dir });
  const engine = engineAt(socket);
  const server = await startServer({
    name: 'dockerd',
    file: 'nsenter',
    dir,
    args: ['-t', String(namespaces.pid), '-n', '-m', 'dockerd', ...ownPlaces(dir, socket), ...flags],
    ready: () => engine.docker('version'),
  });
  const stopServer = server.stop;
  const dockerd: Dockerd = Object.assign(server, engine, {
    async restart() {
      await server.end();
      await server.start();
    },
    async kill() {
      await server.end('SIGKILL');
      await buryContainerd(join(dir, 'exec', 'containerd', 'containerd.pid'));
    },
    async stop() {
      // Without this dockerd asks each container to stop and waits for it.
      if (server.pid !== 0) await engine.remove().catch((error: unknown) => console.warn('dockerd:', error));
      await stopServer();
      namespaces.release();
    },
  });
  if (image) await makeImage(engine);
  return dockerd;
}

function ownPlaces(dir: string, socket: string): string[] {
  const places = { 'data-root': 'data', 'exec-root': 'exec', pidfile: 'dockerd.pid' };
  const flags = Object.entries(places).map(([flag, name]) => `--${flag}=${join(dir, name)}`);
  return [`--host=unix://${socket}`, `--config-file=${join(dir, 'daemon.json')}`, ...flags];
}

/**
 * The kernel kills containerd with its parent dockerd. Where the machine's first process does not wait for orphans it stays as a
 * zombie, which the next dockerd takes for alive: so its pid file goes too.
 */
async function buryContainerd(pidFile: string): Promise<void> {
  const pid = readFileSync(pidFile, 'utf8').trim();
  const stat = (): string => (existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z');
  await waitFor(() => /\) [ZX]/.test(stat()), { what: 'containerd to end' });
  rmSync(pidFile, { force: true });
}

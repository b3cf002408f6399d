/**
 * A Docker Engine that runs without root's rights, as a user of its own: dockerd below rootlesskit, started by the script that Docker
 * ships for it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, engineAt, makeImage } from './engine.ts';
import { requirePrograms } from './install.ts';
import { holdNamespaces } from './namespaces.ts';
import { prepareUser, type Unprivileged } from './rootless.ts';
import { type Server, serverDir, startServer } from './servers.ts';

/** Where Debian's package docker.io puts it. */
const SCRIPT = '/usr/share/docker.io/contrib/dockerd-rootless.sh';

export interface RootlessDocker extends Engine, Omit<Server, 'pid'> {
  /** Of rootlesskit, or 0. */
  readonly pid: number;
  readonly user: Unprivileged;
}

/** Starts it, waits until it answers, and makes the image; takes root. */
export async function startRootlessDocker(): Promise<RootlessDocker> {
  requirePrograms('dockerd', 'rootlesskit', 'slirp4netns', 'newuidmap');
  const dir = serverDir('rootless-docker');
  const user = prepareUser(dir);
  mkdirSync(join(dir, 'data'));
  const namespaces = await holdNamespaces({
    dir,
    prepare: `mount -t tmpfs tmpfs /run; mount --make-rshared /; ${user.prepare}`,
  });
  const socket = join(user.runtimeDir, 'docker.sock');
  const engine = engineAt(socket);
  const server = await startServer({
    name: 'rootless-docker',
    file: 'nsenter',
    dir,
    args: ['-t', String(namespaces.pid), '-n', '-m', ...user.become, SCRIPT, '--storage-driver=overlay2'],
    ready: () => engine.docker('version'),
  });
  const stopServer = server.stop;
  await makeImage(engine);
  return Object.assign(server, engine, {
    user,
    async stop() {
      if (server.pid !== 0) await engine.remove().catch((error: unknown) => console.warn('rootless docker:', error));
      await stopServer();
      namespaces.release();
    },
  });
}

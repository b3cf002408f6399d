/**
 * Which container runtimes' files are here: those of the configuration, or those in the usual places. A runtime is there once it has a folder for containers that no
 * engine tells of; before the first pod it has none.
 */
import { join } from 'node:path';
import { ConfigError } from '../../src/errors.ts';
import { namesIn } from '../kernel/files.ts';
import { type ContainerdFolders, containerdFiles, hasContainers } from './containerdfiles.ts';
import { crioFiles } from './criofiles.ts';
import type { Runtime } from './runtime.ts';

/** State and root, as distributions of Kubernetes have them. */
const CONTAINERD: readonly (readonly [state: string, root: string])[] = [
  ['/run/containerd', '/var/lib/containerd'],
  ['/run/k3s/containerd', '/var/lib/rancher/k3s/agent/containerd'],
  ['/run/k0s/containerd', '/var/lib/k0s/containerd'],
  ['/var/snap/microk8s/common/run/containerd', '/var/snap/microk8s/common/var/lib/containerd'],
];
const CRIO = ['/run/containers/storage/overlay-containers', '/var/lib/containers/storage/overlay-containers'];
const CRIO_EXITS = '/run/crio/exits';

const LEGAL = 'auto, none, containerd:STATE_FOLDER:ROOT_FOLDER or cri-o:FOLDER';

/** Throws a ConfigError for what is none. Paths are those of the host, below `rootfs`. */
export function runtimesOf({
  runtimes,
  rootfs,
}: {
  readonly runtimes: readonly string[];
  readonly rootfs: string;
}): Runtime[] {
  return runtimes.flatMap((given) => {
    if (given === 'none') return [];
    if (given === 'auto') return usual(rootfs);
    const [kind, first = '', second = ''] = given.split(':');
    if (kind === 'containerd' && first.startsWith('/') && second.startsWith('/'))
      return present({ state: join(rootfs, first), root: join(rootfs, second) });
    if (kind === 'cri-o' && first.startsWith('/')) return crio(rootfs, [first]);
    throw new ConfigError(`agent.runtimes: "${given}" is no container runtime's place; use ${LEGAL}`);
  });
}

function usual(rootfs: string): Runtime[] {
  const containerd = CONTAINERD.flatMap(([state, root]) =>
    present({ state: join(rootfs, state), root: join(rootfs, root) }),
  );
  return [...containerd, ...crio(rootfs, CRIO)];
}

function present(folders: ContainerdFolders): Runtime[] {
  return hasContainers(folders) ? [containerdFiles(folders)] : [];
}

/** Podman has its own containers in the same folder; CRI-O's exits tell that it is CRI-O who is here. */
function crio(rootfs: string, containers: readonly string[]): Runtime[] {
  const exits = join(rootfs, CRIO_EXITS);
  const isHere = namesIn(join(rootfs, '/run/crio')).length > 0;
  return isHere ? [crioFiles({ containers: containers.map((dir) => join(rootfs, dir)), exits })] : [];
}

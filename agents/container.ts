/**
 * A container as the sources see it: identity, settled once from the engine and its events; and where its numbers are. The
 * inventory (agents/docker) makes these, the cgroup and proc sources read them. Replaced as a whole when anything changes.
 */
import type { Labels } from '../src/model/labels.ts';
import type { Entity } from '../src/model/table.ts';

/** As the engine says. `created` is never started; `removing` and `dead` are on their way out. */
export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface Container {
  /** The full id, 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Its identity in every table: key (the id), start time and labels (`id`, `name`, `image`, allow-listed ones). */
  readonly entity: Entity;
  readonly state: ContainerState;
  /** The first process's pid in the host's pid namespace, or 0 while it does not run. */
  readonly pid: number;
  /**
   * The container's cgroup as `/proc/<pid>/cgroup` names it, per hierarchy; undefined while it does not run. See
   * {@link CgroupPaths}.
   */
  readonly cgroup: CgroupPaths | undefined;
  /** False for host networking and for `container:X`, whose interfaces are counted for the host and for X. */
  readonly ownNetwork: boolean;
  /** `HostConfig.CpuShares` as set, 0 when not set: v2 keeps only a weight, from which shares do not come back exactly. */
  readonly cpuShares: number;
  /** What a pod's container asks for; undefined for others. */
  readonly requests?: Requests | undefined;
  /** The rest of what the engine knows, for the state source; sources that read files do not need it. */
  readonly details: unknown;
}

/** Cores and bytes that a container asks to have for itself; NaN where it asks for none, or nobody tells. */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
}

/** A cgroup that has a name of its own: its path and its labels, `id` (the path) among them. */
export interface NamedCgroup {
  readonly path: string;
  readonly labels: Labels;
}

/** Where a process's cgroup is: the v2 path, and the v1 path per controller (`memory`, `cpuacct` …). From the mount's root, with a leading `/`. */
export interface CgroupPaths {
  readonly unified: string | undefined;
  readonly controllers: ReadonlyMap<string, string>;
}

/**
 * The paths that are the container's own. Where some carry its id, the others are somebody else's: on hybrid hosts older runtimes
 * leave every container in the engine's own unified cgroup. Where none does (a parent and a name of one's own) all stay.
 */
export function ownPaths(paths: CgroupPaths, id: string): CgroupPaths {
  const { unified, controllers } = paths;
  const own = new Map([...controllers].filter(([, path]) => path.includes(id)));
  const ownUnified = unified?.includes(id) ? unified : undefined;
  return ownUnified === undefined && own.size === 0 ? paths : { unified: ownUnified, controllers: own };
}

/**
 * From a process to its cgroup's folders: `/proc/<pid>/cgroup` names the path in each hierarchy, the mounts say where that is.
 * A container's numbers are on the cgroup that has the limits: the one that carries its id, which with nested scopes (an init system's
 * `init.scope`) is above the one its first process is in, or crun's `container` right below it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPaths, ownPaths } from '../container.ts';
import { readOnce } from '../kernel/files.ts';
import type { CgroupMounts, Hierarchy } from './mounts.ts';

/** Where a cgroup's files are. Only folders that exist. */
export interface CgroupDirs {
  readonly unified: string | undefined;
  /** v1: by controller. */
  readonly controllers: ReadonlyMap<string, string>;
}

/** The cgroups of a process as the host names them, or undefined when it has gone: the argument that tells the inventory where containers are. */
export function locator(procRoot: string, mounts: CgroupMounts): (pid: number) => CgroupPaths | undefined {
  return (pid) => {
    const paths = cgroupPathsOf(procRoot, pid);
    return paths && hostPaths(mounts, paths);
  };
}

/** Paths as the kernel names them to a cgroup namespace (`/../x`), by the names of the host (`/docker/x`). Others stay. */
export function hostPaths(mounts: CgroupMounts, { unified, controllers }: CgroupPaths): CgroupPaths {
  const all = [...controllers].map(([name, path]) => [name, hostPath(mounts.controllers.get(name), path)] as const);
  return { unified: unified === undefined ? undefined : hostPath(mounts.unified, unified), controllers: new Map(all) };
}

function hostPath(hierarchy: Hierarchy | undefined, path: string): string {
  if (hierarchy === undefined || hierarchy.above.length === 0) return path;
  const parts = [...hierarchy.above];
  for (const part of partsOf(path)) {
    if (part !== '..') parts.push(part);
    // Above what is mounted: nobody here has a name for it.
    else if (parts.pop() === undefined) return path;
  }
  return `/${parts.join('/')}`;
}

/** The cgroups of a process as the kernel names them to us, or undefined when it has gone. */
export function cgroupPathsOf(procRoot: string, pid: number): CgroupPaths | undefined {
  const bytes = readOnce(join(procRoot, String(pid), 'cgroup'));
  return bytes === undefined ? undefined : parseCgroupPaths(bytes.toString('utf8'));
}

/** `0::/path` is the unified hierarchy; `4:cpu,cpuacct:/path` names controllers. A path may itself hold colons. */
export function parseCgroupPaths(text: string): CgroupPaths {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (!match) continue;
    const path = (match[2] as string).replace(/ \(deleted\)$/, '');
    if (match[1] === '') unified = path;
    else for (const name of (match[1] as string).split(',')) controllers.set(name, path);
  }
  return { unified, controllers };
}

/**
 * The folders of a container's cgroup, in those hierarchies whose paths are its own ({@link ownPaths}). The root is nobody's: that
 * hierarchy was not delegated, and its numbers are the machine's.
 */
export function directoriesOf(mounts: CgroupMounts, all: CgroupPaths, id: string): CgroupDirs {
  const paths = ownPaths(all, id);
  const controllers = new Map<string, string>();
  for (const [name, hierarchy] of mounts.controllers) {
    const dir = existingDir(hierarchy, paths.controllers.get(name), id);
    if (dir !== undefined) controllers.set(name, dir);
  }
  return { unified: existingDir(mounts.unified, paths.unified, id), controllers };
}

/** The folders of the cgroup at one path, the same in every hierarchy. */
export function directoriesAt(mounts: CgroupMounts, path: string): CgroupDirs {
  const everywhere = new Map([...mounts.controllers.keys()].map((name) => [name, path]));
  return directoriesOf(mounts, { unified: path, controllers: everywhere }, '');
}

/** Whether what is mounted here has a place for a container's cgroup, be there one now or not. */
export function isWithinReach(mounts: CgroupMounts, all: CgroupPaths, id: string): boolean {
  const { unified, controllers } = ownPaths(all, id);
  return (
    hasPlace(mounts.unified, unified) ||
    [...mounts.controllers].some(([name, hierarchy]) => hasPlace(hierarchy, controllers.get(name)))
  );
}

/** Whether its folders were there in every hierarchy that has a place for it: then there is none to be looked for again. */
export function isComplete(mounts: CgroupMounts, dirs: CgroupDirs, all: CgroupPaths, id: string): boolean {
  const { unified, controllers } = ownPaths(all, id);
  return (
    (dirs.unified !== undefined || !hasPlace(mounts.unified, unified)) &&
    [...mounts.controllers].every(
      ([name, hierarchy]) => dirs.controllers.has(name) || !hasPlace(hierarchy, controllers.get(name)),
    )
  );
}

/** The root is no place: whoever is there has not joined the hierarchy. */
function hasPlace(hierarchy: Hierarchy | undefined, path: string | undefined): boolean {
  return hierarchy !== undefined && path !== undefined && (belowRoot(hierarchy, path) ?? '') !== '';
}

function existingDir(hierarchy: Hierarchy | undefined, path: string | undefined, id: string): string | undefined {
  if (hierarchy === undefined || path === undefined) return undefined;
  const own = ownPath(path, id);
  const below = own === '/' ? undefined : belowRoot(hierarchy, own);
  if (below === undefined || below === '') return undefined;
  const dir = join(hierarchy.mountPoint, below);
  return existsSync(dir) ? dir : undefined;
}

/**
 * On v2 crun makes this below systemd's scope. Every limit is set on it; the scope has none of them (crun 1.8) or other ones (1.21:
 * swap and memory together as the limit of swap).
 */
const CRUN_GROUP = 'container';

/** The path up to the part that carries the container's id, and crun's group if that is next: `/docker-<id>.scope/init.scope` ends at the scope. */
export function ownPath(path: string, id: string): string {
  const parts = path.split('/');
  const at = id === '' ? -1 : parts.findIndex((part) => part.includes(id));
  return at < 0 ? path : parts.slice(0, parts[at + 1] === CRUN_GROUP ? at + 2 : at + 1).join('/');
}

/** Where crun would keep a container whose scope is this folder. */
export function crunGroupIn(dir: string): string {
  return `${dir}/${CRUN_GROUP}`;
}

/** A path relative to a mount's root; undefined when the mount does not show it. */
export function belowRoot(hierarchy: Hierarchy, path: string): string | undefined {
  const root = partsOf(hierarchy.root);
  const wanted = partsOf(path);
  const below = wanted.slice(root.length);
  const isThere = root.every((part, i) => part === wanted[i]) && !below.includes('..');
  return isThere ? below.join('/') : undefined;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

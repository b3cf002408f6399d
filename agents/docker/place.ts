/**
 * The cgroup path that a container is shown under (the label `id`): the real one while it runs, the one that its engine will
 * give it while it does not.
 */
import { type CgroupPaths, ownPaths } from '../container.ts';
import type { EngineInfo } from './engine/api.ts';

/** Where an engine puts its containers. */
export interface Placing {
  /** `systemd`, `cgroupfs` or `none`, as the engine says. */
  readonly driver: EngineInfo['cgroupDriver'];
  readonly podman: boolean;
}

/**
 * The one path to show of a running container's process, down to the part that carries the container's id. On a v1 or hybrid host the
 * unified hierarchy may be unused, and then names the root, or the engine's own cgroup, for every process: no container's place.
 */
export function shownPath(paths: CgroupPaths, id: string): string | undefined {
  const path = pathOf(ownPaths(paths, id));
  if (path === undefined) return undefined;
  // Nested scopes (podman's `container`, an init system's `init.scope`) are below the part that carries the id.
  const parts = path.split('/');
  const at = parts.findIndex((part) => part.includes(id));
  return at < 0 ? path : parts.slice(0, at + 1).join('/');
}

function pathOf(paths: CgroupPaths): string | undefined {
  const v1 = paths.controllers.get('memory') ?? paths.controllers.get('cpu') ?? paths.controllers.get('cpuacct');
  if (paths.unified !== undefined && (paths.unified !== '/' || v1 === undefined)) return paths.unified;
  return v1;
}

/** Where the engine puts a container that does not run, from its driver and `HostConfig.CgroupParent`. */
export function expectedPath(id: string, cgroupParent: string, { driver, podman }: Placing): string {
  const prefix = podman ? 'libpod' : 'docker';
  if (driver === 'systemd') {
    const slice = cgroupParent.endsWith('.slice') ? basename(cgroupParent) : podman ? 'machine.slice' : 'system.slice';
    return `${systemdPath(slice)}/${prefix}-${id}.scope`;
  }
  const parent =
    cgroupParent === '' ? (podman ? '/libpod_parent' : '/docker') : `/${cgroupParent.replace(/^\/+|\/+$/g, '')}`;
  return podman ? `${parent}/libpod-${id}` : `${parent}/${id}`;
}

/** systemd nests slices by the dashes in their names: `a-b.slice` is at `/a.slice/a-b.slice`. */
export function systemdPath(slice: string): string {
  if (slice === '-.slice') return '';
  const parts = slice.slice(0, -'.slice'.length).split('-');
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('-')}.slice`).join('');
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

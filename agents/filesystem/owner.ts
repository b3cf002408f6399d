/**
 * Whether a process is a container's, told by its mounts: engines put files of their own into each container, from a folder that
 * carries the container's id. For containers that have no cgroup of their own to be known by.
 */
import { join } from 'node:path';
import { readOnce } from '../kernel/files.ts';
import { parseMountinfo } from './mounts.ts';

/** Mounted from the engine's folder for the container; `.containerenv` is Podman's. A host process has none of these of a container. */
const FROM_ENGINE = new Set(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf', '/run/.containerenv']);

/** False also when the process has gone or may not be looked at. */
export function isProcessOf(procRoot: string, pid: number, id: string): boolean {
  const bytes = readOnce(join(procRoot, String(pid), 'mountinfo'));
  if (bytes === undefined) return false;
  return parseMountinfo(bytes.toString('utf8')).some(({ point, root }) => FROM_ENGINE.has(point) && root.includes(id));
}

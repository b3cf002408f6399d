/** The processes of a cgroup and of those below it, for the sources that look at single processes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../container.ts';
import { isNoData, readOnce } from '../kernel/files.ts';
import { directoriesOf } from './locate.ts';
import type { CgroupMounts } from './mounts.ts';

/** A container with more processes than this has the rest left out. */
const MAX_PIDS = 32_768;

/** On v1 every controller knows the processes; these are the most likely to be there. */
const CONTROLLERS = ['pids', 'memory', 'cpu', 'cpuacct'];

/** The pids, in the numbering of our own pid namespace, where those of others are missing; undefined when there is no cgroup (any more). */
export function pidsOf(mounts: CgroupMounts, container: Container): number[] | undefined {
  if (container.cgroup === undefined) return undefined;
  const dirs = directoriesOf(mounts, container.cgroup, container.id);
  const v1 = CONTROLLERS.map((name) => dirs.controllers.get(name)).find((dir) => dir !== undefined);
  const dir = v1 ?? dirs.unified;
  if (dir === undefined) return undefined;
  const pids: number[] = [];
  collect(dir, pids);
  return pids;
}

function collect(dir: string, into: number[]): void {
  const bytes = readOnce(join(dir, 'cgroup.procs'));
  for (const line of bytes?.toString('latin1').split('\n') ?? []) {
    const pid = Number(line);
    if (pid > 0 && into.length < MAX_PIDS) into.push(pid);
  }
  for (const name of foldersIn(dir)) collect(join(dir, name), into);
}

function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    if (isNoData(error)) return [];
    throw error;
  }
}

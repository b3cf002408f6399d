/**
 * Our own place in a cgroup tree. Inside a cgroup namespace the kernel writes every path relative to our own cgroup (`/../x`)
 * and keeps the names of the folders above it to itself; but the folder that holds our own process is ours.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNoData, readOnce } from '../kernel/files.ts';

/** A tree is searched up to here, in folders. */
const MAX_SEARCHED = 20_000;

/** The names of the folders from `mountPoint` down to the cgroup of process `pid`, `levels` below it; undefined if it is not there. */
export function namesDownTo(mountPoint: string, levels: number, pid: number): string[] | undefined {
  let layer: string[][] = [[]];
  let searched = 0;
  for (let level = 0; level < levels && searched < MAX_SEARCHED; level++) {
    const next: string[][] = [];
    for (const names of layer) {
      for (const name of foldersIn(join(mountPoint, ...names))) next.push([...names, name]);
    }
    searched += next.length;
    layer = next;
  }
  return layer.find((names) => holds(join(mountPoint, ...names), pid));
}

/** The names of the folders in a folder; none if it has gone or may not be read. */
export function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (isNoData(error)) return [];
    throw error;
  }
}

function holds(dir: string, pid: number): boolean {
  const procs = readOnce(join(dir, 'cgroup.procs'));
  return procs?.toString('latin1').split('\n').includes(String(pid)) ?? false;
}

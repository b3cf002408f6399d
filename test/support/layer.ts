/** Where a container's writable layer is on the disk. */
import { readFileSync } from 'node:fs';

/** By the kernel's word: the upper directory of the overlay that is mounted at `/` for the container's first process. */
export function upperDirOf(pid: number): string {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
  const root = lines.findLast((line) => line.split(' ')[4] === '/') ?? '';
  const dir = /[ ,]upperdir=([^, ]+)/.exec(root)?.[1];
  if (dir === undefined) throw new Error(`process ${pid} has no overlay at its root: ${root}`);
  return dir;
}

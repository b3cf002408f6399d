/**
 * A container's kernel files, read by the test itself and by other means than the agent's: found by the container's id under
 * /sys/fs/cgroup, whichever version and driver made them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of a container in a v1 hierarchy (`memory`, `cpu`, `cpuacct`, `blkio`, `pids`), or in the v2 tree for `''`. */
export function cgroupDir(id: string, controller = ''): string {
  const root = join('/sys/fs/cgroup', controller);
  // It ends with an error where others' folders go while it looks; what it found is good.
  const { stdout } = spawnSync('find', [root, '-type', 'd', '-name', `*${id}*`], { encoding: 'utf8' });
  const first = stdout.split('\n').find((line) => line !== '');
  if (first === undefined) throw new Error(`no cgroup of ${id} below ${root}`);
  return first;
}

/** A file of one number. */
export function numberIn(file: string): number {
  return Number(readFileSync(file, 'utf8').trim());
}

/** A value in a file of `key value` lines: `cpu.stat`, `memory.stat`, `memory.oom_control`. */
export function keyIn(file: string, key: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${key} `));
  if (line === undefined) throw new Error(`${file} has no ${key}`);
  return Number(line.split(' ')[1]);
}

/** Received and transmitted bytes of one interface of a process's network. */
export function interfaceBytes(pid: number, name = 'eth0'): { received: number; transmitted: number } {
  const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((each) => each.trim().startsWith(`${name}:`));
  if (line === undefined) throw new Error(`process ${pid} has no interface ${name}`);
  const fields = line.split(':')[1]?.trim().split(/\s+/).map(Number) ?? [];
  return { received: fields[0] ?? 0, transmitted: fields[8] ?? 0 };
}

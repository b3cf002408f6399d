/**
 * Cgroups made by hand, as systemd makes them for its slices and services: a slice of the tests' own in every hierarchy of the machine, with
 * processes put into its members. All of it is removed again, also when the test's process is killed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { V2 } from './kernel.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

const TOP = '/sys/fs/cgroup';
/** What a slice hands on to its members on v2. */
const DELEGATED = '+cpu +memory +pids +io';

export interface MemberOptions {
  /** Runs under `sh -c` in the cgroup. */
  readonly script: string;
  /** Kernel files that are written first, by controller and name: `{ 'cpu/cpu.cfs_quota_us': '20000' }`. */
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Slice {
  /** `/plimsoll-test-123.slice` */
  readonly path: string;
  /** Makes members without processes. */
  make(...names: string[]): void;
  /** Makes a member and runs something in it. */
  run(name: string, options: MemberOptions): Promise<Server>;
  /** Removes members, in which nothing runs any more. */
  unmake(...names: string[]): Promise<void>;
  /** Ends what runs in it and removes it. */
  stop(): Promise<void>;
}

/** `only`: these v1 hierarchies; all of them if not given. */
export async function makeSlice(only?: readonly string[]): Promise<Slice> {
  const path = `/plimsoll-test-${process.pid}.slice`;
  const tops = (V2 ? [TOP] : hierarchies(only)).map((top) => join(top, path));
  const dir = serverDir('slice');
  writeFileSync(join(dir, 'cleanup'), tops.map(removal).join(''));
  // Nothing but a watcher: when this ends, however that comes about, the slice is removed.
  const holder = await startServer({
    name: 'slice',
    file: 'sh',
    args: ['-c', 'while sleep 100000; do :; done', 'slice', `${dir}/`],
    dir,
    ready: () => Promise.resolve(true),
  });
  const running: Server[] = [];
  const make = (top: string, name: string): void => {
    mkdirSync(join(top, name), { recursive: true });
    if (!V2 && top.startsWith(join(TOP, 'cpuset'))) inheritCpus(join(top, name));
  };
  for (const top of tops) make(top, '');
  if (V2) writeFileSync(join(tops[0] as string, 'cgroup.subtree_control'), DELEGATED);
  return {
    path,
    make(...names) {
      for (const top of tops) for (const name of names) make(top, name);
    },
    async run(name, { script, limits = {} }) {
      for (const top of tops) make(top, name);
      for (const [file, value] of Object.entries(limits)) {
        const [controller = '', own = ''] = file.split('/');
        writeFileSync(join(TOP, controller, path, name, own), value);
      }
      const own = serverDir('member');
      // It goes on once it is where it belongs: the shell waits for its file.
      const args = ['-c', `until [ -e "$1/in" ]; do sleep 0.05; done; ${script}`, name, `${own}/`];
      const ready = (): Promise<unknown> => Promise.resolve(true);
      const server = await startServer({ name: 'member', file: 'sh', args, dir: own, ready });
      for (const top of tops) writeFileSync(join(top, name, 'cgroup.procs'), String(server.pid));
      writeFileSync(join(own, 'in'), '');
      running.push(server);
      return server;
    },
    async unmake(...names) {
      for (const name of names) {
        const empty = () => tops.every((top) => readFileSync(join(top, name, 'cgroup.procs'), 'utf8') === '');
        await waitFor(empty, { what: `${name} to be empty` });
        // The kernel may not be done with a process that is no longer listed.
        for (const top of tops)
          await waitFor(
            () => {
              rmdirSync(join(top, name));
              return true;
            },
            { what: `${join(top, name)} to be let go of` },
          );
      }
    },
    async stop() {
      for (const server of running) await server.stop();
      await holder.stop();
    },
  };
}

function hierarchies(only: readonly string[] | undefined): string[] {
  const all = readdirSync(TOP).filter((name) => existsSync(join(TOP, name, 'cgroup.procs')));
  return all.filter((name) => only?.includes(name) ?? true).map((name) => join(TOP, name));
}

/** A cpuset on v1 takes no process before it has CPUs and memory. */
function inheritCpus(dir: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(dir, file), readFileSync(join(dir, '..', file), 'utf8'));
  }
}

function removal(top: string): string {
  return `if [ -d ${top} ]; then
  for pid in $(find ${top} -name cgroup.procs -exec cat {} + 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
  tries=0
  until find ${top} -depth -type d -exec rmdir {} + 2>/dev/null || [ $tries -ge 20 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
`;
}

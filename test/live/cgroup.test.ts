/**
 * Real cgroups, made here and removed here: the kernel says ENODEV and changes `cgroup.events` as no folder of files can. Needs root
 * and a writable cgroup file system of either version.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cgroupPathsOf, directoriesOf } from '../../agents/cgroup/locate.ts';
import { findMounts } from '../../agents/cgroup/mounts.ts';
import type { CgroupSource } from '../../agents/cgroup/source.ts';
import type { Container } from '../../agents/container.ts';
import { descriptorsKept } from '../../agents/kernel/files.ts';
import { breathe } from '../../src/run/clock.ts';
import { container, numbersOf, sourceOf } from '../agents/cgroup/host.ts';
import { waitFor } from '../support/wait.ts';

const CPU = 'container_cpu_usage_seconds_total{cpu="total"}';
const mounts = findMounts({ procRoot: '/proc' });
const tick = { timeMs: 0, signal: new AbortController().signal };

let dirs: string[];
let name: string;
let source: CgroupSource;
let listed: Container[];
/** Those of the test, whatever became of it. */
let running: { readonly child: ChildProcess; readonly exited: Promise<void> }[] = [];

beforeEach(() => {
  name = `plimsoll-test-${process.pid}-${Math.trunc(performance.now())}`;
  const tops = [mounts.unified, ...mounts.controllers.values()].flatMap((hierarchy) => hierarchy?.mountPoint ?? []);
  dirs = [...new Set(tops)].map((top) => join(top, name));
  for (const dir of dirs) {
    mkdirSync(dir);
    // A fresh v1 cpuset takes no process before it has CPUs and memory nodes.
    for (const file of dir.includes('/cpuset/') ? ['cpuset.cpus', 'cpuset.mems'] : []) {
      writeFileSync(join(dir, file), readFileSync(join(dir, '..', file)));
    }
  }
  listed = [];
  source = sourceOf(mounts, { containers: () => listed });
});

afterEach(async () => {
  await source.close();
  for (const { child, exited } of running) {
    child.kill('SIGKILL');
    await exited;
  }
  running = [];
  await removeCgroups();
});

/** A cgroup is busy until the kernel is done with the last process, a moment after its exit. */
async function removeCgroups(): Promise<void> {
  for (const dir of dirs)
    await waitFor(
      () => {
        rmdirSync(dir);
        return true;
      },
      { what: `${dir} to be empty` },
    );
  dirs = [];
}

/** Runs a shell command in the cgroups; its first word waits until it was told to go on. */
function run(command: string): { pid: number; go(): void; exited: Promise<void> } {
  const join_ = dirs.map((dir) => `echo $$ > ${dir}/cgroup.procs`).join('; ');
  const child = spawn('sh', ['-c', `${join_}; echo ready; read go; ${command}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  running.push({ child, exited });
  return { pid: child.pid!, go: () => void child.stdin.end('go\n'), exited };
}

/** The CPU time in the kernel's own words, in seconds. */
function usedSeconds(): number {
  const cpuacct = mounts.controllers.get('cpuacct')?.mountPoint;
  if (cpuacct !== undefined) return Number(readFileSync(join(cpuacct, name, 'cpuacct.usage'), 'utf8')) / 1e9;
  const stat = readFileSync(join(mounts.unified!.mountPoint, name, 'cpu.stat'), 'utf8');
  return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6;
}

/** What the kernel says of a process once it has joined the cgroup that it joins last. */
async function pathsOnceIn(pid: number, last: string) {
  return waitFor(() => {
    const paths = cgroupPathsOf('/proc', pid);
    return paths?.unified === last && paths;
  });
}

async function inCgroup(pid: number): Promise<Container> {
  const cgroup = await waitFor(() => {
    const paths = cgroupPathsOf('/proc', pid);
    const all = paths ? [paths.unified, ...paths.controllers.values()] : [];
    return all.filter((path) => path === `/${name}`).length >= dirs.length && paths;
  });
  return container('short', { id: name, pid, cgroup });
}

test('the totals of a container that has ended and whose cgroup was removed are still there, to the last nanosecond', async () => {
  const child = run('i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done');
  listed = [await inCgroup(child.pid)];
  const started = numbersOf(source.readNow(listed[0]!), 'short').get(CPU)!;
  child.go();
  await child.exited;
  const used = usedSeconds();
  const last = await waitFor(() => numbersOf(source.readNow(listed[0]!), 'short').get(CPU)! >= used);
  expect(last).toBe(true);
  await removeCgroups();
  expect(numbersOf(source.readNow(listed[0]!), 'short').get(CPU)).toBe(used);
  expect(used).toBeGreaterThan(started);
});

test('the kernel’s word that the last process has exited is enough: nobody asks before the cgroup is removed', async () => {
  const child = run('i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done');
  listed = [await inCgroup(child.pid)];
  await source.read(tick);
  const told = emptied(join(mounts.unified!.mountPoint, name, 'cgroup.events'));
  child.go();
  await told;
  const used = usedSeconds();
  await removeCgroups();
  expect(numbersOf(source.readNow(listed[0]!), 'short').get(CPU)).toBe(used);
});

/** Resolves when the kernel has said that no process is left, and everyone who watches has heard it. */
async function emptied(path: string): Promise<void> {
  for await (const _ of watch(path)) if (readFileSync(path, 'utf8').includes('populated 0')) break;
  await breathe();
}

test('a cgroup that goes between two ticks: absent, no failure, every descriptor closed', async () => {
  const child = run('true');
  listed = [await inCgroup(child.pid)];
  expect(numbersOf(await source.read(tick), 'short').has(CPU)).toBe(true);
  expect(descriptorsKept()).toBeGreaterThan(0);
  child.go();
  await child.exited;
  await removeCgroups();
  expect(numbersOf(await source.read(tick), 'short').size).toBe(0);
  expect([source.counts.vanished, source.counts.failures.size, descriptorsKept()]).toEqual([1, 0, 0]);
});

test('memory, threads and pressure are what the kernel’s files say at the same time', async () => {
  const child = run('true');
  const one = await inCgroup(child.pid);
  listed = [one];
  const found = directoriesOf(mounts, one.cgroup!, name);
  const memory = found.controllers.get('memory');
  const file = memory ? join(memory, 'memory.usage_in_bytes') : join(found.unified!, 'memory.current');
  const waited = (): number | undefined => {
    if (found.unified === undefined) return undefined;
    const some = /^some .*total=(\d+)$/m.exec(readFileSync(join(found.unified, 'memory.pressure'), 'utf8'));
    return Number(some?.[1]) / 1e6;
  };
  const kernel = () => ({ used: Number(readFileSync(file, 'utf8')), waited: waited() });
  // The kernel hands out memory to a cgroup in stocks for each CPU, and takes what is left of one back when it likes: what it says may change at any moment.
  const { said, got } = await waitFor(
    async () => {
      const said = kernel();
      const got = numbersOf(await source.read(tick), 'short');
      return JSON.stringify(kernel()) === JSON.stringify(said) && { said, got };
    },
    { what: 'the kernel to say the same before and after' },
  );
  expect(got.get('container_memory_usage_bytes')).toBe(said.used);
  expect(got.get('container_threads')).toBe(1);
  expect(got.get('container_pressure_memory_waiting_seconds_total')).toBe(said.waited);
  child.go();
  await child.exited;
});

test('a hybrid host that leaves containers in the engine’s unified cgroup: no pressure is theirs', async () => {
  const engine = `/engine-${process.pid}`;
  dirs.push(join(mounts.unified!.mountPoint, engine));
  mkdirSync(dirs.at(-1)!);
  // It joins that one last, and so has left its own in the unified hierarchy, as a process is in one cgroup of each.
  const child = run('true');
  const one = container('short', { id: name, pid: child.pid, cgroup: await pathsOnceIn(child.pid, engine) });
  listed = [one];
  const got = numbersOf(await source.read(tick), 'short');
  expect(got.has('container_memory_usage_bytes')).toBe(true);
  // Where everything is on v2 there is nothing but the engine's cgroup, which no path tells from one with a name of its own.
  expect([...got.keys()].some((metric) => metric.includes('pressure'))).toBe(mounts.version !== 'hybrid');
  child.go();
  await child.exited;
});

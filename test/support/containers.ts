/**
 * Containers with known behaviour. Each function starts one and says what a true monitor must show of it, by arithmetic on what the
 * container does or by the kernel's rules, never by what a program of ours answers.
 */
import { readlinkSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Engine, Running } from './engine.ts';

const MIB = 1024 * 1024;

/** The first process sleeps on in the background and dies at once when asked to. */
const STAY = 'trap "exit 0" TERM; sleep 100000 & wait';

/** A container's address on its only network; since API 1.52 nothing but its networks says it. */
export const ADDRESS = 'range .NetworkSettings.Networks}}{{.IPAddress}}{{end';

export interface Burning extends Running {
  /** CPU seconds per second while it runs: the quota, which a busy loop uses up. */
  readonly cores: number;
  /** What the limit must read as. */
  readonly quotaMicroseconds: number;
  readonly periodMicroseconds: number;
}

/** Burns one CPU under a quota: it uses exactly the quota and is throttled in nearly every period. */
export async function burn(
  engine: Engine,
  { name = 'burn', cores = 0.2, flags = [] as string[] } = {},
): Promise<Burning> {
  const running = await engine.run({ name, flags: ['--cpus', String(cores), ...flags], script: 'while :; do :; done' });
  return { ...running, cores, quotaMicroseconds: Math.round(cores * 100_000), periodMicroseconds: 100_000 };
}

export interface Writing extends Running {
  /** What it has written to the disk: at least this, and file system metadata on top of it. */
  readonly bytes: number;
  /** Resolves once all of it is on the disk. */
  readonly done: () => Promise<void>;
}

/**
 * Writes half of the bytes past the page cache and half through it with an fsync, to a volume. The mild limit on the disk is there
 * because a kernel of 6.10 or later counts a v1 cgroup's block io only on disks that have some limit.
 */
export async function writer(
  engine: Engine,
  { name = 'writer', mebibytes = 16, flags = [] as string[] } = {},
): Promise<Writing> {
  const half = Math.floor(mebibytes / 2);
  const dd = (file: string, count: number, how: string): string =>
    `dd if=/dev/zero of=/data/${file} bs=1M count=${count} ${how}`;
  const script = `${dd('direct', half, 'oflag=direct')} && ${dd('synced', mebibytes - half, 'conv=fsync')} && touch /tmp/done; ${STAY}`;
  const limit = ['--device-write-bps', `/dev/${await diskOf(engine)}:1000gb`];
  const running = await engine.run({ name, flags: ['-v', `${name}-data:/data`, ...limit, ...flags], script });
  return { ...running, bytes: mebibytes * MIB, done: () => until(engine, running.id, '/tmp/done') };
}

export interface Transfer {
  readonly sender: Running;
  readonly receiver: Running;
  /** What went from one to the other: both interfaces count this, and the headers on top of it (a few percent). */
  readonly bytes: number;
  readonly done: () => Promise<void>;
}

/** Sends a fixed number of bytes over the engine's bridge from `<name>-sender` to `<name>-receiver`. */
export async function transfer(
  engine: Engine,
  { name = 'net', mebibytes = 20, flags = [] as string[] } = {},
): Promise<Transfer> {
  const receiver = await engine.run({
    name: `${name}-receiver`,
    flags,
    // With its input at an end nc would close the connection at once.
    script: `sleep 100000 | nc -l -p 7000 | wc -c >/tmp/received & ${STAY}`,
  });
  const address = await engine.field(receiver.id, ADDRESS);
  const sender = await engine.run({
    name: `${name}-sender`,
    flags,
    script: `until head -c ${mebibytes * MIB} /dev/zero | nc ${address} 7000; do sleep 0.1; done; touch /tmp/done; ${STAY}`,
  });
  return { sender, receiver, bytes: mebibytes * MIB, done: () => until(engine, sender.id, '/tmp/done') };
}

export interface ChildKilled extends Running {
  readonly limitBytes: number;
  /** OOM kills happen about every so many milliseconds while the container itself lives on. */
  readonly everyMs: number;
}

/** A child reads zeros without end into memory and is OOM-killed, again and again; the first process lives. */
export async function oomChild(
  engine: Engine,
  { name = 'oomchild', everyMs = 1000, flags = [] as string[] } = {},
): Promise<ChildKilled> {
  const running = await engine.run({
    name,
    flags: ['--memory', '32m', '--memory-swap', '32m', ...flags],
    script: `while :; do (tail /dev/zero); sleep ${everyMs / 1000}; done`,
  });
  return { ...running, limitBytes: 32 * MIB, everyMs };
}

export interface Ended {
  readonly id: string;
  readonly name: string;
  readonly exitCode: number;
}

/** Runs and is killed: exit code 128 + 9. */
export async function killed(engine: Engine, { name = 'killed', flags = [] as string[] } = {}): Promise<Ended> {
  const { id } = await engine.run({ name, flags, script: STAY });
  await engine.docker('kill', id);
  await engine.docker('wait', id);
  return { id, name, exitCode: 137 };
}

export interface ShortLived extends Ended {
  /** CPU seconds it has used when it ends: its loop runs until `times` of the shell says so, so at least this. */
  readonly cpuSeconds: number;
  /** Resolves once it has ended. */
  readonly ended: () => Promise<void>;
}

/** Lives about two seconds, burns CPU in them, and ends with code 7. */
export async function shortLived(engine: Engine, { name = 'short', flags = [] as string[] } = {}): Promise<ShortLived> {
  const { id } = await engine.run({ name, flags, script: 'timeout 1 sh -c "while :; do :; done"; sleep 1; exit 7' });
  const ended = async (): Promise<void> => {
    await engine.docker('wait', id);
  };
  return { id, name, exitCode: 7, cpuSeconds: 0.2, ended };
}

/** Starts and removes `count` containers, a few at a time; resolves to their ids once none of them is left. */
export async function comeAndGo(engine: Engine, { name = 'churn', count = 20, atATime = 4 } = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < count; first += atATime) {
    const batch = Array.from({ length: Math.min(atATime, count - first) }, (_, i) => `${name}-${first + i}`);
    const started = await Promise.all(batch.map((each) => engine.run({ name: each, script: STAY })));
    ids.push(...started.map((running) => running.id));
    await engine.remove(...batch);
  }
  return ids;
}

/** The name below /dev of the whole disk that holds the engine's data: `vda` also where that is on `vda1`. */
export async function diskOf(engine: Engine): Promise<string> {
  const { dev } = statSync(await engine.docker('info', '--format', '{{.DockerRootDir}}'));
  // The Linux encoding of a device number: 12 bits of major above 8 bits of minor, more minor bits above those.
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  const path = readlinkSync(`/sys/dev/block/${major}:${minor}`);
  const whole = basename(dirname(path)) === 'block' ? path : dirname(path);
  return basename(whole);
}

/** Waits until a file is there inside a container, asked by the engine, at most 60 s. */
async function until(engine: Engine, id: string, file: string): Promise<void> {
  await engine.docker('exec', id, 'timeout', '60', 'sh', '-c', `until [ -e ${file} ]; do sleep 0.1; done`);
}

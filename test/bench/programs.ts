/** Starts the built program for a benchmark and says where it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';

/** From dist-bench/test/bench to the checkout. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Another one can be named, to compare two. */
const PROGRAM = process.env.BENCH_PROGRAM ?? `${ROOT}dist/src/cli/main.js`;
/** For Node, to try what they do. */
const NODE_FLAGS = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

export interface Program {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** `plimsoll <role>` with flags; `url` is where the role listens. Fails with what it said if it does not come up. */
export async function startProgram(
  role: 'agent' | 'collector',
  flags: readonly string[],
  nodeFlags: readonly string[] = [],
  program = PROGRAM,
): Promise<Program> {
  const port = await freePort();
  const listen = [`--${role}.listen`, `127.0.0.1:${port}`, '--log.level', 'warn'];
  // One from before there was a log would not know the flag.
  if (program === PROGRAM) listen.push('--data_dir', process.env.BENCH_DATA_DIR ?? 'none');
  const child = spawn(process.execPath, [...NODE_FLAGS, ...nodeFlags, program, role, ...listen, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (piece: Buffer): void => {
    said = (said + piece.toString()).slice(-10_000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const url = `http://127.0.0.1:${port}`;
  try {
    const up = async () => child.exitCode !== null || (await fetch(`${url}/healthz`)).ok;
    await waitFor(up, { timeoutMs: 60_000, everyMs: 100, what: `plimsoll ${role}` });
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`plimsoll ${role} did not come up: ${said}`, { cause: error });
  }
  return { pid: child.pid as number, url, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(patience);
}

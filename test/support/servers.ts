/**
 * Starts a real server for a test: its own folder, its log in a file, its health awaited. It ends when the test says so, and
 * also when the test's process is gone, however that came about: a watcher outlives it (see watcher.sh). Only what was started
 * here is ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait.ts';

const WATCHER = fileURLToPath(new URL('watcher.sh', import.meta.url));
/** Logs of servers that have ended are kept here until the next run. */
const KEPT_LOGS = fileURLToPath(new URL('../../.cache/logs/', import.meta.url));

export interface ServerOptions {
  /** For messages and for the name of the folder: `prometheus`. */
  readonly name: string;
  readonly file: string;
  /** Must name something in `dir`: that is how leftovers are recognised. */
  readonly args: readonly string[];
  /** From {@link serverDir}. */
  readonly dir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves to something true once the server works; asked again and again. */
  readonly ready: () => Promise<unknown>;
  readonly readyTimeoutMs?: number;
}

export interface Server {
  readonly name: string;
  readonly dir: string;
  /** Of the running process, or 0. */
  readonly pid: number;
  /** All it has written so far. */
  log(): string;
  /** Starts it again after `end`, with the same data. */
  start(): Promise<void>;
  /** Ends the process and keeps the data; by SIGKILL after 15 s if the signal does not do it. Resolves to its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends the process and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** A new folder for one server. */
export function serverDir(name: string): string {
  return mkdtempSync(join(tmpdir(), `plimsoll-test-${name}-`));
}

/** Starts a server and waits until it is ready; what it wrote is in the error if it is not. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, dir } = options;
  const logFile = join(dir, 'log');
  const watcher = spawn('/bin/sh', [WATCHER, dir], { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
  const watcherGone = exitOf(watcher);
  let running: { process: ChildProcess; exit: Promise<number | null> } | undefined;
  let stopped = false;
  const server: Server = {
    name,
    dir,
    get pid() {
      return running?.process.pid ?? 0;
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    async start() {
      if (running) throw new Error(`${name} runs already`);
      const child = launch(options, logFile);
      const exit = exitOf(child);
      running = { process: child, exit };
      void exit.then(() => {
        if (running?.process === child) running = undefined;
      });
      await awaitReady(server, options);
    },
    async end(signal = 'SIGTERM') {
      if (!running) return null;
      const { process: child, exit } = running;
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const code = await exit;
      clearTimeout(patience);
      return code;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      await server.end();
      keepLog(name, logFile);
      watcher.stdin?.end();
      await watcherGone;
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

function launch({ file, args, env }: ServerOptions, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    // In a session of its own: the terminal's Ctrl-C is for the test runner.
    return spawn(file, args, { stdio: ['ignore', log, log], detached: true, env: { ...process.env, ...env } });
  } finally {
    closeSync(log);
  }
}

async function awaitReady(
  server: Server,
  { ready, readyTimeoutMs = 30_000, name, file }: ServerOptions,
): Promise<void> {
  try {
    await waitFor(
      async () => {
        if (server.pid === 0) return 'ended';
        await ready();
        return 'ready';
      },
      { timeoutMs: readyTimeoutMs, everyMs: 50, what: `${name} to be ready` },
    );
    if (server.pid === 0) throw new Error(`${name} (${file}) ended at once`);
  } catch (error) {
    const tail = server.log().split('\n').slice(-40).join('\n');
    throw new Error(`${name} did not start; its last lines:\n${tail}`, { cause: error });
  }
}

/** The exit code, null for a signal or when the file could not be started. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', (code) => resolve(code));
  });
}

function keepLog(name: string, logFile: string): void {
  if (!existsSync(logFile)) return;
  try {
    mkdirSync(KEPT_LOGS, { recursive: true });
    copyFileSync(logFile, join(KEPT_LOGS, `${name}.log`));
  } catch (error) {
    // The machine of test/vm can only read the checkout.
    console.warn(`the log of ${name} is not kept:`, String(error));
  }
}

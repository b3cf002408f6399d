/** The program itself, built and started as a person would: `node dist/src/cli/main.js run --config plimsoll.yaml`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

type Section = Readonly<Record<string, unknown>>;

export interface ProgramOptions {
  readonly command: 'run' | 'agent' | 'collector';
  /** The configuration file's content; addresses that are not given become free ports on loopback. */
  readonly config?: Section & { readonly agent?: Section; readonly collector?: Section };
  /** Further flags. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The beginning of the command line, if it is not to run as we do: that of another user. */
  readonly become?: readonly string[];
  /** Sent as a bearer token by {@link Program.metrics}. */
  readonly token?: string;
}

export type PageName = 'agent' | 'collector' | 'containers';

export interface Program extends Server {
  /** `http://127.0.0.1:<port>`; of no use for a command without an agent. */
  readonly agentUrl: string;
  /** The same of the collector. */
  readonly collectorUrl: string;
  /** The exposition of one page; `containers` is the collector's `/metrics/containers`. */
  metrics(page: PageName): Promise<string>;
  /** What `plimsoll check` says with the same configuration, asked by the user whom `become` names, in the same environment. */
  check(become: readonly string[]): string;
  /** Waits until `/readyz` of every side that runs says yes: there is data. */
  ready(): Promise<void>;
}

/** Starts it and waits until `/healthz` answers; takes the build of `npm run build`. */
export async function startProgram({
  command,
  config = {},
  flags = [],
  env = {},
  become = [],
  token,
}: ProgramOptions): Promise<Program> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build`);
  const dir = serverDir(`plimsoll-${command}`);
  const agent = { listen: `127.0.0.1:${await freePort()}`, ...config.agent };
  const collector = { listen: `127.0.0.1:${await freePort()}`, ...config.collector };
  const file = join(dir, 'plimsoll.yaml');
  // Each program has a folder of its own for what it keeps.
  writeFileSync(file, stringify({ data_dir: join(dir, 'data'), ...config, agent, collector }));
  if (become.length > 0) chmodSync(dir, 0o755);
  const urls = { agent: `http://${agent.listen}`, collector: `http://${collector.listen}` };
  const sides = command === 'run' ? (['agent', 'collector'] as const) : [command];
  const askAll = (path: string): Promise<unknown> =>
    Promise.all(sides.map((side) => get(`${urls[side]}${path}`, token)));
  const server = await startServer({
    name: `plimsoll-${command}`,
    file: become[0] ?? process.execPath,
    args: [...[...become, process.execPath].slice(1), MAIN, command, '--config', file, ...flags],
    dir,
    env,
    ready: () => askAll('/healthz'),
  });
  return Object.assign(server, {
    agentUrl: urls.agent,
    collectorUrl: urls.collector,
    metrics: (page: PageName) =>
      get(page === 'containers' ? `${urls.collector}/metrics/containers` : `${urls[page]}/metrics`, token),
    check(user: readonly string[]) {
      chmodSync(dir, 0o755);
      const [program = '', ...args] = [...user, process.execPath, MAIN, 'check', '--config', file];
      return spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } }).stdout;
    },
    ready: async () => {
      await waitFor(async () => (await askAll('/readyz')) !== undefined, {
        timeoutMs: 60_000,
        what: `${command} to have data`,
      });
    },
  });
}

async function get(url: string, token: string | undefined): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetchText(url, { headers })).text;
}

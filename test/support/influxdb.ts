/** A real InfluxDB 1.x: takes `/write`, answers InfluxQL. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchJson, fetchText } from './http.ts';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';

export interface InfluxOptions {
  readonly databases?: readonly string[];
  /** With a user, an administrator of that name is made and every request needs it. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Larger bodies are refused; InfluxDB's own limit if not set. */
  readonly maxBodyBytes?: number;
}

/** One series of an InfluxQL answer. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | boolean | null)[])[];
}

export interface Influx extends Server {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** An InfluxQL statement; times come as Unix milliseconds. An error of the statement is thrown. By default an answer is waited for as long as any. */
  query(database: string, statement: string, withinMs?: number): Promise<InfluxSeries[]>;
}

interface QueryAnswer {
  readonly results: readonly { readonly series?: readonly InfluxSeries[]; readonly error?: string }[];
}

export async function startInflux(options: InfluxOptions = {}): Promise<Influx> {
  const dir = serverDir('influxdb');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(dir, 'influxdb.conf');
  const { user, maxBodyBytes = 25_000_000 } = options;
  const rpcPort = await freePort();
  writeFileSync(config, configuration({ dir, port, rpcPort, auth: user !== undefined, maxBodyBytes }));
  const server = await startServer({
    name: 'influxdb',
    file: 'influxd',
    dir,
    args: ['-config', config],
    ready: () => fetchText(`${url}/ping`),
  });
  const ask = asker(url, options.user);
  try {
    if (options.user) await ask('', makeAdministrator(options.user));
    for (const database of options.databases ?? []) await ask('', `CREATE DATABASE "${database}"`);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return Object.assign(server, { url, query: ask });
}

function asker(url: string, user: InfluxOptions['user']): Influx['query'] {
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (user) headers.authorization = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
  return async (database, statement, withinMs) => {
    const body = new URLSearchParams({ db: database, q: statement, epoch: 'ms' }).toString();
    const answer = await fetchJson<QueryAnswer>(`${url}/query`, {
      method: 'POST',
      headers,
      body,
      ...(withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }),
    });
    const failed = answer.results.find((result) => result.error !== undefined);
    if (failed) throw new Error(`InfluxDB: ${failed.error} in ${statement}`);
    return answer.results.flatMap((result) => result.series ?? []);
  };
}

function makeAdministrator({ name, password }: { name: string; password: string }): string {
  return `CREATE USER "${name}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`;
}

interface Settings {
  readonly dir: string;
  readonly port: number;
  readonly rpcPort: number;
  readonly auth: boolean;
  readonly maxBodyBytes: number;
}

function configuration(o: Settings): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:${o.rpcPort}"
[meta]
  dir = "${o.dir}/meta"
[data]
  dir = "${o.dir}/data"
  wal-dir = "${o.dir}/wal"
[http]
  bind-address = "127.0.0.1:${o.port}"
  auth-enabled = ${o.auth}
  max-body-size = ${o.maxBodyBytes}
[monitor]
  store-enabled = false
`;
}

/** One schedule's processes: a collector and its agents, each on a small disk of its own and with a clock of its own, and a proxy before everything. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { fetchText } from '../support/http.ts';
import { freePort } from '../support/ports.ts';
import { type Server, serverDir, startServer } from '../support/servers.ts';
import type { AgentSettings, JournalLine } from './agent.ts';
import type { Cast } from './arithmetic.ts';
import { type Counts, createCounts, statusIn } from './counts.ts';
import { OPEN_MS } from './evidence.ts';
import { PROGRAM, SHIFTED_CLOCK } from './places.ts';
import { type FaultyProxy, startProxy } from './proxy.ts';
import type { Random } from './random.ts';
import { SERVERS, type ServerName } from './schedule.ts';
import { type Servers, sinksOf } from './servers.ts';
import { makeSmallDisk, type SmallDisk } from './smalldisk.ts';

/** A process of ours with what belongs to it. */
export interface Actor {
  readonly server: Server;
  readonly disk: SmallDisk;
  /** Sets its clock so far from the true one. */
  setClock(byMs: number): void;
}

export interface Stage {
  readonly cast: Cast;
  /** Without a proxy before it. */
  readonly collectorUrl: string;
  readonly collector: Actor;
  readonly agents: readonly Actor[];
  readonly proxies: Readonly<Record<'collector' | ServerName, FaultyProxy>>;
  readonly counts: Counts;
  journal(node: number): JournalLine[];
  /** Dead letters of the InfluxDB sink. */
  readonly letters: string;
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly run: string;
  readonly cast: Cast;
  readonly servers: Servers;
  /** The generator's file. */
  readonly agentFile: string;
  readonly random: Random;
}

const COLLECTOR_MB = 24;
const AGENT_MB = 8;
export async function startStage(options: StageOptions): Promise<Stage> {
  const { run, cast, servers, random } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((one) => one()));
  };
  const proxyTo = async (url: string): Promise<FaultyProxy> => {
    const proxy = await startProxy(url, () => random.next());
    stops.push(() => proxy.stop());
    return proxy;
  };
  try {
    await servers.influx.query('', `CREATE DATABASE "${run}"`);
    const entries = await Promise.all(SERVERS.map(async (name) => [name, await proxyTo(servers[name].url)] as const));
    const proxies = Object.fromEntries(entries) as Record<ServerName, FaultyProxy>;
    const urls = Object.fromEntries(entries.map(([name, { url }]) => [name, url])) as Record<ServerName, string>;
    const listen = `127.0.0.1:${await freePort()}`;
    const collectorUrl = `http://${listen}`;
    const letters = join(serverDir('faults-letters'), 'letters');
    const collector = await startCollector({ listen, collectorUrl, cast, sinks: sinksOf(run, urls, letters), stops });
    const before = await proxyTo(collectorUrl);
    const dirs = cast.nodes.map(() => serverDir('faults-agent'));
    const agents = await Promise.all(
      dirs.map((dir, node) => startAgent({ node, dir, cast, url: before.url, file: options.agentFile, stops })),
    );
    const counts = createCounts({
      collectorUrl,
      collectorPid: () => collector.server.pid,
      statusFiles: dirs.map((dir) => join(dir, 'status')),
    });
    const journal = (node: number): JournalLine[] => journalIn(join(dirs[node] as string, 'journal'));
    return {
      cast,
      collectorUrl,
      collector,
      agents,
      proxies: { ...proxies, collector: before },
      counts,
      journal,
      letters,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface CollectorOptions {
  readonly listen: string;
  readonly collectorUrl: string;
  readonly cast: Cast;
  readonly sinks: Record<string, object>;
  readonly stops: (() => Promise<void>)[];
}

async function startCollector({ listen, collectorUrl, cast, sinks, stops }: CollectorOptions): Promise<Actor> {
  const dir = serverDir('faults-collector');
  const { disk, setClock, env } = surroundings(dir, COLLECTOR_MB);
  const config = join(dir, 'plimsoll.yaml');
  const window = `${cast.windowMs}ms`;
  // Clocks are set by an hour: nothing is to be forgotten for that.
  const patience = { stale_after: '4h', group_stale_after: '8h', catch_up_wait: '5s', max_ahead: '5s' };
  const collector = { listen, window, lateness: `${OPEN_MS}ms`, ...patience };
  writeFileSync(
    config,
    stringify({ data_dir: join(disk.path, 'data'), cluster: 'faults', collector, sinks, log: { format: 'json' } }),
  );
  const server = await startServer({
    name: 'faults-collector',
    file: process.execPath,
    args: ['--import', SHIFTED_CLOCK, PROGRAM, 'collector', '--config', config],
    dir,
    env,
    ready: () => fetchText(`${collectorUrl}/healthz`, { signal: AbortSignal.timeout(1000) }),
  });
  stops.push(() => server.stop());
  return { server, disk, setClock };
}

interface AgentOptions {
  readonly node: number;
  readonly dir: string;
  readonly cast: Cast;
  readonly url: string;
  readonly file: string;
  readonly stops: (() => Promise<void>)[];
}

async function startAgent({ node, dir, cast, url, file, stops }: AgentOptions): Promise<Actor> {
  const { disk, setClock, env } = surroundings(dir, AGENT_MB);
  const own = join(dir, 'settings.json');
  const status = join(dir, 'status');
  const settings: AgentSettings = {
    ...{ cast, node, url, status },
    ...{ folder: join(disk.path, 'spool'), journal: join(dir, 'journal') },
  };
  writeFileSync(own, JSON.stringify(settings));
  let running: Server | undefined;
  const server = await startServer({
    name: `faults-agent-${node}`,
    file: process.execPath,
    args: ['--import', SHIFTED_CLOCK, file, own],
    dir,
    env,
    ready: async () => {
      const said = statusIn(status);
      // One of before is not the one that has just been started.
      if (said === undefined || (running && said.pid !== running.pid)) throw new Error('it has not said anything yet');
    },
  });
  running = server;
  stops.push(() => server.stop());
  return { server, disk, setClock };
}

function surroundings(dir: string, megabytes: number) {
  const clock = join(dir, 'clock');
  const setClock = (byMs: number): void => writeFileSync(clock, String(byMs));
  setClock(0);
  mkdirSync(join(dir, 'disk'));
  const disk = makeSmallDisk(join(dir, 'disk'), megabytes);
  return { disk, setClock, env: { TEST_CLOCK_FILE: clock } };
}

function journalIn(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalLine);
}

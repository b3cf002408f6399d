/**
 * The store beside VictoriaMetrics and Prometheus, in one run: the same windows of BENCH_CONTAINERS (100) containers × 75 columns over BENCH_HOURS (2) go into the
 * log with the store behind it, and by our own remote-write into the two servers; then all three are asked the same questions over HTTP. 84 % of the numbers stand still
 * from window to window. Ours is a process of its own, as the servers are. Takes those from Debian's packages, as the live tests do, and a quiet machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteWriteSink } from '../../collector/sinks/remotewrite/sink.ts';
import type { Sink } from '../../collector/sinks/sink.ts';
import type { Frame } from '../../src/model/batch.ts';
import { systemClock } from '../../src/run/clock.ts';
import { fetchText } from '../support/http.ts';
import { startPrometheus } from '../support/prometheus.ts';
import type { Server } from '../support/servers.ts';
import { startVictoria } from '../support/victoria.ts';
import { costOf, mb, median, printTable } from './process.ts';
import { fillOurs } from './stored/ours.ts';
import { addressOf, digest, QUESTIONS } from './stored/questions.ts';
import { CONTAINERS, frames, WINDOWS } from './stored/windows.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 25);
/** Set for the process that is ours: the folder that it fills. */
const SERVES = 'BENCH_SERVES';

interface Peer {
  readonly name: string;
  readonly url: string;
  bytes(): number;
  /** Of taking all windows in. */
  cpuSeconds: number;
  rssBytes: number;
}

export async function benchPeers(): Promise<void> {
  const served = process.env[SERVES];
  if (served !== undefined) return serve(served);
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-peers-'));
  const victoria = await startVictoria();
  const prometheus = await startPrometheus({ remoteWrite: true });
  const child = spawnOurs(path);
  try {
    const { ours, samples } = await filled(child, path);
    const peers = [ours, await fillServer('VictoriaMetrics', victoria), await fillServer('Prometheus', prometheus)];
    await fetchText(`${victoria.url}/internal/force_merge`);
    printCosts(peers, samples);
    await ask(peers);
  } finally {
    child.kill();
    await once(child, 'exit');
    await victoria.stop();
    await prometheus.stop();
    rmSync(path, { recursive: true });
  }
  process.exit(0);
}

/** What our process says when it is filled. */
interface Said {
  readonly url: string;
  readonly samples: number;
  readonly cpuSeconds: number;
}

/** All that it has in parts, as the servers have it; sealing counts as taking in. Then it answers until it is killed. */
async function serve(path: string): Promise<void> {
  const { store, url, samples, cpuSeconds } = await fillOurs(path);
  const from = process.cpuUsage();
  await store.settle(true);
  const { user, system } = process.cpuUsage(from);
  const said: Said = { url, samples, cpuSeconds: cpuSeconds + (user + system) / 1e6 };
  process.send?.(said);
}

function spawnOurs(path: string): ChildProcess {
  const args = [...process.execArgv, process.argv[1] as string, 'peers'];
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  return spawn(process.execPath, args, { env: { ...process.env, [SERVES]: path }, stdio: [...stdio] });
}

async function filled(child: ChildProcess, path: string): Promise<{ ours: Peer; samples: number }> {
  const failed = once(child, 'exit').then(() => Promise.reject(new Error('our process has ended')));
  const [said] = (await Promise.race([once(child, 'message'), failed])) as [Said];
  failed.catch(() => undefined);
  const bytes = () => bytesIn(join(path, 'store'));
  const { rssBytes } = costOf(child.pid as number);
  return { ours: { name: 'Plimsoll', bytes, rssBytes, ...said }, samples: said.samples };
}

async function fillServer(name: string, server: Server & { readonly url: string }): Promise<Peer> {
  const sink = createRemoteWriteSink({ url: server.url, containers: true, timeoutMs: 60_000, clock: systemClock });
  const before = costOf(server.pid).cpuSeconds;
  for await (const frame of frames()) await write(sink, frame);
  await sink.close();
  const { cpuSeconds, rssBytes } = costOf(server.pid);
  const bytes = () => bytesIn(join(server.dir, 'data'));
  return { name, url: server.url, bytes, cpuSeconds: cpuSeconds - before, rssBytes };
}

async function write(sink: Sink, frame: Frame): Promise<void> {
  const { dropped } = await sink.write(frame, new AbortController().signal);
  if (dropped.size > 0) throw new Error(`not taken: ${JSON.stringify([...dropped])}`);
}

async function ask(peers: readonly Peer[]): Promise<void> {
  const rows = [];
  for (const [query, hours, step] of QUESTIONS) {
    const times: string[] = [];
    const answers = new Set<string>();
    for (const { url } of peers) {
      const took: number[] = [];
      for (let i = 0; i < RUNS; i++) {
        const from = performance.now();
        const { text } = await fetchText(addressOf(url, { query, hours, step }));
        took.push(performance.now() - from);
        if (i === 0) answers.add(digest(text));
      }
      times.push(median(took).toFixed(1));
    }
    rows.push({ what: query, value: times.join(' / '), target: answers.size === 1 ? 'equal' : [...answers].join(' ') });
  }
  printTable(
    `Median of ${RUNS}, ms over HTTP: ${peers.map(({ name }) => name).join(' / ')}; are the answers equal`,
    rows,
  );
}

function printCosts(peers: readonly Peer[], samples: number): void {
  const million = samples / 1e6;
  const rows = peers.map(({ name, bytes, cpuSeconds, rssBytes }) => ({
    what: name,
    value: `${(bytes() / samples).toFixed(3)} / ${(cpuSeconds / million).toFixed(3)} / ${mb(rssBytes)}`,
    target: name === 'Plimsoll' ? '≤ 0.40 and 0.55 × VictoriaMetrics / ≤ 0.4' : '',
  }));
  const load = loadavg()[0]?.toFixed(1);
  const title = `${CONTAINERS} containers, ${WINDOWS} windows, ${million.toFixed(1)} million samples, load average ${load}`;
  printTable(`${title}: bytes per sample / CPU s per million / RSS`, rows);
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => (entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size : sum),
    0,
  );
}

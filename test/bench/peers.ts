/**
 * The store beside VictoriaMetrics and Prometheus, in one run: the same windows of BENCH_CONTAINERS (100) containers × 75 columns over BENCH_HOURS (2) go into the
 * log with the store behind it, and by our own remote-write into the two servers; then all three are asked the same questions over HTTP. 84 % of the numbers stand still
 * from window to window. Takes the servers from Debian's packages, as the live tests do, and a quiet machine.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { diskFolder } from '../../collector/log/disk.ts';
import { openLog } from '../../collector/log/keeping.ts';
import { DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { createRemoteWriteSink } from '../../collector/sinks/remotewrite/sink.ts';
import type { Sink } from '../../collector/sinks/sink.ts';
import { type KeptStore, startStore } from '../../collector/store/store.ts';
import { silent } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe, type Clock, systemClock } from '../../src/run/clock.ts';
import { startApi } from '../collector/api/apiserver.ts';
import { fetchText } from '../support/http.ts';
import { startPrometheus } from '../support/prometheus.ts';
import type { Server } from '../support/servers.ts';
import { startVictoria } from '../support/victoria.ts';
import { syntheticAgents } from './load.ts';
import { costOf, mb, median, printTable } from './process.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
const HOURS = Number(process.env.BENCH_HOURS ?? 2);
const RUNS = Number(process.env.BENCH_RUNS ?? 11);
const TICK_MS = 10_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Two hours' bounds, so that what is merged is whole. */
const START_MS = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS - HOURS * HOUR_MS;
const WINDOWS = HOURS * 360 - 1;

const CPU = 'container_cpu_usage_seconds_total';
const RX = 'container_network_receive_bytes_total';
const TX = 'container_network_transmit_bytes_total';
const MEMORY = 'container_memory_working_set_bytes';
const SERVICE = 'container_label_com_docker_compose_service';
const ONE = 'name="shop-service7-7",node="node-0"';

/** Range of hours and step in seconds; none: an instant. As dashboards and alerts ask. */
const QUESTIONS: readonly (readonly [query: string, hours?: number, step?: number])[] = [
  [`sum(rate(${CPU}[5m]))`],
  [`topk(5, rate(${CPU}[5m]))`],
  [`${MEMORY} / container_memory_usage_bytes > 0.8`],
  [`sum by (name) (rate(${CPU}[1m]))`, 1, 15],
  [`sum by (${SERVICE}) (rate(${RX}[5m]))`, 6, 60],
  [`sum(${MEMORY})`, 8, 60],
  [`sum by (${SERVICE}) (rate(${CPU}[5m]))`, 8, 60],
  [`${MEMORY}{${ONE}}`, 1, 15],
  [`rate(${CPU}{${ONE}}[1m])`, 8, 30],
  [`max_over_time(${MEMORY}{${SERVICE}="service3"}[10m])`, 8, 300],
  [`topk(5, sum by (name) (rate(${TX}[5m])))`, 6, 120],
  [`{${ONE}}`, 1, 15],
];

interface Peer {
  readonly name: string;
  readonly url: string;
  bytes(): number;
  /** Of taking all windows in. */
  cpuSeconds: number;
  rssBytes: number;
}

export async function benchPeers(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-peers-'));
  mkdirSync(join(path, 'store'));
  const victoria = await startVictoria();
  const prometheus = await startPrometheus({ remoteWrite: true });
  try {
    const { ours, store, samples } = await fillOurs(path);
    const peers = [ours, await fillServer('VictoriaMetrics', victoria), await fillServer('Prometheus', prometheus)];
    await fetchText(`${victoria.url}/internal/force_merge`);
    printCosts(peers, samples);
    await ask(peers);
    await store.close();
  } finally {
    await victoria.stop();
    await prometheus.stop();
    rmSync(path, { recursive: true });
  }
  process.exit(0);
}

/** Log, store, sealed and merged as far as its own upkeep goes; CPU is that of its own thread and the log's. */
async function fillOurs(path: string): Promise<{ ours: Peer; store: KeptStore; samples: number }> {
  let nowMs = START_MS;
  const clock: Clock = { ...systemClock, now: () => nowMs };
  const limits = { maxBytes: 20e9, maxAgeMs: DAY_MS, segmentBytes: 16e6, segmentMs: HOUR_MS, segmentSamples: 12e6 };
  const held = { heldFrames: 60, heldSamples: 10e6, whenFull: 'drop_oldest' as const };
  const folder = diskFolder(path);
  const kept = await openLog({ folder, clock, log: silent, breathe, limits: { ...limits, ...held }, sinks: [] });
  const store = await startStore({
    frames: kept.log,
    clock,
    log: silent,
    thread: {
      path: join(path, 'store'),
      logPath: path,
      instance: 'localhost:9640',
      retention: { single: [DAY_MS, DAY_MS, DAY_MS], group: [DAY_MS, DAY_MS, DAY_MS], maxBytes: 20e9 },
      taking: { acceptAgeMs: DAY_MS, maxSeries: 100 },
      limits: DEFAULT_LIMITS,
    },
  });
  let samples = 0;
  let cpuMs = 0;
  for await (const { journal, ...frame } of frames()) {
    samples += frame.samples;
    const from = process.cpuUsage();
    kept.log.offer(frame, journal);
    await kept.log.settle();
    nowMs = frame.endMs;
    const isSealed = (frame.endMs - START_MS) % 900_000 === 0;
    await store.settle(isSealed);
    const { user, system } = process.cpuUsage(from);
    cpuMs += (user + system) / 1000;
  }
  const from = process.cpuUsage();
  await store.settle(true);
  const { user, system } = process.cpuUsage(from);
  const api = await startApi({ store, alive: () => undefined });
  const ours: Peer = {
    name: 'Plimsoll',
    url: api.url,
    bytes: () => bytesIn(join(path, 'store')),
    cpuSeconds: (cpuMs + (user + system) / 1000) / 1000,
    rssBytes: Number.NaN,
  };
  return { ours, store, samples };
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

interface Question {
  readonly query: string;
  readonly hours: number | undefined;
  readonly step: number | undefined;
}

function addressOf(url: string, { query, hours, step }: Question): string {
  const end = (START_MS + WINDOWS * TICK_MS) / 1000 - 5;
  const q = `query=${encodeURIComponent(query)}&nocache=1`;
  if (hours === undefined) return `${url}/api/v1/query?${q}&time=${end}`;
  return `${url}/api/v1/query_range?${q}&start=${end - Math.min(hours, HOURS) * 3600}&end=${end}&step=${step}`;
}

/** Series, points and their sum, which is enough to see that two answers are of the same data. */
function digest(text: string): string {
  const { data } = JSON.parse(text) as { data: { result: { value?: Point; values?: Point[] }[] } };
  const points = data.result.flatMap(({ value, values }) => values ?? (value === undefined ? [] : [value]));
  const sum = points.reduce((all, [, value]) => all + Number(value), 0);
  return `${data.result.length}/${points.length}/${sum.toPrecision(5)}`;
}

type Point = readonly [time: number, value: string];

function printCosts(peers: readonly Peer[], samples: number): void {
  const million = samples / 1e6;
  const rows = peers.map(({ name, bytes, cpuSeconds, rssBytes }) => ({
    what: name,
    value: `${(bytes() / samples).toFixed(3)} / ${(cpuSeconds / million).toFixed(3)} / ${Number.isNaN(rssBytes) ? '–' : mb(rssBytes)}`,
    target: name === 'Plimsoll' ? '≤ 0.40 and 0.55 × VictoriaMetrics / ≤ 0.4' : '',
  }));
  const load = loadavg()[0]?.toFixed(1);
  const title = `${CONTAINERS} containers, ${WINDOWS} windows, ${million.toFixed(1)} million samples, load average ${load}`;
  printTable(`${title}: bytes per sample / CPU s per million / RSS`, rows);
}

async function* frames(): AsyncGenerator<Frame> {
  const agents = syntheticAgents({ agents: Math.ceil(CONTAINERS / 100), containers: 100, metrics: 75, quiet: true });
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench', journal: true });
  for (let tick = 1; tick <= WINDOWS; tick++) {
    const timeMs = START_MS + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => (entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size : sum),
    0,
  );
}

/**
 * What the collector costs: 200 agents × 30 containers × 33 metrics through HTTP, the wire, aggregation and the exposition, from a
 * second process. Ticks come every second instead of every ten, so that half a minute holds five minutes' worth of samples.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Pool } from 'undici';
import { createEncoder } from '../../src/wire/encode.ts';
import { type SyntheticAgent, syntheticAgents } from './load.ts';
import { costOf, median, printTable } from './process.ts';
import { type Program, startProgram } from './programs.ts';

const zip = promisify(gzip);
/** Fewer, to see whether a benchmark works. */
export const AGENTS = Number(process.env.BENCH_AGENTS ?? 200);
export const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 30);
export const METRICS = Number(process.env.BENCH_METRICS ?? 33);
const WARM_UP_TICKS = 6;
const TICKS = Number(process.env.BENCH_TICKS ?? 24);

export const COLLECTOR_FLAGS = [
  '--collector.window',
  '1s',
  '--collector.lateness',
  '1s',
  '--collector.max_series',
  '1000000',
];

interface Scrape {
  readonly seconds: number;
  readonly bytes: number;
  readonly text: string;
}

export async function benchCollector(): Promise<void> {
  const collector = await startProgram('collector', COLLECTOR_FLAGS);
  try {
    await drive(collector);
  } finally {
    await collector.stop();
  }
}

async function drive(collector: Program): Promise<void> {
  const agents = syntheticAgents({ agents: AGENTS, containers: CONTAINERS, metrics: METRICS });
  const encoders = agents.map((agent) => createEncoder({ node: agent.node, session: `session-of-${agent.node}` }));
  const pool = new Pool(collector.url, { connections: 16 });
  const scrapes: Scrape[] = [];
  let before = costOf(collector.pid);
  let sentBytes = 0;
  for (let tick = 0; tick < WARM_UP_TICKS + TICKS; tick++) {
    if (tick === WARM_UP_TICKS) {
      before = costOf(collector.pid);
      sentBytes = 0;
      scrapes.length = 0;
    }
    await untilNextSecond();
    const timeMs = Math.floor(Date.now() / 1000) * 1000;
    sentBytes += (
      await Promise.all(agents.map((agent, i) => push({ agent, timeMs, pool, encode: encoders[i] as never })))
    ).reduce((a, b) => a + b, 0);
    if (tick % 5 === 4) scrapes.push(await scrape(collector.url));
  }
  const after = costOf(collector.pid);
  const samples = TICKS * AGENTS * CONTAINERS * METRICS;
  const page = scrapes.at(-1) as Scrape;
  const own = (metric: string) =>
    Number(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(page.text)?.[1] ?? Number.NaN);
  const cpu = after.cpuSeconds - before.cpuSeconds;
  printTable(
    `Collector: ${AGENTS} agents × ${CONTAINERS} containers × ${METRICS} metrics, ${TICKS} ticks, ${samples} samples`,
    [
      {
        what: 'CPU seconds per million samples, all in',
        value: (cpu / (samples / 1e6)).toFixed(2),
        target: '≤ 1.0 (1/5 of vmagent)',
      },
      {
        what: 'CPU at a 10 s tick',
        value: `${((cpu / (samples / 1e6)) * ((AGENTS * CONTAINERS * METRICS) / 1e6) * 10).toFixed(2)} % of a core`,
        target: '',
      },
      { what: 'RSS', value: mb(after.rssBytes), target: '≤ 121 MB (1/5 of Heapster)' },
      { what: 'RSS, peak', value: mb(after.peakRssBytes), target: '' },
      { what: 'series held', value: String(own('plimsoll_collector_series')), target: '' },
      { what: 'event loop delay, p99', value: ms(own('nodejs_eventloop_lag_p99_seconds')), target: '' },
      { what: 'event loop delay, longest', value: ms(own('nodejs_eventloop_lag_max_seconds')), target: '' },
      {
        what: `scrape of both pages, ${page.text.split('\n').length} lines, median`,
        value: ms(median(scrapes.map((s) => s.seconds))),
        target: '',
      },
      { what: 'bytes per sample on the wire, gzip', value: (sentBytes / samples).toFixed(2), target: '' },
      { what: 'samples dropped', value: String(dropped(page.text)), target: '0' },
    ],
  );
  await pool.close();
}

/** All reasons together. */
function dropped(text: string): number {
  const values = [...text.matchAll(/^plimsoll_collector_samples_dropped_total\{[^}]*\} (\S+)/gm)].map((match) =>
    Number(match[1]),
  );
  return values.reduce((a, b) => a + b, 0);
}

export interface Push {
  readonly agent: SyntheticAgent;
  readonly timeMs: number;
  readonly pool: Pool;
  readonly encode: ReturnType<typeof createEncoder>;
}

export async function push({ agent, timeMs, pool, encode }: Push): Promise<number> {
  const batch = agent.batch(timeMs);
  const body = await zip(encode.encode(batch, { full: batch.seq === 1 }), { level: 1 });
  const headers = { 'content-type': 'application/vnd.plimsoll.batch', 'content-encoding': 'gzip' };
  const answer = await pool.request({ path: '/api/v1/push', method: 'POST', headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`the collector answered ${answer.statusCode}: ${text}`);
  return body.length;
}

/** Both pages, one after the other: the groups and itself, then every container. */
export async function scrape(url: string): Promise<Scrape> {
  const headers = { 'accept-encoding': 'identity' };
  const started = performance.now();
  let text = '';
  for (const path of ['/metrics', '/metrics/containers']) text += await (await fetch(url + path, { headers })).text();
  return { seconds: (performance.now() - started) / 1000, bytes: text.length, text };
}

export function untilNextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function ms(seconds: number): string {
  return `${(seconds * 1000).toFixed(1)} ms`;
}

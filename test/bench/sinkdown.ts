/**
 * `npm run bench sinkdown`: a real collector of 200 agents × 30 containers × BENCH_METRICS (33) with its log; VictoriaMetrics and InfluxDB take every window. InfluxDB is
 * killed for BENCH_WINDOWS (360) windows of BENCH_WINDOW_MS (1 s), an hour's worth, and started again; while it catches up agents tick as in a real hour, each ten
 * windows, because on one machine the server is slower than ten times real time. Told is the collector's memory before, meanwhile and after, how late
 * the other server got its windows, and what both hold in the end beside what the books say. The store is off: what it keeps would grow in the same hour.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { stringify } from 'yaml';
import { loadCursor, type SavedCursor, sinkOf } from '../../collector/log/cursorfile.ts';
import { diskFolder } from '../../collector/log/disk.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { fetchText } from '../support/http.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import type { Page } from '../support/page.ts';
import { startVictoria, type Victoria } from '../support/victoria.ts';
import { AGENTS, CONTAINERS, METRICS, push } from './collector.ts';
import { syntheticAgents } from './load.ts';
import { mb, printTable, type Row } from './process.ts';
import { type Program, startProgram } from './programs.ts';
import { type Seen, type Watch, watchSinks } from './sinkwatch.ts';

const PACE_MS = Number(process.env.BENCH_WINDOW_MS ?? 1000);
const MISSED = Number(process.env.BENCH_WINDOWS ?? 360);
/** Until memory is what it is in normal times, and then to see what that is. */
const WARM_UP = Number(process.env.BENCH_WARM_UP ?? 60);
const LATENESS_WINDOWS = 3;
const DRAIN_MS = 15 * 60_000;
/** Windows between two ticks while the server catches up. */
const DRAIN_EVERY = 10;
/** To count millions of numbers takes InfluxDB minutes. */
const COUNT_MS = 300_000;
const DATABASE = 'bench';

/** The one that goes, and the one that stays. */
const SINKS = ['gone', 'there'];

interface Stage {
  readonly folder: string;
  readonly collector: Program;
  readonly influx: Influx;
  readonly victoria: Victoria;
  readonly watch: Watch;
  /** So many windows' worth of batches, at their pace. */
  readonly windows: (count: number) => Promise<void>;
}

export async function benchSinkDown(): Promise<void> {
  const folder = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-sinkdown-'));
  const influx = await startInflux({ databases: [DATABASE] });
  const victoria = await startVictoria();
  const collector = await startCollector(folder, { influx, victoria });
  const watch = watchSinks(collector, SINKS);
  const pool = new Pool(collector.url, { connections: 16 });
  try {
    await drive({ folder, collector, influx, victoria, watch, windows: pacer(pool) });
  } finally {
    await watch.stop();
    await pool.close();
    await collector.stop();
    await influx.stop();
    await victoria.stop();
    rmSync(folder, { recursive: true });
  }
}

function startCollector(folder: string, { influx, victoria }: Pick<Stage, 'influx' | 'victoria'>): Promise<Program> {
  const config = join(folder, 'plimsoll.yaml');
  const times = { window: `${PACE_MS}ms`, lateness: `${LATENESS_WINDOWS * PACE_MS}ms` };
  const sinks = {
    gone: { kind: 'influxdb1', url: influx.url, database: DATABASE },
    there: { kind: 'remote_write', url: `${victoria.url}/api/v1/write`, containers: true },
  };
  writeFileSync(config, stringify({ collector: times, store: { enabled: false }, sinks }));
  return startProgram('collector', ['--config', config, '--data_dir', join(folder, 'data')]);
}

/** All agents tick together at the beginning of a window. */
function pacer(pool: Pool): Stage['windows'] {
  const agents = syntheticAgents({ agents: AGENTS, containers: CONTAINERS, metrics: METRICS });
  const encoders = agents.map(({ node }) => createEncoder({ node, session: `session-of-${node}` }));
  return async (count) => {
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, PACE_MS - (Date.now() % PACE_MS) + 5));
      const timeMs = Math.floor(Date.now() / PACE_MS) * PACE_MS;
      await Promise.all(agents.map((agent, a) => push({ agent, timeMs, pool, encode: encoders[a] as never })));
    }
  };
}

async function drive(stage: Stage): Promise<void> {
  const { influx, watch, windows } = stage;
  say('all is well');
  await windows(WARM_UP);
  watch.begin('before');
  await windows(WARM_UP);
  await influx.end('SIGKILL');
  say('InfluxDB is killed');
  watch.begin('down');
  await windows(MISSED);
  const kept = await watch.page();
  say('InfluxDB is started again');
  watch.begin('draining');
  const backMs = performance.now();
  let isUp = false;
  const starting = influx.start().finally(() => {
    isUp = true;
  });
  while (!isUp) await windows(1);
  await starting;
  while (watch.waiting('gone') > 2 && performance.now() - backMs < DRAIN_MS) {
    await windows(1);
    await new Promise((resolve) => setTimeout(resolve, (DRAIN_EVERY - 1) * PACE_MS));
  }
  const drainSeconds = (performance.now() - backMs) / 1000;
  const left = watch.waiting('gone');
  if (left > 2) process.exitCode = 1;
  say(
    `${left > 2 ? `${left} windows still wait` : 'all that waited is delivered'}, after ${drainSeconds.toFixed(0)} s`,
  );
  watch.begin('after');
  await windows(WARM_UP);
  const books = await booksOf(stage);
  printTable(`A sink down for ${MISSED} windows of ${PACE_MS} ms: ${AGENTS} agents × ${CONTAINERS} × ${METRICS}`, [
    ...memory(watch),
    ...lateness(watch),
    ...costs(kept, drainSeconds),
    ...(await delivered(stage, books)),
    row('load average at the end', loadavg()[0]?.toFixed(1) ?? ''),
  ]);
}

/** Ends the collector, which gives its sinks what they have not got yet; answers what the books of each say then. */
async function booksOf({ collector, watch, folder }: Stage): Promise<ReadonlyMap<string, SavedCursor>> {
  await watch.stop();
  await collector.stop();
  const log = diskFolder(join(folder, 'data', 'collector'));
  const books = new Map<string, SavedCursor>();
  for (const file of await log.list()) {
    const sink = sinkOf(file.name);
    if (sink !== undefined) books.set(sink, await loadCursor(log, file));
  }
  return books;
}

function memory({ seen }: Watch): Row[] {
  const most = seen('before').peakRssBytes;
  const of = (phase: Parameters<typeof seen>[0]): Seen => seen(phase);
  const words = ({ middleRssBytes, peakRssBytes }: Seen): string => `${mb(middleRssBytes)} / ${mb(peakRssBytes)}`;
  const share = (phase: Seen): string => `${((100 * phase.peakRssBytes) / most - 100).toFixed(1)} %`;
  if (of('down').peakRssBytes > 1.1 * most) process.exitCode = 1;
  return [
    row('RSS before, median / most', words(of('before'))),
    row('RSS while the sink was down', words(of('down'))),
    row('… the most of it above the most before', share(of('down')), '≤ 10 %'),
    row('RSS while it caught up', words(of('draining'))),
    row('… the most of it above the most before', share(of('draining'))),
    row('RSS after', words(of('after'))),
  ];
}

function lateness({ seen }: Watch): Row[] {
  const { late } = seen('down');
  if (late > 2) process.exitCode = 1;
  return [
    row('windows that the other sink was late at most, while it was down', String(late), '≤ 2'),
    row('… while it caught up', String(seen('draining').late), '≤ 2'),
    row('times that the books of a sink did not add up', String(seen('all').unbalanced), '0'),
  ];
}

function costs(kept: Page, drainSeconds: number): Row[] {
  const waiting = kept.value('plimsoll_sink_queue_samples', { sink: 'gone' });
  const perSample = (kept.sum('plimsoll_log_written_bytes_total') ?? 0) / (kept.sum('plimsoll_log_samples_total') ?? 0);
  return [
    row('samples that waited for the sink', String(waiting)),
    row('on disk, bytes a sample', perSample.toFixed(3), '≤ 1.2'),
    row('all of it delivered after', `${drainSeconds.toFixed(1)} s`),
    row('… windows a second', (MISSED / drainSeconds).toFixed(1)),
  ];
}

/** What each server says that it holds, beside the books of its sink. */
async function delivered({ influx, victoria }: Stage, books: ReadonlyMap<string, SavedCursor>): Promise<Row[]> {
  const held = new Map([
    ['gone', await samplesInInflux(influx)],
    ['there', await samplesInVictoria(victoria)],
  ]);
  return SINKS.map((sink) => {
    const { received, delivered: counted, dropped } = books.get(sink) as SavedCursor;
    const samples = held.get(sink);
    if (samples !== counted || counted !== received) process.exitCode = 1;
    const words = `${received} / ${counted} / ${JSON.stringify(dropped)} / ${samples}`;
    return row(`the sink “${sink}”: received / delivered / dropped / its server holds`, words);
  });
}

/** Every number is a field of its own, and the container's id one that is no number. */
async function samplesInInflux(influx: Influx): Promise<number> {
  const counts = await influx.query(DATABASE, 'SELECT count(*) FROM /.*/', COUNT_MS);
  const numbers = counts.flatMap(({ columns, values }) =>
    values.flatMap((row) => row.filter((_, c) => columns[c] !== 'time' && columns[c] !== 'count_id')),
  );
  return numbers.reduce<number>((sum, count) => sum + Number(count), 0);
}

async function samplesInVictoria({ url }: Victoria): Promise<number> {
  const signal = AbortSignal.timeout(COUNT_MS);
  await fetchText(`${url}/internal/force_flush`, { signal });
  // By name, so that no single question is about too many series.
  const names = JSON.parse((await fetchText(`${url}/api/v1/label/__name__/values`, { signal })).text) as {
    data: string[];
  };
  let sum = 0;
  // The end closes windows that are not over: their time is yet to come.
  const seconds = Math.ceil(Date.now() / 1000) + 3600;
  for (const name of names.data) {
    const query = encodeURIComponent(`sum(count_over_time({__name__="${name}"}[1d]))`);
    const { text } = await fetchText(`${url}/api/v1/query?query=${query}&time=${seconds}&nocache=1`, { signal });
    const { data } = JSON.parse(text) as { data: { result: { value: [number, string] }[] } };
    sum += Number(data.result[0]?.value[1] ?? 0);
  }
  return sum;
}

function say(words: string): void {
  console.log(new Date().toISOString().slice(11, 19), words);
}

function row(what: string, value: string, target = ''): Row {
  return { what, value, target };
}

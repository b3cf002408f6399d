/**
 * `npm run bench restart`: how long a restart with a million series takes: reading the last file of the log and taking up its state, in this process; and a whole collector, from
 * the command to its first answer. BENCH_LOG_DIR says where the log is, or it is in the system's folder for temporary files.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { diskFolder } from '../../collector/log/disk.ts';
import { findLog } from '../../collector/log/opening.ts';
import { SegmentWriter } from '../../collector/log/writing.ts';
import { familyNamed } from '../../src/catalog/index.ts';
import { silent } from '../../src/log.ts';
import { breathe } from '../../src/run/clock.ts';
import { fetchText } from '../support/http.ts';
import { pageOf } from '../support/page.ts';
import { framesOf, TICK_MS } from './frames.ts';
import { costOf, mb, printTable, type Row } from './process.ts';
import { startProgram } from './programs.ts';

/** A million series, unless a few are enough to see whether it works. */
const LOAD = { agents: Number(process.env.BENCH_AGENTS ?? 200), containers: 152, metrics: 33 };
const FRAMES = 12;
/** In seconds. */
const TARGET = '≤ 10';

export async function benchRestart(): Promise<void> {
  const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-restart-'));
  try {
    await fill(join(path, 'collector'));
    await measureState(join(path, 'collector'));
    await measureProcess(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** Windows that end now: what is older would be forgotten at the start. */
async function fill(path: string): Promise<void> {
  mkdirSync(path);
  const limits = { segmentBytes: 16e6, segmentMs: 3.6e6, segmentSamples: 12e6 };
  const writer = new SegmentWriter({ folder: diskFolder(path), breathe, ...limits, onSegment: () => undefined });
  const startMs = Math.floor(Date.now() / TICK_MS - FRAMES - 1) * TICK_MS;
  let seq = 0;
  for await (const { journal = [], ...frame } of framesOf({ ...LOAD, count: FRAMES, startMs }))
    await writer.append([{ seq: ++seq, frame, journal }]);
  await writer.close();
}

async function measureState(path: string): Promise<void> {
  const before = process.cpuUsage();
  const at = performance.now();
  const { last } = await findLog({ folder: diskFolder(path), log: silent, sinks: [] });
  const read = performance.now();
  if (last === undefined) throw new Error('nothing to go on from');
  const options = { ...AGGREGATOR_DEFAULTS, cluster: 'bench', restored: { frame: last, familyNamed } };
  const { series } = createAggregator(options).stats();
  const taken = performance.now();
  const { user, system } = process.cpuUsage(before);
  printTable(`Restart: ${series} series, ${FRAMES} windows in the last file, load average ${load()}`, [
    row('read what is on disk, s', ((read - at) / 1000).toFixed(2)),
    row('take up the state, s', ((taken - read) / 1000).toFixed(2)),
    row('together, s', ((taken - at) / 1000).toFixed(2), TARGET),
    row('together, CPU s', ((user + system) / 1e6).toFixed(2)),
  ]);
}

/** With the store behind the log, as it is by default. */
async function measureProcess(path: string): Promise<void> {
  const at = performance.now();
  const program = await startProgram('collector', ['--data_dir', path]);
  try {
    const seconds = (performance.now() - at) / 1000;
    const { cpuSeconds, peakRssBytes } = costOf(program.pid);
    const { text } = await fetchText(`${program.url}/metrics`, { signal: AbortSignal.timeout(60_000) });
    const series = pageOf(text).value('plimsoll_collector_series');
    if (seconds > 10) process.exitCode = 1;
    printTable(`Restart of a whole process: ${series} series, load average ${load()}`, [
      row('until it answers, s', seconds.toFixed(2), TARGET),
      row('until it answers, CPU s of all threads', cpuSeconds.toFixed(2)),
      row('RSS at most till then', mb(peakRssBytes)),
    ]);
  } finally {
    await program.stop();
  }
}

function load(): string {
  return loadavg()[0]?.toFixed(1) ?? '';
}

function row(what: string, value: string, target = ''): Row {
  return { what, value, target };
}

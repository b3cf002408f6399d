/**
 * What the log costs: frames of 200 agents × 30 containers × 33 metrics, encoded, appended and synced in a folder of their own (BENCH_LOG_DIR, or the
 * system's for temporary files), and read back. Prints CPU per million samples and bytes per sample.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { diskFolder } from '../../collector/log/disk.ts';
import { findLog, framesFrom } from '../../collector/log/opening.ts';
import type { Segment } from '../../collector/log/segment.ts';
import { SegmentWriter } from '../../collector/log/writing.ts';
import { familyNamed } from '../../src/catalog/index.ts';
import { silent } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { type LoadOptions, syntheticAgents } from './load.ts';
import { printTable } from './process.ts';

const LOAD = { agents: 200, containers: 30, metrics: 33 };
const TICK_MS = 10_000;
const START_MS = 1_750_000_000_000;
/** The first of a segment defines everything; the rest is what it costs for ever. */
const WARM_UP = 3;
const FRAMES = Number(process.env.BENCH_TICKS ?? 30);

/** A million series. */
const LARGE = { agents: 200, containers: 152, metrics: 33 };
const LARGE_FRAMES = 12;

export async function benchLog(): Promise<void> {
  await inFolder(measure);
  await inFolder(measureRestart);
}

async function inFolder(run: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-log-'));
  try {
    await run(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function measureRestart(path: string): Promise<void> {
  const folder = diskFolder(path);
  const writer = new SegmentWriter({
    folder,
    breathe,
    segmentBytes: 16e6,
    segmentMs: 3.6e6,
    segmentSamples: 12e6,
    onSegment: () => undefined,
  });
  let seq = 0;
  for await (const { journal, ...frame } of frames(LARGE, LARGE_FRAMES)) {
    await writer.append([{ seq: ++seq, frame, ...(journal ? { journal } : {}) }]);
  }
  await writer.close();
  const at = performance.now();
  const { last } = await findLog({ folder, log: silent, sinks: [] });
  const read = performance.now();
  if (last === undefined) throw new Error('nothing to go on from');
  const options = { ...AGGREGATOR_DEFAULTS, cluster: 'bench', restored: { frame: last, familyNamed } };
  const { series } = createAggregator(options).stats();
  printTable(`Restart: ${series} series, ${seq} windows in the last file`, [
    row('read what is on disk, s', ((read - at) / 1000).toFixed(2)),
    row('take up the state, s', ((performance.now() - read) / 1000).toFixed(2)),
    row('together, s', ((performance.now() - at) / 1000).toFixed(2), '10'),
  ]);
}

async function measure(path: string): Promise<void> {
  const folder = diskFolder(path);
  const segments: Segment[] = [];
  const limits = { segmentBytes: 64e6, segmentMs: 3.6e6, segmentSamples: 1e9 };
  const writer = new SegmentWriter({ folder, breathe, ...limits, onSegment: (segment) => segments.push(segment) });
  let samples = 0;
  let micros = 0;
  let first = 0;
  let seq = 0;
  let longest = 0;
  for await (const { journal, ...frame } of frames(LOAD, WARM_UP + FRAMES)) {
    seq++;
    const before = process.cpuUsage();
    const at = performance.now();
    await writer.append([{ seq, frame, ...(journal ? { journal } : {}) }]);
    const { user, system } = process.cpuUsage(before);
    if (seq === WARM_UP) first = segments[0]?.length ?? 0;
    if (seq <= WARM_UP) continue;
    samples += frame.samples;
    micros += user + system;
    longest = Math.max(longest, performance.now() - at);
  }
  await writer.close();
  const bytes = (segments[0]?.length ?? 0) - first;
  const before = process.cpuUsage();
  let read = 0;
  for await (const { frame } of framesFrom(folder, segments, 1)) read += frame.samples;
  const { user, system } = process.cpuUsage(before);
  printTable(`Log: ${FRAMES} frames of ${Math.round(samples / FRAMES)} samples`, [
    row('encode, append and sync, CPU s per million samples', (micros / samples).toFixed(3), '0.15'),
    row('bytes per sample', (bytes / samples).toFixed(3), '1.2'),
    row(`bytes of the first ${WARM_UP} frames, which define everything`, String(first)),
    row('longest window, ms', longest.toFixed(1)),
    row('read back, CPU s per million samples', ((user + system) / read).toFixed(3)),
  ]);
}

function row(what: string, value: string, target = ''): { what: string; value: string; target: string } {
  return { what, value, target };
}

async function* frames(load: LoadOptions, count: number): AsyncGenerator<Frame> {
  const agents = syntheticAgents(load);
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench', journal: true });
  for (let tick = 1; tick <= count + 1; tick++) {
    const timeMs = START_MS + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

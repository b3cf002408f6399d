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
import { framesFrom } from '../../collector/log/opening.ts';
import type { Segment } from '../../collector/log/segment.ts';
import { SegmentWriter } from '../../collector/log/writing.ts';
import type { Frame } from '../../src/model/batch.ts';
import { breathe } from '../../src/run/clock.ts';
import { syntheticAgents } from './load.ts';
import { printTable } from './process.ts';

const LOAD = { agents: 200, containers: 30, metrics: 33 };
const TICK_MS = 10_000;
const START_MS = 1_750_000_000_000;
/** The first of a segment defines everything; the rest is what it costs for ever. */
const WARM_UP = 3;
const FRAMES = Number(process.env.BENCH_TICKS ?? 30);

export async function benchLog(): Promise<void> {
  const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-log-'));
  try {
    await measure(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function measure(path: string): Promise<void> {
  const folder = diskFolder(path);
  const segments: Segment[] = [];
  const limits = { segmentBytes: 64e6, segmentMs: 3.6e6 };
  const writer = new SegmentWriter({ folder, breathe, ...limits, onSegment: (segment) => segments.push(segment) });
  let samples = 0;
  let micros = 0;
  let first = 0;
  let seq = 0;
  let longest = 0;
  for await (const frame of frames()) {
    seq++;
    const before = process.cpuUsage();
    const at = performance.now();
    await writer.append([{ seq, frame }]);
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

async function* frames(): AsyncGenerator<Frame> {
  const agents = syntheticAgents(LOAD);
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, cluster: 'bench' });
  for (let tick = 1; tick <= WARM_UP + FRAMES + 1; tick++) {
    const timeMs = START_MS + tick * TICK_MS;
    for (const agent of agents) aggregator.push(agent.batch(timeMs), timeMs + 500);
    yield* await aggregator.advance(timeMs + 500, breathe);
  }
}

/**
 * What it costs to keep samples, the log's share and the store's by themselves: windows of BENCH_CONTAINERS (100) containers × 75 columns over BENCH_HOURS (4)
 * go into the log, are read from it, go into the head, and are sealed and merged when their time comes, then as a whole day. All of it on one thread, so
 * that CPU can be told apart; 84 % of the numbers stand still from window to window. BENCH_LOG_DIR says where.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFolder } from '../../collector/log/disk.ts';
import { SegmentWriter } from '../../collector/log/writing.ts';
import type { Segment } from '../../collector/log/segment.ts';
import { StoreCore } from '../../collector/store/core.ts';
import { storeFiles } from '../../collector/store/files.ts';
import { upkeep } from '../../collector/store/life/upkeep.ts';
import { LogTail } from '../../collector/store/thread/logtail.ts';
import { silent } from '../../src/log.ts';
import { breathe } from '../../src/run/clock.ts';
import { mb, printTable, type Row } from './process.ts';
import { stillWindows, TICK_MS } from './stillwindows.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
const HOURS = Number(process.env.BENCH_HOURS ?? 4);
const PER_AGENT = 30;
const SEAL_MS = 900_000;
const DAY_MS = 86_400_000;
/** Begins where a day does. */
const START_MS = 20_254 * DAY_MS;
/** Before it, and not counted: compilation is paid once, and not by those who run it for months. */
const WARM_UP: Size = { containers: 60, hours: 0.5 };

interface Size {
  readonly containers: number;
  readonly hours: number;
}

/** Microseconds of CPU by stage, of the whole process: nothing else runs meanwhile. */
class Stages {
  readonly micros = new Map<string, number>();
  readonly longestMs = new Map<string, number>();

  async time<T>(stage: string, act: () => T | Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    const made = await act();
    const { user, system } = process.cpuUsage(before);
    this.micros.set(stage, (this.micros.get(stage) ?? 0) + user + system);
    this.longestMs.set(stage, Math.max(this.longestMs.get(stage) ?? 0, (user + system) / 1000));
    return made;
  }
}

export async function benchIngest(): Promise<void> {
  await inFolder(WARM_UP);
  const { title, rows } = await inFolder({ containers: CONTAINERS, hours: HOURS });
  printTable(title, rows);
}

async function inFolder(size: Size): Promise<Table> {
  const path = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-ingest-'));
  mkdirSync(join(path, 'store'));
  try {
    return await run(path, size);
  } finally {
    rmSync(path, { recursive: true });
  }
}

interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
}

async function run(path: string, { containers, hours }: Size): Promise<Table> {
  const windows = Math.round(360 * hours);
  const folder = diskFolder(path);
  const segments: Segment[] = [];
  const limits = { segmentBytes: 16e6, segmentMs: 3.6e6, segmentSamples: 12e6 };
  const writer = new SegmentWriter({ folder, breathe, ...limits, onSegment: (segment) => segments.push(segment) });
  const core = new StoreCore({
    files: storeFiles(join(path, 'store')),
    log: silent,
    instance: 'localhost:9640',
    retention: { single: [DAY_MS, DAY_MS, DAY_MS], group: [DAY_MS, DAY_MS, DAY_MS], maxBytes: 20e9 },
    taking: { acceptAgeMs: DAY_MS, maxSeries: 100 },
    breathe: () => undefined,
    onNoted: () => undefined,
  });
  const tail = new LogTail(folder, 1);
  const stages = new Stages();
  let samples = 0;
  let seq = 0;
  const tend = async (nowMs: number): Promise<void> => {
    const options = { retention: retention(), breathe: () => undefined, log: silent, nowMs };
    while (await stages.time('merge', () => upkeep(core.folder, options)));
  };
  for await (const { journal, ...frame } of stillWindows({
    containers,
    perAgent: Math.min(PER_AGENT, containers),
    windows,
    startMs: START_MS,
  })) {
    seq++;
    samples += frame.samples;
    await stages.time('log', () => writer.append([{ seq, frame, ...(journal ? { journal } : {}) }]));
    tail.tell(segments);
    const found = await stages.time('read', () => tail.take());
    if (found === undefined) throw new Error(`window ${seq} is not in the log`);
    await stages.time('head', () => core.push(found.seq, found.frame));
    if (core.isDue(frame.endMs)) await stages.time('seal', () => core.seal(frame.endMs));
    if ((frame.endMs - START_MS) % SEAL_MS === 0) await tend(frame.endMs);
  }
  await tail.close();
  await writer.close();
  const sealed = core.folder.parts.filter(({ tier }) => tier === 0);
  await stages.time('seal', () => core.seal(START_MS + windows * TICK_MS));
  const slots = core.folder.parts.filter(({ tier }) => tier === 1);
  const bytesOf = (parts: readonly { bytes: number; samples: number }[]): string => {
    const sum = (of: 'bytes' | 'samples'): number => parts.reduce((total, part) => total + part[of], 0);
    return parts.length === 0 ? '-' : (sum('bytes') / sum('samples')).toFixed(3);
  };
  const perSealed = bytesOf(sealed);
  const perSlot = bytesOf(slots);
  await stages.time('day', () => dayMerge(core));
  const day = core.folder.parts.filter(({ resolutionMs }) => resolutionMs === 0);
  const thin = core.folder.parts.filter(({ resolutionMs }) => resolutionMs > 0);
  const micros = (stage: string): number => stages.micros.get(stage) ?? 0;
  const per = (...of: string[]): string => (of.reduce((sum, stage) => sum + micros(stage), 0) / samples).toFixed(3);
  const million = (...of: string[]): string => (samples / of.reduce((sum, stage) => sum + micros(stage), 0)).toFixed(2);
  const all = ['read', 'head', 'seal', 'merge', 'day'];
  return {
    title: `Ingest: ${containers} containers, ${seq} windows, ${(samples / 1e6).toFixed(1)} million samples; CPU s per million`,
    rows: [
      row('log: encode, deflate, write twice, sync', per('log')),
      row('read from the log', per('read')),
      row('head', per('head')),
      row('seal', per('seal')),
      row('merge to two hours', per('merge')),
      row('merge to a day, downsamples', per('day')),
      row('store: all but the log', per(...all)),
      row('store, million samples per CPU second', million(...all), containers >= 6000 ? '4.0' : '2.5'),
      row('the same with the log', million('log', ...all)),
      row('longest window of the log, ms of CPU', (stages.longestMs.get('log') ?? 0).toFixed(1)),
      row('bytes per sample, sealed', perSealed),
      row('bytes per sample, two hours', perSlot, '0.40'),
      row('bytes per sample, day', bytesOf(day), '0.40'),
      row(
        'downsamples, bytes per raw sample',
        (thin.reduce((sum, { bytes }) => sum + bytes, 0) / day.reduce((sum, part) => sum + part.samples, 0)).toFixed(3),
      ),
      row('disk for a day at that pace: raw / downsamples', `${perDay(day, hours)} / ${perDay(thin, hours)}`),
    ],
  };
}

function perDay(parts: readonly { readonly bytes: number }[], hours: number): string {
  return mb((parts.reduce((sum, { bytes }) => sum + bytes, 0) * 24) / hours);
}

function retention() {
  return {
    single: [7 * DAY_MS, DAY_MS * 90, DAY_MS * 365],
    group: [7 * DAY_MS, DAY_MS * 90, DAY_MS * 365],
    maxBytes: 20e9,
  } as const;
}

/** As if the day were over. */
function dayMerge(core: StoreCore): void {
  const options = {
    retention: retention(),
    breathe: () => undefined,
    log: silent,
    nowMs: START_MS + DAY_MS + SEAL_MS * 2,
  };
  while (upkeep(core.folder, options));
}

function row(what: string, value: string, target = ''): Row {
  return { what, value, target };
}

/** A log and the store behind it, filled with the benches' windows, and the query API over it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { diskFolder } from '../../../collector/log/disk.ts';
import { openLog } from '../../../collector/log/keeping.ts';
import { DEFAULT_LIMITS } from '../../../collector/query/engine.ts';
import { type KeptStore, startStore } from '../../../collector/store/store.ts';
import { silent } from '../../../src/log.ts';
import { breathe, type Clock, systemClock } from '../../../src/run/clock.ts';
import { startApi } from '../../collector/api/apiserver.ts';
import { frames, START_MS } from './windows.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Ours {
  readonly store: KeptStore;
  readonly url: string;
  readonly samples: number;
  /** Of taking all windows in: the log's, and the store's thread. */
  readonly cpuSeconds: number;
}

/** Sealed by two hours, as the store does with so few samples, the last windows in memory; merged as far as its own upkeep goes. */
export async function fillOurs(path: string): Promise<Ours> {
  mkdirSync(join(path, 'store'));
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
    const isSealed = frame.endMs % (2 * HOUR_MS) === 0;
    await store.settle(isSealed);
    const { user, system } = process.cpuUsage(from);
    cpuMs += (user + system) / 1000;
  }
  const { url } = await startApi({ store, alive: () => undefined });
  return { store, url, samples, cpuSeconds: cpuMs / 1000 };
}

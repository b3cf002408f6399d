/** A log and a store on its own thread over a folder, windows of one container with known numbers, and its rate. Closed when the test ends. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { diskFolder } from '../../collector/log/disk.ts';
import { openLog } from '../../collector/log/keeping.ts';
import type { LogLimits } from '../../collector/log/shelf.ts';
import { storedUpTo } from '../../collector/store/numbering.ts';
import { type KeptStore, startStore } from '../../collector/store/store.ts';
import { type Log, silent } from '../../src/log.ts';
import { frameOf, type ModelTable } from '../collector/store/model.ts';
import { fakeClock } from './clock.ts';

export const T0 = 1_800_000_000_000;
export const DAY_MS = 86_400_000;

export const LIMITS = {
  maxBytes: 1e9,
  maxAgeMs: DAY_MS,
  segmentBytes: 1e6,
  segmentMs: 3_600_000,
  segmentSamples: 1e6,
  heldFrames: 60,
  heldSamples: 1e6,
  whenFull: 'drop_oldest',
} as const;

/** `path` has a folder `store` in it. */
export async function startKept(
  path: string,
  nowMs: number,
  { limits = LIMITS, log: told = silent }: { readonly limits?: LogLimits; readonly log?: Log } = {},
) {
  const clock = fakeClock(nowMs);
  const { log, close } = await openLog({
    folder: diskFolder(path),
    clock,
    log: told,
    breathe: async () => undefined,
    limits,
    sinks: [],
    least: storedUpTo(path),
  });
  const store = await startStore({
    frames: log,
    clock,
    log: told,
    thread: {
      path: join(path, 'store'),
      logPath: path,
      instance: 'here:9640',
      retention: { single: [7 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS], group: [DAY_MS, DAY_MS, DAY_MS], maxBytes: 1e9 },
      taking: { acceptAgeMs: DAY_MS, maxSeries: 100 },
      limits: { maxSamples: 1e6, maxSteps: 11_000, maxPoints: 1e6, timeoutMs: 10_000 },
    },
  });
  let closed = false;
  const stop = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    await store.close();
    await close();
  };
  onTestFinished(stop);
  return { clock, log, store, stop };
}

/** Window `n`: the container's CPU time is 2 s more than in the one before. */
export function windowAt(n: number): ModelTable[] {
  const endMs = T0 + n * 10_000;
  return [{ level: 'container', rows: [{ name: 'a', timeMs: endMs - 500, cells: [2 * n, n, 0.5] }] }];
}

/** The log has windows `from` to `to`, and the store has read them. */
export async function offer(
  { log, store }: Awaited<ReturnType<typeof startKept>>,
  from: number,
  to: number,
): Promise<void> {
  for (let n = from; n <= to; n++) log.offer(frameOf(T0 + n * 10_000, windowAt(n)));
  await log.settle();
  await store.settle();
}

export async function rateOf(store: KeptStore, n: number): Promise<unknown> {
  const atMs = T0 + n * 10_000;
  const query = 'rate(container_cpu_total{cpu="total",job="plimsoll-containers",instance="here:9640"}[1m])';
  const { series } = await store.query({ query, startMs: atMs, endMs: atMs, stepMs: 0 });
  return series.map(({ values }) => values[0]);
}

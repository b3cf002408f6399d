/** What CPU and memory were in the last minutes, for the small curves. Owned by the model; bounded by readings, age and a share for each. */
import type { Row } from './row.ts';

export interface Trail {
  /** When each was read, Unix milliseconds, rising. */
  readonly timesMs: number[];
  /** NaN where it was not known. */
  readonly cpu: number[];
  readonly memory: number[];
}

/** Points over all trails: some 15 MB. */
const MAX_POINTS = 600_000;
const MOST = 240;
const LEAST = 20;
/** What is not seen for so long is forgotten. */
const FORGET_MS = 5 * 60_000;

export interface Trails {
  /** Adds one point for each row. */
  add(rows: readonly Row[], timeMs: number): void;
  /** What was before: from now on points are further apart, so that they reach as far back. */
  recall(past: ReadonlyMap<string, Trail>): void;
  of(key: string): Trail | undefined;
}

/** Between points where there is a past. */
const THIN_MS = 10_000;

export function trails(): Trails {
  const kept = new Map<string, Trail>();
  let apartMs = 0;
  return {
    add(rows, timeMs) {
      const most = Math.min(MOST, Math.max(LEAST, Math.floor(MAX_POINTS / Math.max(1, rows.length))));
      for (const row of rows) {
        if (row.cpuCores === undefined && row.memoryBytes === undefined) continue;
        const trail = kept.get(row.key) ?? { timesMs: [], cpu: [], memory: [] };
        kept.set(row.key, trail);
        // The newest is always there; those before it are no nearer to each other than that.
        const isNear = timeMs - (trail.timesMs.at(-2) ?? Number.NEGATIVE_INFINITY) < apartMs;
        if (isNear) for (const list of [trail.timesMs, trail.cpu, trail.memory]) list.pop();
        trail.timesMs.push(timeMs);
        trail.cpu.push(row.cpuCores ?? Number.NaN);
        trail.memory.push(row.memoryBytes ?? Number.NaN);
        for (const list of [trail.timesMs, trail.cpu, trail.memory]) list.splice(0, Math.max(0, list.length - most));
      }
      for (const [key, { timesMs }] of kept) if ((timesMs.at(-1) ?? 0) < timeMs - FORGET_MS) kept.delete(key);
    },
    recall(past) {
      apartMs = THIN_MS;
      for (const [key, { timesMs, cpu, memory }] of past) {
        const trail = kept.get(key);
        if (!trail) continue;
        const until = trail.timesMs[0] ?? Number.POSITIVE_INFINITY;
        const older = timesMs.filter((ms) => ms < until).length;
        trail.timesMs.unshift(...timesMs.slice(0, older));
        trail.cpu.unshift(...cpu.slice(0, older));
        trail.memory.unshift(...memory.slice(0, older));
      }
    },
    of: (key) => kept.get(key),
  };
}

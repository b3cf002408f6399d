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
  of(key: string): Trail | undefined;
}

export function trails(): Trails {
  const kept = new Map<string, Trail>();
  return {
    add(rows, timeMs) {
      const most = Math.min(MOST, Math.max(LEAST, Math.floor(MAX_POINTS / Math.max(1, rows.length))));
      for (const row of rows) {
        if (row.cpuCores === undefined && row.memoryBytes === undefined) continue;
        const trail = kept.get(row.key) ?? { timesMs: [], cpu: [], memory: [] };
        kept.set(row.key, trail);
        trail.timesMs.push(timeMs);
        trail.cpu.push(row.cpuCores ?? Number.NaN);
        trail.memory.push(row.memoryBytes ?? Number.NaN);
        for (const list of [trail.timesMs, trail.cpu, trail.memory]) list.splice(0, Math.max(0, list.length - most));
      }
      for (const [key, { timesMs }] of kept) if ((timesMs.at(-1) ?? 0) < timeMs - FORGET_MS) kept.delete(key);
    },
    of: (key) => kept.get(key),
  };
}

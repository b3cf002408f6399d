/**
 * Which parts answer a question: raw samples where there are any and the question is fine enough to need them, else downsamples, day by day; and a
 * sentence on it.
 */
import type { Selection } from '../query/source.ts';
import type { PartEntry } from './manifest.ts';

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
export const RESOLUTIONS = [5 * MINUTE_MS, 60 * MINUTE_MS] as const;

/** What can be had from downsamples exactly, or as near as their resolution: of anything else raw samples are taken where there are any. */
const FOLDED = new Set([
  '',
  'rate',
  'increase',
  'avg_over_time',
  'sum_over_time',
  'count_over_time',
  'min_over_time',
  'max_over_time',
  'last_over_time',
  'present_over_time',
]);
/** A step or range is coarse for a resolution if it is so many times as long. */
const COARSE = 6;

export interface Choice<T> {
  readonly parts: readonly T[];
  readonly note: string | undefined;
}

/** In the order in which they were given. */
export function choose<T extends PartEntry>(all: readonly T[], selection: Selection): Choice<T> {
  const { fromMs, toMs } = selection;
  const there = all.filter(({ minMs, maxMs }) => maxMs >= fromMs && minMs <= toMs);
  if (there.every(({ resolutionMs }) => resolutionMs === 0)) return { parts: there, note: undefined };
  const wanted = wantedResolution(selection);
  const chosen = new Map<string, number>();
  for (const part of there) {
    const key = keyOf(part);
    const known = chosen.get(key);
    if (known === undefined || isBetter(part.resolutionMs, known, wanted)) chosen.set(key, part.resolutionMs);
  }
  const parts = there.filter((part) => chosen.get(keyOf(part)) === part.resolutionMs || isLate(part));
  return { parts, note: noteOf(parts) };
}

/** What came late for a merged day is in no downsample of it yet: it counts beside them. */
function isLate({ resolutionMs, tier }: PartEntry): boolean {
  return resolutionMs === 0 && tier < 2;
}

function keyOf({ kind, minMs }: PartEntry): string {
  return `${kind} ${Math.floor(minMs / DAY_MS)}`;
}

/** As coarse as wanted, or finer, or the least too coarse. */
function isBetter(one: number, other: number, wanted: number): boolean {
  if (one <= wanted) return other > wanted || one > other;
  return other > wanted && one < other;
}

/** 0: raw. */
function wantedResolution({ stepMs = 0, rangeMs = 0, func = '' }: Selection): number {
  if (stepMs === 0 || !FOLDED.has(func)) return 0;
  const finest = rangeMs === 0 ? stepMs : Math.min(stepMs, rangeMs);
  return Math.max(0, ...RESOLUTIONS.filter((resolution) => finest >= COARSE * resolution));
}

function noteOf(parts: readonly PartEntry[]): string | undefined {
  const coarse = parts.filter(({ resolutionMs }) => resolutionMs > 0);
  if (coarse.length === 0) return undefined;
  const resolutions = [...new Set(coarse.map(({ resolutionMs }) => resolutionMs / MINUTE_MS))].sort((a, b) => a - b);
  const toMs = Math.max(...coarse.map(({ maxMs }) => maxMs));
  const words = resolutions.map((minutes) => (minutes < 60 ? `${minutes} minutes` : 'an hour')).join(' and ');
  return `samples up to ${new Date(toMs).toISOString()} are answered from downsamples of ${words}`;
}

/** What somebody has deleted: which series it concerns, and taking it out of points or cells. */
import type { Labels } from '../../../src/model/labels.ts';
import { compileMatcher } from '../../query/matching.ts';
import type { Points } from '../../query/source.ts';
import type { Tombstone } from '../types.ts';

/** A stretch of time, both ends in it. */
export interface Erased {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Answers what of a series was deleted. */
export function tombstoneFinder(tombstones: readonly Tombstone[]): (series: Labels) => Erased[] {
  const compiled = tombstones.map((tombstone) => ({ tombstone, matchers: tombstone.matchers.map(compileMatcher) }));
  return (series) =>
    compiled.flatMap(({ tombstone, matchers }) => {
      const concerns = matchers.every(({ name, test }) => test(series.values[series.names.indexOf(name)] ?? ''));
      return concerns ? [{ fromMs: tombstone.fromMs, toMs: tombstone.toMs }] : [];
    });
}

/** Takes the points out. What was before a gap has ended where the gap begins. */
export function erasePoints(points: Points, erased: readonly Erased[]): void {
  if (erased.length === 0) return;
  const isErased = (time: number): boolean => erased.some(({ fromMs, toMs }) => time >= fromMs && time <= toMs);
  const ends = new Set(points.ends);
  let kept = 0;
  for (let i = 0; i < points.length; i++) {
    const time = points.timesMs[i] as number;
    if (isErased(time)) {
      if (kept > 0) ends.add(time);
      continue;
    }
    points.timesMs[kept] = time;
    points.values[kept] = points.values[i] as number;
    if (points.counts !== undefined) points.counts[kept] = points.counts[i] as number;
    kept++;
  }
  points.length = kept;
  points.ends = firstEnds(points, ends);
}

/** Of ends between two points the first counts, and none before the first point. */
function firstEnds({ timesMs, length }: Points, ends: ReadonlySet<number>): number[] {
  const sorted = [...ends].sort((a, b) => a - b);
  const found: number[] = [];
  let point = 0;
  let pointsBefore = -1;
  for (const end of sorted) {
    while (point < length && (timesMs[point] as number) < end) point++;
    if (point > 0 && point !== pointsBefore) found.push(end);
    pointsBefore = point;
  }
  return found;
}

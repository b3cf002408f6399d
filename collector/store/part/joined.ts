/**
 * Series that a part has in more than one table (somebody sends what we measure ourselves, under the same labels): each label set must come once, so their
 * points are put together, in time; at the same time the first one's counts.
 */
import { emptyPoints, type Points } from '../../query/source.ts';
import type { PartSeries } from '../types.ts';
import { aloneTo, endAt, lastTime, pointAt, roomIn, startCounts } from './points.ts';
import type { TableReader } from './table.ts';

/** Metrics that are in several tables. */
export function metricsInSeveral(tables: readonly TableReader[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const several = new Set<string>();
  for (const { columns } of tables) {
    const own = new Set(columns.map(({ metric }) => metric));
    for (const metric of own) (seen.has(metric) ? several : seen).add(metric);
  }
  return several;
}

/** Series of the same labels as one. */
export function joinSame(series: readonly PartSeries[]): PartSeries[] {
  const byLabels = new Map<string, PartSeries[]>();
  for (const one of series) {
    const same = byLabels.get(one.labels.key);
    if (same === undefined) byLabels.set(one.labels.key, [one]);
    else same.push(one);
  }
  return [...byLabels.values()].map((same) => (same.length === 1 ? (same[0] as PartSeries) : new JoinedSeries(same)));
}

class JoinedSeries implements PartSeries {
  readonly #series: readonly PartSeries[];

  constructor(series: readonly PartSeries[]) {
    this.#series = series;
  }

  get labels() {
    return (this.#series[0] as PartSeries).labels;
  }

  read(into: Points): void {
    aloneTo(into);
    this.append(into);
  }

  append(into: Points): void {
    const all = this.#series.map((one) => {
      const points = emptyPoints();
      one.read(points);
      return points;
    });
    if (all.some(({ counts }) => counts !== undefined)) startCounts(into);
    into.resolutionMs = Math.max(into.resolutionMs, ...all.map(({ resolutionMs }) => resolutionMs));
    roomIn(
      into,
      all.reduce((sum, { length }) => sum + length, 0),
    );
    const after = lastTime(into);
    for (const { timeMs, at, of } of inTime(all)) {
      if (timeMs <= after) continue;
      if (at < 0) endAt(into, timeMs);
      else if (timeMs > lastTime(into)) pointAt(into, timeMs, of.values[at] as number, of.counts?.[at] ?? 1);
    }
  }
}

interface Moment {
  readonly timeMs: number;
  /** -1: an end. */
  readonly at: number;
  readonly of: Points;
}

/** Points and ends of all, in time. An end at the time of another's point does not count: sorting is stable, points come first. */
function inTime(all: readonly Points[]): Moment[] {
  const moments = all.flatMap((of): Moment[] => [
    ...Array.from({ length: of.length }, (_, at) => ({ timeMs: of.timesMs[at] as number, at, of })),
    ...of.ends.map((timeMs) => ({ timeMs, at: -1, of })),
  ]);
  const points = new Set(moments.filter(({ at }) => at >= 0).map(({ timeMs }) => timeMs));
  return moments.filter(({ at, timeMs }) => at >= 0 || !points.has(timeMs)).sort((a, b) => a.timeMs - b.timeMs);
}

/** Series in memory as a Source of queries: what tests and benches ask, in place of the store. */
import { compileMatcher } from '../../collector/query/matching.ts';
import type { Matcher, MetricInfo, Points, Selection, Series, Source } from '../../collector/query/source.ts';
import type { LabelPair, Labels } from '../../src/model/labels.ts';
import { labels as labelsOf, labelValue } from '../../src/model/labels.ts';

export interface MemorySeries {
  readonly labels: Labels;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly ends: readonly number[];
  readonly resolutionMs: number;
  readonly counts: Float64Array | undefined;
}

export interface Sample {
  readonly ms: number;
  /** A stale marker ends the series there. */
  readonly value: number | 'stale';
}

export class MemorySource implements Source {
  readonly series: MemorySeries[] = [];
  /** All selections, in the order in which they came. */
  readonly selections: Selection[] = [];
  said: string[] = [];

  /** Samples in any order; of two at the same time the later in the list counts. */
  add(
    pairs: Iterable<LabelPair>,
    samples: readonly Sample[],
    of: { resolutionMs?: number; counts?: readonly number[] } = {},
  ): void {
    const labels = labelsOf(pairs);
    const byTime = new Map(samples.map((sample) => [sample.ms, sample.value]));
    const known = this.series.findIndex((one) => one.labels.key === labels.key);
    if (known >= 0) {
      const [old] = this.series.splice(known, 1) as [MemorySeries];
      for (const ms of old.ends) if (!byTime.has(ms)) byTime.set(ms, 'stale');
      old.timesMs.forEach((ms, i) => {
        if (!byTime.has(ms)) byTime.set(ms, old.values[i] as number);
      });
    }
    const sorted = [...byTime].sort(([a], [b]) => a - b);
    const real = sorted.filter((one): one is [number, number] => one[1] !== 'stale');
    this.series.push({
      labels,
      timesMs: Float64Array.from(real, ([ms]) => ms),
      values: Float64Array.from(real, ([, value]) => value),
      ends: sorted.filter(([, value]) => value === 'stale').map(([ms]) => ms),
      resolutionMs: of.resolutionMs ?? 0,
      counts: of.counts ? Float64Array.from(of.counts) : undefined,
    });
  }

  *select(selection: Selection): Generator<Series> {
    this.selections.push(selection);
    for (const one of this.#matching(selection.matchers)) {
      if (one.timesMs.length === 0) continue;
      yield { labels: one.labels, read: (into) => fill(into, one, selection) };
    }
  }

  #matching(matchers: readonly Matcher[]): MemorySeries[] {
    const tests = matchers.map(compileMatcher);
    return this.series.filter(({ labels }) => tests.every(({ name, test }) => test(labelValue(labels, name) ?? '')));
  }

  labelNames(): string[] {
    return [...new Set(this.series.flatMap(({ labels }) => labels.names))].sort();
  }

  labelValues(name: string): string[] {
    return [...new Set(this.series.map(({ labels }) => labelValue(labels, name) ?? ''))]
      .filter((value) => value !== '')
      .sort();
  }

  labelSets(): Iterable<Labels> {
    return this.series.map(({ labels }) => labels);
  }

  metadata(): Iterable<MetricInfo> {
    return [];
  }

  notes(): string[] {
    return this.said.splice(0);
  }
}

function fill(into: Points, one: MemorySeries, selection: Selection): void {
  const { toMs } = selection;
  // Ranges are widened to two points.
  const fromMs = selection.fromMs - 2 * one.resolutionMs;
  const from = firstAtLeast(one.timesMs, fromMs);
  const to = firstAtLeast(one.timesMs, toMs + 1);
  into.length = to - from;
  if (into.timesMs.length < into.length) {
    into.timesMs = new Float64Array(into.length);
    into.values = new Float64Array(into.length);
  }
  into.timesMs.set(one.timesMs.subarray(from, to));
  into.values.set(one.values.subarray(from, to));
  into.ends = one.ends.filter((ms) => ms >= fromMs && ms <= toMs);
  into.resolutionMs = one.resolutionMs;
  into.counts = one.counts?.subarray(from, to);
}

function firstAtLeast(times: Float64Array, ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

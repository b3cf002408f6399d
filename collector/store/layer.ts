/** A place that holds series for some time: a head or a part. What queries are answered from is several of them, the older first. */
import type { Labels } from '../../src/model/labels.ts';
import type { Column } from '../../src/model/shape.ts';
import type { Matcher, MetricInfo, Points, Selection } from '../query/source.ts';

export interface Layer {
  readonly minMs: number;
  readonly maxMs: number;
  /** One series at a time; each label set may come more than once. */
  select(selection: Selection): Iterable<LayerSeries>;
  labelNames(matchers: readonly Matcher[]): Iterable<string>;
  labelValues(name: string, matchers: readonly Matcher[]): Iterable<string>;
  labelSets(matchers: readonly Matcher[]): Iterable<Labels>;
  metadata(): Iterable<MetricInfo>;
}

export interface LayerSeries {
  readonly labels: Labels;
  /** Fills what is empty. */
  append(into: Points): void;
}

/** For `/api/v1/metadata`. */
export function infoOf({ metric, kind, unit, help }: Column): MetricInfo {
  return { metric, type: kind, unit: unit === 'none' ? '' : unit, help };
}

/** Names, values and metadata made of what `labelSets` answers, for layers without an index of their own. */
export function* namesIn(sets: Iterable<Labels>): Generator<string> {
  const seen = new Set<string>();
  for (const { names } of sets) {
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      yield name;
    }
  }
}

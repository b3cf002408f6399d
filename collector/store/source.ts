/** The store as a query sees it: each series once, put together of heads and parts, without what has been deleted. */
import type { Labels } from '../../src/model/labels.ts';
import type { Matcher, MetricInfo, Points, Selection, Series, Source } from '../query/source.ts';
import type { Layer, LayerSeries } from './layer.ts';
import { clear, merge, prime, unprime, withSpare } from './points.ts';

export interface SourceOptions {
  /** Those that may have something, in the order in which they were made: where two have the same time, the later one counts. And what is to be said of the choice. */
  readonly layersFor: (selection: Selection) => {
    readonly layers: readonly Layer[];
    readonly note?: string | undefined;
  };
}

interface Piece {
  readonly layer: Layer;
  readonly series: LayerSeries;
}

export function createSource({ layersFor }: SourceOptions): Source {
  const notes = new Set<string>();

  function* select(selection: Selection): Generator<Series> {
    const { layers, note } = layersFor(selection);
    if (note !== undefined) notes.add(note);
    const found = new Map<string, { readonly labels: Labels; readonly pieces: Piece[] }>();
    for (const layer of layers) {
      for (const series of layer.select(selection)) {
        const known = found.get(series.labels.key);
        if (known === undefined) found.set(series.labels.key, { labels: series.labels, pieces: [{ layer, series }] });
        else known.pieces.push({ layer, series });
      }
    }
    for (const { labels, pieces } of found.values()) {
      yield {
        labels,
        read(into) {
          clear(into);
          if (pieces.length === 1) pieces[0]?.series.append(into);
          else addAll(into, pieces);
        },
      };
    }
  }

  /** The union over selectors of what the layers of a time answer. */
  function* each<T>(
    scope: { readonly matchers: readonly (readonly Matcher[])[]; readonly fromMs: number; readonly toMs: number },
    ask: (layer: Layer, matchers: readonly Matcher[]) => Iterable<T>,
  ): Generator<T> {
    const { matchers, fromMs, toMs } = scope;
    const selectors = matchers.length > 0 ? matchers : [[]];
    const { layers } = layersFor({ matchers: [], fromMs, toMs });
    for (const layer of layers) for (const selector of selectors) yield* ask(layer, selector);
  }

  return {
    select,
    labelNames: (matchers, fromMs, toMs) =>
      sorted(each({ matchers, fromMs, toMs }, (layer, selector) => layer.labelNames(selector))),
    labelValues: (name, matchers, fromMs, toMs) =>
      sorted(each({ matchers, fromMs, toMs }, (layer, selector) => layer.labelValues(name, selector))),
    *labelSets(matchers, fromMs, toMs) {
      const seen = new Set<string>();
      for (const labels of each({ matchers, fromMs, toMs }, (layer, selector) => layer.labelSets(selector))) {
        if (seen.has(labels.key)) continue;
        seen.add(labels.key);
        yield labels;
      }
    },
    metadata: () => infosOf(layersFor(EVERYTHING).layers),
    notes() {
      const all = [...notes];
      notes.clear();
      return all;
    },
  };
}

export const EVERYTHING: Selection = {
  matchers: [],
  fromMs: Number.NEGATIVE_INFINITY,
  toMs: Number.POSITIVE_INFINITY,
};

function addAll(into: Points, pieces: readonly Piece[]): void {
  prime(into);
  for (const piece of pieces) add(into, piece);
  unprime(into);
}

/** Behind what is there if it is later; else each time goes to its place. */
function add(into: Points, { layer, series }: Piece): void {
  const lastMs = Math.max(into.timesMs[into.length - 1] as number, into.ends.at(-1) ?? Number.NEGATIVE_INFINITY);
  if (layer.minMs > lastMs) series.append(into);
  else {
    withSpare((apart) => {
      prime(apart);
      series.append(apart);
      unprime(apart);
      merge(into, apart);
    });
  }
}

function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

/** Of each metric the first that says something. */
function* infosOf(layers: readonly Layer[]): Generator<MetricInfo> {
  const seen = new Map<string, MetricInfo>();
  for (const layer of layers) {
    for (const info of layer.metadata()) {
      const known = seen.get(info.metric);
      if (known === undefined || (known.type === 'unknown' && info.type !== 'unknown')) seen.set(info.metric, info);
    }
  }
  yield* seen.values();
}

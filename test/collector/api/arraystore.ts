/** A `Store` over arrays, for the API's tests: the series of `data.ts`, or others. Questions are answered by whatever a test gives. */
import { labels as labelsOf } from '../../../src/model/labels.ts';
import type { QueryAnswer, QueryRequest } from '../../../collector/query/query.ts';
import type { Matcher } from '../../../collector/query/source.ts';
import type { ExportedSeries, Scope, Store, StoreStats } from '../../../collector/store/types.ts';
import { SERIES, START, STEP, STEPS, labelOf } from './data.ts';

export type AskedStore = Store & { readonly asked: QueryRequest[]; readonly scopes: Scope[] };

export const STATS: StoreStats = {
  bytes: 1000,
  parts: 2,
  series: SERIES.length,
  minMs: START * 1000,
  maxMs: (START + STEP * (STEPS - 1)) * 1000,
  taken: new Map(),
  dropped: new Map(),
  damaged: 0,
  trouble: undefined,
};

export function exportedOf(series: (typeof SERIES)[number]): ExportedSeries {
  const steps = Array.from({ length: STEPS }, (_, step) => step).filter((step) => series.at(step) !== undefined);
  return {
    labels: series.labels,
    timesMs: Float64Array.from(steps, (step) => (START + step * STEP) * 1000),
    values: Float64Array.from(steps, (step) => series.at(step) as number),
    ends: [],
  };
}

export function arrayStore(
  query: (request: QueryRequest, signal?: AbortSignal) => Promise<QueryAnswer>,
  all: readonly ExportedSeries[] = SERIES.map(exportedOf),
): AskedStore {
  const asked: QueryRequest[] = [];
  const scopes: Scope[] = [];
  const found = (scope: Scope): ExportedSeries[] => {
    scopes.push(scope);
    return all
      .filter(({ timesMs }) => timesMs.some((ms) => ms >= scope.fromMs && ms <= scope.toMs))
      .filter(
        ({ labels }) => scope.matchers.length === 0 || scope.matchers.some((set) => set.every((m) => fits(labels, m))),
      )
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  };
  const cut = <T>(items: readonly T[], { limit = Infinity }: Scope): T[] => items.slice(0, limit);
  return {
    asked,
    scopes,
    async query(request, signal) {
      asked.push(request);
      return await query(request, signal);
    },
    labelNames: async (scope) =>
      cut([...new Set(found(scope).flatMap((s) => s.labels.map(([name]) => name)))].sort(), scope),
    labelValues: async (name, scope) =>
      cut([...new Set(found(scope).map((s) => labelOf(s.labels, name)))].filter((v) => v !== '').sort(), scope),
    series: async (scope) =>
      cut(
        found(scope).map((s) => s.labels),
        scope,
      ),
    metadata: async () => [],
    async *export(scope) {
      for (const series of found(scope)) {
        const keep = [...series.timesMs.keys()].filter(
          (i) => (series.timesMs[i] as number) >= scope.fromMs && (series.timesMs[i] as number) <= scope.toMs,
        );
        yield [
          {
            labels: series.labels,
            timesMs: Float64Array.from(keep, (i) => series.timesMs[i] as number),
            values: Float64Array.from(keep, (i) => series.values[i] as number),
            ends: series.ends.filter((ms) => ms >= scope.fromMs && ms <= scope.toMs),
          },
        ];
      }
    },
    write: async () => ({ accepted: 0, dropped: new Map() }),
    stats: async () => STATS,
    close: async () => undefined,
  };
}

function keyOf({ labels }: ExportedSeries): string {
  const { names, values } = labelsOf(labels);
  return names.map((name, i) => `${name}\u0000${values[i]}`).join('\u0001');
}

function fits(labels: ExportedSeries['labels'], { name, op, value }: Matcher): boolean {
  const own = labelOf(labels, name);
  if (op === '=') return own === value;
  if (op === '!=') return own !== value;
  return new RegExp(`^(?:${value})$`, 's').test(own) === (op === '=~');
}

/**
 * What the collector says of itself, into its own store once for each window, as a scrape of its `/metrics` would have left it: so that the pipeline's dashboard
 * and rules find it there. A series that is no longer said ends at once.
 */
import { fromPromClient, type SelfFamily } from '../src/exposition/self.ts';
import type { Log } from '../src/log.ts';
import { type LabelPair, labels } from '../src/model/labels.ts';
import type { SelfMetrics } from '../src/self/metrics.ts';
import { QueryError } from './query/query.ts';
import type { MetricInfo } from './query/source.ts';
import { GROUPS_JOB, scrapedName } from './store/shown.ts';
import type { ReceivedSeries, Store } from './store/types.ts';

export interface SelfKeptOptions {
  readonly store: Pick<Store, 'write'>;
  readonly self: SelfMetrics;
  /** What a scraper would have called the collector. */
  readonly instance: string;
  readonly log: Log;
}

/** Answers what is to be called with each window's end. Resolves when the store has it; while it has not, windows are passed over. */
export function keepSelf({ store, self, instance, log }: SelfKeptOptions): (endMs: number) => Promise<void> {
  let before = new Map<string, ReceivedSeries>();
  let isBusy = false;
  let told = false;

  async function keep(endMs: number): Promise<void> {
    const families = await fromPromClient(self.registry);
    const now = new Map(seriesOf(families, { endMs, instance }).map((series) => [series.labels.key, series]));
    const gone = [...before.values()].filter(({ labels: { key } }) => !now.has(key));
    const ended = gone.map(({ labels: own }) => ({ labels: own, timesMs: [endMs], values: [Number.NaN], stale: [0] }));
    await store.write([...now.values(), ...ended], families.map(infoOf));
    before = now;
  }

  return async (endMs) => {
    if (isBusy) return;
    isBusy = true;
    try {
      await keep(endMs);
      told = false;
    } catch (error) {
      // A store that is closed or being started again says so itself.
      const isKnown = error instanceof QueryError && error.type === 'unavailable';
      if (!isKnown && !told) log.warn({ err: error }, 'the collector’s own metrics could not be put into its store');
      told = !isKnown;
    } finally {
      isBusy = false;
    }
  };
}

function seriesOf(
  families: readonly SelfFamily[],
  { endMs, instance }: { readonly endMs: number; readonly instance: string },
): ReceivedSeries[] {
  return families.flatMap(({ samples }) =>
    samples
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ name, labels: own, value }) => {
        const scraped: LabelPair[] = [
          ['__name__', name],
          ['instance', instance],
          ['job', GROUPS_JOB],
        ];
        const renamed = own.map(([label, text]): LabelPair => [scrapedName(label), text]);
        return { labels: labels([...scraped, ...renamed]), timesMs: [endMs], values: [value] };
      }),
  );
}

function infoOf({ name, type, help }: SelfFamily): MetricInfo {
  return { metric: name, type, unit: '', help };
}

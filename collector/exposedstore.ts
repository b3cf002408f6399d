/** The store's numbers about itself, behind their `plimsoll_store_` metrics. Absent where there is none. */
import { byKey, type Reading, type SelfMetrics, single } from '../src/self/metrics.ts';
import type { KeptStore } from './store/store.ts';
import type { StoreStats } from './store/types.ts';

export function exposeStore(self: SelfMetrics, store: KeptStore | undefined): void {
  /** Of the last time that it told; nothing before the first. */
  const told = (read: (stats: StoreStats) => Iterable<Reading>) => (): Iterable<Reading> => {
    const stats = store?.lastStats;
    return stats === undefined ? [] : read(stats);
  };
  const known = (read: (of: KeptStore) => Iterable<Reading>) => (): Iterable<Reading> =>
    store === undefined ? [] : read(store);
  const seconds = (ms: number): Reading[] => (ms > 0 ? single(ms / 1000) : []);
  self.expose(
    'plimsoll_store_bytes',
    told(({ bytes }) => single(bytes)),
  );
  self.expose(
    'plimsoll_store_parts',
    told(({ parts }) => single(parts)),
  );
  self.expose(
    'plimsoll_store_series',
    told(({ series }) => single(series)),
  );
  self.expose(
    'plimsoll_store_samples_total',
    told(({ taken }) => byKey(taken)),
  );
  self.expose(
    'plimsoll_store_samples_dropped_total',
    told(({ dropped }) => byKey(dropped)),
  );
  self.expose(
    'plimsoll_store_damaged_files_total',
    told(({ damaged }) => single(damaged)),
  );
  self.expose(
    'plimsoll_store_oldest_seconds',
    told(({ minMs }) => seconds(minMs)),
  );
  self.expose(
    'plimsoll_store_newest_seconds',
    told(({ maxMs }) => seconds(maxMs)),
  );
  self.expose(
    'plimsoll_store_windows_lost_total',
    known(({ lost }) => byKey(lost)),
  );
  self.expose(
    'plimsoll_store_up',
    known(({ absence, lastStats }) => single(absence === undefined && lastStats?.trouble === undefined ? 1 : 0)),
  );
  self.expose(
    'plimsoll_store_restarts_total',
    known(({ crashes }) => single(crashes)),
  );
  self.expose(
    'plimsoll_store_queries_total',
    known(({ queries }) =>
      byKey(
        new Map([
          ['answered', queries.answered],
          ['failed', queries.failed],
        ]),
      ),
    ),
  );
}

/** For `/readyz`: what is the matter with the store; it makes the collector no less ready. */
export function storeNotes(store: KeptStore | undefined): string[] {
  const words = store?.absence ?? store?.lastStats?.trouble;
  return words === undefined ? [] : [`store: ${words}`];
}

/** `targets` and `scrape_pools`: nodes as targets, each with how it is, from the series `up` that each has, as if it were scraped. */
import type { LabelPair } from '../../../src/model/labels.ts';
import { type ApiOptions, type Asked, READ, type Route } from '../route.ts';

interface Target {
  readonly labels: readonly LabelPair[];
  readonly pool: string;
  readonly up: boolean;
  readonly lastMs: number;
}

export function targetsRoutes({ clock, limits }: Pick<ApiOptions, 'clock' | 'limits'>): Route[] {
  const ask = (asked: Asked) => targetsOf(asked, { nowMs: clock.now(), timeoutMs: limits.timeoutMs });
  return [
    {
      path: '/targets',
      methods: READ,
      turn: 'query',
      handle: async (asked) => {
        const state = asked.params.get('state').toLowerCase();
        const pool = asked.params.get('scrapePool');
        const active = ['', 'any', 'active'].includes(state) ? await ask(asked) : [];
        const shown = active.filter((target) => pool === '' || target.pool === pool);
        return {
          data: {
            activeTargets: shown.map(targetJson),
            droppedTargets: [],
            ...(['', 'any', 'dropped'].includes(state) ? { droppedTargetCounts: {} } : { droppedTargetCounts: null }),
          },
        };
      },
    },
    {
      path: '/scrape_pools',
      methods: READ,
      turn: 'query',
      handle: async (asked) => ({
        data: { scrapePools: [...new Set((await ask(asked)).map(({ pool }) => pool))].sort() },
      }),
    },
  ];
}

async function targetsOf(
  { store, signal }: Asked,
  { nowMs, timeoutMs }: { readonly nowMs: number; readonly timeoutMs: number },
): Promise<Target[]> {
  const at = { startMs: nowMs, endMs: nowMs, stepMs: 0, timeoutMs };
  const ups = await store.query({ query: 'up', ...at }, signal);
  const times = await store.query({ query: 'timestamp(up)', ...at }, signal);
  const key = (labels: readonly LabelPair[]): string => JSON.stringify(labels.filter(([name]) => name !== '__name__'));
  const seen = new Map(times.series.map(({ labels, values }) => [key(labels), (values[0] as number) * 1000]));
  return ups.series.map(({ labels, values }) => ({
    labels: labels.filter(([name]) => name !== '__name__'),
    pool: labels.find(([name]) => name === 'job')?.[1] ?? '',
    up: values[0] === 1,
    lastMs: seen.get(key(labels)) ?? 0,
  }));
}

function targetJson({ labels, pool, up, lastMs }: Target): unknown {
  const instance = labels.find(([name]) => name === 'instance')?.[1] ?? '';
  const url = instance === '' ? '' : `http://${instance}/metrics`;
  // Object.fromEntries defines what it is given: a label called `__proto__` is only a label.
  return {
    discoveredLabels: Object.fromEntries([
      ['__address__', instance],
      ['job', pool],
    ]),
    labels: Object.fromEntries(labels),
    scrapePool: pool,
    scrapeUrl: url,
    globalUrl: url,
    lastError: up ? '' : 'its last readings have not come, or it has said that something is wrong',
    lastScrape: new Date(lastMs).toISOString(),
    lastScrapeDuration: 0,
    health: up ? 'up' : 'down',
    scrapeInterval: '',
    scrapeTimeout: '',
  };
}

/** `status/tsdb`: how much is kept, and which names and labels have the most of it: of what is there now, and of the index. */
import type { Store } from '../../store/types.ts';
import type { QueryAnswer } from '../../query/query.ts';
import { limitParam } from '../params.ts';
import { type ApiOptions, type Asked, READ, type Route } from '../route.ts';
import { FIRST_MS, LAST_MS } from '../times.ts';

const MOST = 10;
/** For pairs each label takes a question of its own; these are what a scrape and we give every series. */
const PAIRED = ['__name__', 'job', 'instance', 'node'];

interface Stat {
  readonly name: string;
  readonly value: number;
}

export function tsdbRoutes({ clock, limits }: Pick<ApiOptions, 'clock' | 'limits'>): Route[] {
  return [
    {
      path: '/status/tsdb',
      methods: READ,
      turn: 'query',
      handle: async (asked) => {
        const most = limitParam(asked.params) || MOST;
        const by = (label: string): Promise<Stat[]> =>
          countsBy(label, { asked, nowMs: clock.now(), timeoutMs: limits.timeoutMs, most });
        const { series, parts, minMs, maxMs } = await asked.store.stats();
        const labels = await labelStats(asked.store);
        const metrics = await by('__name__');
        const pairs: Stat[] = [];
        for (const label of PAIRED)
          for (const { name, value } of await by(label))
            if (name !== '') pairs.push({ name: `${label}=${name}`, value });
        const top = (stats: readonly Stat[]): Stat[] => [...stats].sort((a, b) => b.value - a.value).slice(0, most);
        return {
          data: {
            headStats: {
              numSeries: series,
              numLabelPairs: labels.pairs,
              chunkCount: parts,
              minTime: minMs,
              maxTime: maxMs,
            },
            seriesCountByMetricName: metrics,
            labelValueCountByLabelName: top(labels.counts),
            memoryInBytesByLabelName: top(labels.bytes),
            seriesCountByLabelValuePair: top(pairs),
          },
        };
      },
    },
  ];
}

async function labelStats(store: Store): Promise<{ pairs: number; counts: Stat[]; bytes: Stat[] }> {
  const scope = { matchers: [], fromMs: FIRST_MS, toMs: LAST_MS };
  const counts: Stat[] = [];
  const bytes: Stat[] = [];
  for (const name of await store.labelNames(scope)) {
    const values = await store.labelValues(name, scope);
    counts.push({ name, value: values.length });
    bytes.push({ name, value: values.reduce((sum, value) => sum + Buffer.byteLength(value), 0) });
  }
  return { pairs: counts.reduce((sum, { value }) => sum + value, 0), counts, bytes };
}

interface Counting {
  readonly asked: Asked;
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly most: number;
}

/** Series that have a sample now, by the label's value, the most first. */
async function countsBy(label: string, { asked, nowMs, timeoutMs, most }: Counting): Promise<Stat[]> {
  const query = `topk(${most}, count by (${label}) ({__name__=~".+"}))`;
  const answer = await asked.store.query({ query, startMs: nowMs, endMs: nowMs, stepMs: 0, timeoutMs }, asked.signal);
  return statsOf(answer, label);
}

function statsOf({ series }: QueryAnswer, label: string): Stat[] {
  return series.map(({ labels, values }) => ({
    name: labels.find(([name]) => name === label)?.[1] ?? '',
    value: values[0] as number,
  }));
}

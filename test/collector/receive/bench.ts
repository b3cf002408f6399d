/** The receivers on a server of their own, with a stand-in of the store that keeps all it is given and says what a test tells it to. */
import Fastify from 'fastify';
import type { ReceiveLimits } from '../../../collector/receive/limits.ts';
import { createReceive } from '../../../collector/receive/receive.ts';
import type { MetricInfo } from '../../../collector/query/source.ts';
import type { ReceivedSeries, Store, WriteOutcome } from '../../../collector/store/types.ts';
import { silent } from '../../../src/log.ts';
import { pairsOf } from '../../../src/model/labels.ts';
import { fakeClock } from '../../support/clock.ts';

export interface StandIn extends Pick<Store, 'write' | 'labelValues'> {
  /** By series' text: time and value; `stale` for the marker. */
  readonly kept: Map<string, [number, number | 'stale'][]>;
  readonly infos: MetricInfo[];
  readonly writes: number[];
}

/** `answer` decides what becomes of a write; all is accepted without it. */
export function standIn(answer?: (series: readonly ReceivedSeries[]) => WriteOutcome | Error): StandIn {
  const kept: StandIn['kept'] = new Map();
  const infos: MetricInfo[] = [];
  const writes: number[] = [];
  return {
    kept,
    infos,
    writes,
    async write(series, info = []) {
      const samples = series.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
      writes.push(samples);
      const said = answer?.(series);
      if (said instanceof Error) throw said;
      for (const one of series) keep(kept, one);
      infos.push(...info);
      return said ?? { accepted: samples, dropped: new Map() };
    },
    async labelValues(name) {
      const found = new Set<string>();
      for (const text of kept.keys()) {
        const value = new RegExp(`[{,]${name}="([^"]*)"`).exec(text)?.[1];
        if (value !== undefined) found.add(value);
      }
      return [...found].sort();
    },
  };
}

function keep(kept: StandIn['kept'], { labels, timesMs, values, stale = [] }: ReceivedSeries): void {
  const pairs = [...pairsOf(labels)];
  const metric = pairs.find(([name]) => name === '__name__')?.[1];
  const others = pairs.filter(([name]) => name !== '__name__').map(([name, value]) => `${name}="${value}"`);
  const text = `${metric}{${others.join(',')}}`;
  const points = kept.get(text) ?? [];
  kept.set(text, points);
  for (const [i, timeMs] of timesMs.entries())
    points.push([timeMs, stale.includes(i) ? 'stale' : (values[i] as number)]);
}

/** A server with the receivers over a stand-in. */
export async function receivers(options: { store?: StandIn; limits?: Partial<ReceiveLimits> } = {}) {
  const { store = standIn(), limits = {} } = options;
  const clock = fakeClock();
  const receive = createReceive({ store, limits, version: '1.2.3', clock, log: silent });
  const app = Fastify();
  receive.route(app);
  await app.ready();
  const post = async (url: string, payload: Buffer | string, headers: Record<string, string> = {}) => {
    const { statusCode, body, headers: answered } = await app.inject({ method: 'POST', url, payload, headers });
    return { status: statusCode, body, headers: answered };
  };
  const counts = (protocol: 'remote_write_1' | 'remote_write_2' | 'influx' | 'import') =>
    receive.stats().counts.get(protocol);
  return { store, clock, receive, app, post, counts };
}

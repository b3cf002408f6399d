/**
 * Made-up series for the comparison with a real server: counters that begin anew, gauges with odd values, histograms, gaps, ends. The same seed makes
 * the same world. Samples never lie on a whole second, so that it does not matter to which range its end belongs.
 */
import type { LabelPair } from '../../src/model/labels.ts';
import type { Random } from '../hostile/attack.ts';
import { randomOf } from '../hostile/attack.ts';
import type { Vocabulary } from './questions.ts';
import type { Written } from './writing.ts';

export const WORLD_START_MS = 1_750_000_000_000;
export const WORLD_MS = 3_600_000;
const TICK_MS = 15_000;

/** Questions about it. */
export const WORLD: Vocabulary = {
  metrics: ['requests_total', 'memory_bytes', 'odd', 'build_info', 'latency_bucket'],
  matchers: [
    'job="api"',
    'job!="api"',
    'instance=~"0|1"',
    'instance!~"[12]"',
    'code=""',
    'code=~"5.."',
    'le=~".+"',
    'job=~"(?i:DB)"',
  ],
  several: '__name__=~"odd|memory_.+"',
  labels: ['job', 'instance', 'code', 'le', 'version', 'absent'],
  joins: ['job, instance', 'job', 'code', 'code, le', ''],
  brought: 'version',
  ranges: ['30s', '1m', '95s', '5m', '12m', '40m'],
  offsets: ['1m', '-2m', '10m', '7s'],
  single: 'memory_bytes{job="api",instance="0"}',
  distinct: 'memory_bytes',
  buckets: { metric: 'latency_bucket', by: 'le, job' },
  subqueries: true,
  fromMs: WORLD_START_MS + 333,
  spanMs: WORLD_MS,
  stepsMs: [7_000, 15_000, 60_000, 171_000],
  pinned: `${WORLD_START_MS / 1000 + 1800.333}`,
};

interface Shape {
  readonly metric: string;
  readonly labels: readonly LabelPair[];
  readonly next: (before: number, random: Random) => number;
  readonly first: (random: Random) => number;
}

/** `high`: counters begin, and begin anew, so high that nothing is extrapolated down to zero: versions of Prometheus differ there. */
export function world(seed: number, high: boolean): Written[] {
  const random = randomOf(seed);
  return shapes(high).map(({ metric, labels, next, first }) => {
    const samples: Written['samples'][number][] = [];
    let value = first(random);
    let there = true;
    const shift = 1 + Math.floor(random() * 900);
    for (let ms = WORLD_START_MS; ms < WORLD_START_MS + WORLD_MS; ms += TICK_MS) {
      const at = ms + shift + Math.floor(random() * 50);
      value = next(value, random);
      const stays: boolean = there ? random() > 0.01 : random() < 0.05;
      // Half of those that go say so; the others only fall silent.
      if (there && !stays && random() < 0.5) samples.push({ ms: at, value: 'stale' });
      if (stays) samples.push({ ms: at, value });
      there = stays;
    }
    return { labels: [['__name__', metric], ...labels], samples };
  });
}

function shapes(high: boolean): Shape[] {
  const out: Shape[] = [];
  const zero = high ? 1e9 : 0;
  for (const job of ['api', 'db']) {
    for (const instance of ['0', '1', '2']) {
      const labels: LabelPair[] = [
        ['job', job],
        ['instance', instance],
      ];
      const grows = (before: number, random: Random): number =>
        random() < 0.02 && before > zero + 100 ? zero + Math.floor(random() * 100) : before + Math.floor(random() * 20);
      out.push({
        metric: 'requests_total',
        labels: [...labels, ['code', '200']],
        first: (r) => zero + Math.floor(r() * 1e4),
        next: grows,
      });
      out.push({ metric: 'requests_total', labels: [...labels, ['code', '500']], first: () => zero, next: grows });
      out.push({
        metric: 'memory_bytes',
        labels,
        first: (r) => r() * 1e6,
        next: (v, r) => Math.max(0, v + (r() - 0.5) * 1e4),
      });
      out.push({ metric: 'odd', labels, first: () => 0, next: odd });
      out.push({
        metric: 'build_info',
        labels: [...labels, ['version', `1.${instance}`]],
        first: () => 1,
        next: () => 1,
      });
      for (const [i, le] of ['0.1', '0.5', '2.5', '+Inf'].entries()) {
        const bucket = (before: number, random: Random): number => before + (i + 1) * Math.floor(random() * 3);
        out.push({
          metric: 'latency_bucket',
          labels: [...labels, ['le', le]],
          first: () => zero + i * 100,
          next: bucket,
        });
      }
    }
  }
  return out;
}

function odd(_before: number, random: Random): number {
  const die = random();
  if (die < 0.03) return Number.NaN;
  if (die < 0.05) return Number.POSITIVE_INFINITY;
  if (die < 0.07) return Number.NEGATIVE_INFINITY;
  return die < 0.2 ? 0 : Math.round((random() - 0.5) * 20);
}

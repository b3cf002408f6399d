/**
 * Samples on their way to the store, gathered by series, so that each series is in a piece once, its times ascending and each of them once: of
 * two values of one time the first counts, wherever they come from.
 */
import type { Labels } from '../../src/model/labels.ts';
import type { ReceivedSeries } from '../store/types.ts';
import type { Parsed } from './parsed.ts';

export interface Gathered {
  readonly series: readonly ReceivedSeries[];
  readonly samples: number;
  /** Left out: the same time once more, with the same value, and with another. */
  readonly repeated: number;
  readonly contradicting: number;
  /** A series and time of the latter, in words. */
  readonly problem: string | undefined;
}

interface Open {
  readonly labels: Labels;
  times: readonly number[];
  values: readonly number[];
  /** The same lists once they are our own: those of the first piece are the reader's, and mostly there is no other. */
  own: { readonly times: number[]; readonly values: number[] } | undefined;
  stale: Set<number> | undefined;
}

export interface Gatherer {
  readonly samples: number;
  add(samples: Extract<Parsed, { kind: 'samples' }>): void;
  /** All of it; then it begins anew. */
  take(): Gathered;
}

export function createGatherer(): Gatherer {
  let open = new Map<string, Open>();
  let samples = 0;
  return {
    get samples() {
      return samples;
    },
    add({ labels, timesMs, values, stale = [] }) {
      let one = open.get(labels.key);
      const before = one?.times.length ?? 0;
      if (one === undefined) {
        one = { labels, times: timesMs, values, own: undefined, stale: undefined };
        open.set(labels.key, one);
      } else append(one, timesMs, values);
      if (stale.length > 0) one.stale ??= new Set();
      for (const at of stale) one.stale?.add(before + at);
      samples += timesMs.length;
    },
    take() {
      const all = [...open.values()].map(closed);
      open = new Map();
      samples = 0;
      return {
        series: all.map(({ series }) => series),
        samples: all.reduce((sum, { series }) => sum + series.timesMs.length, 0),
        repeated: all.reduce((sum, { repeated }) => sum + repeated, 0),
        contradicting: all.reduce((sum, { contradicting }) => sum + contradicting, 0),
        problem: all.find(({ problem }) => problem !== undefined)?.problem,
      };
    },
  };
}

function append(one: Open, timesMs: readonly number[], values: readonly number[]): void {
  one.own ??= { times: [...one.times], values: [...one.values] };
  one.times = one.own.times;
  one.values = one.own.values;
  for (let i = 0; i < timesMs.length; i++) {
    one.own.times.push(timesMs[i] as number);
    one.own.values.push(values[i] as number);
  }
}

interface Closed extends Pick<Gathered, 'repeated' | 'contradicting' | 'problem'> {
  readonly series: ReceivedSeries;
}

function closed(open: Open): Closed {
  const { labels, times, values, stale } = open;
  if (stale === undefined && isAscending(times)) {
    return { series: { labels, timesMs: times, values }, repeated: 0, contradicting: 0, problem: undefined };
  }
  const order = isAscending(times) ? undefined : times.map((_, i) => i).sort((a, b) => timeAt(a) - timeAt(b) || a - b);
  const timesMs = new Float64Array(times.length);
  const kept = new Float64Array(times.length);
  const marks: number[] = [];
  let length = 0;
  let contradicting = 0;
  let problem: string | undefined;
  function timeAt(i: number): number {
    return times[i] as number;
  }
  for (let n = 0; n < times.length; n++) {
    const i = order?.[n] ?? n;
    const value = values[i] as number;
    if (length > 0 && timesMs[length - 1] === timeAt(i)) {
      const isSame = Object.is(kept[length - 1], value) && (stale?.has(i) ?? false) === (marks.at(-1) === length - 1);
      if (!isSame) contradicting++;
      if (!isSame) problem ??= `${nameOf(labels)} has two values at ${timeAt(i)}`;
      continue;
    }
    if (stale?.has(i)) marks.push(length);
    timesMs[length] = timeAt(i);
    kept[length++] = value;
  }
  const series = {
    labels,
    timesMs: timesMs.slice(0, length),
    values: kept.slice(0, length),
    ...(marks.length === 0 ? {} : { stale: marks }),
  };
  return { series, repeated: times.length - length - contradicting, contradicting, problem };
}

function isAscending(times: readonly number[]): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i] as number) <= (times[i - 1] as number)) return false;
  return true;
}

function nameOf({ names, values }: Labels): string {
  return values[names.indexOf('__name__')] ?? '';
}

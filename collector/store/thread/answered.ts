/**
 * A query's answer on its way between the threads: numbers in arrays that are handed over and not copied, times that many series share once, texts once each. As
 * objects, the labels of a hundred series cost more than the answering.
 */
import type { LabelPair } from '../../../src/model/labels.ts';
import type { AnswerSeries, QueryAnswer } from '../../query/query.ts';

export interface PackedAnswer extends Omit<QueryAnswer, 'series'> {
  readonly texts: readonly string[];
  /** By series: how many labels, then of each its name's and its value's place in the texts. */
  readonly labels: Uint32Array;
  /** By series: how many points, and where in `times` theirs begin. Values follow each other. */
  readonly points: Uint32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export function packAnswer({ series, ...rest }: QueryAnswer): { packed: PackedAnswer; transfer: ArrayBuffer[] } {
  const places = new Map<string, number>();
  const labels: number[] = [];
  const placeOf = (text: string): number => {
    let place = places.get(text);
    if (place === undefined) {
      place = places.size;
      places.set(text, place);
    }
    return place;
  };
  for (const { labels: pairs } of series) {
    labels.push(pairs.length);
    for (const [name, value] of pairs) labels.push(placeOf(name), placeOf(value));
  }
  const numbers = packNumbers(series);
  const packed = { ...rest, texts: [...places.keys()], labels: Uint32Array.from(labels), ...numbers };
  const all = [packed.labels, packed.points, packed.times, packed.values];
  return { packed, transfer: all.map(({ buffer }) => buffer as ArrayBuffer) };
}

function packNumbers(series: readonly AnswerSeries[]): Pick<PackedAnswer, 'points' | 'times' | 'values'> {
  const points = new Uint32Array(2 * series.length);
  const shared = new Map<Float64Array, number>();
  let [times, values] = [0, 0];
  for (const [i, { timesMs }] of series.entries()) {
    const known = shared.get(timesMs);
    points[2 * i] = timesMs.length;
    points[2 * i + 1] = known ?? times;
    values += timesMs.length;
    if (known !== undefined) continue;
    shared.set(timesMs, times);
    times += timesMs.length;
  }
  const all = { times: new Float64Array(times), values: new Float64Array(values) };
  for (const [timesMs, at] of shared) all.times.set(timesMs, at);
  let at = 0;
  for (const one of series) {
    all.values.set(one.values, at);
    at += one.values.length;
  }
  return { points, ...all };
}

/** Series that shared their times share them again: the same array. */
export function unpackAnswer({ texts, labels, points, times, values, ...rest }: PackedAnswer): QueryAnswer {
  const shared = new Map<number, Float64Array>();
  const series: AnswerSeries[] = [];
  let [label, value] = [0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const pairs: LabelPair[] = [];
    for (let left = labels[label++] as number; left > 0; left--) {
      pairs.push([texts[labels[label++] as number] as string, texts[labels[label++] as number] as string]);
    }
    const [length, from] = [points[i] as number, points[i + 1] as number];
    let timesMs = shared.get(from);
    if (timesMs?.length !== length) {
      timesMs = times.subarray(from, from + length);
      shared.set(from, timesMs);
    }
    series.push({ labels: pairs, timesMs, values: values.subarray(value, value + length) });
    value += length;
  }
  return { ...rest, series };
}

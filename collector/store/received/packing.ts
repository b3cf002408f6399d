/**
 * Received samples on their way to the store's thread: numbers side by side in a few arrays, and the labels of a series only the first time it
 * comes. Both sides count series alike; when there are many the sender says that it begins anew.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { ReceivedSeries } from '../types.ts';
import { KnownSeries } from './known.ts';

export interface Packed {
  /** What was known so far is forgotten. */
  readonly anew: boolean;
  /** Series that come for the first time; they have the next numbers. */
  readonly fresh: readonly Labels[];
  /** Three for each series: its number, how many samples, how many of them are stale. */
  readonly counts: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** Places within their series. */
  readonly stale: Uint32Array;
}

/** Samples of a series on the store's thread. */
export interface KnownSamples {
  readonly known: KnownSeries;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly stale: readonly number[];
}

const MAX_SERIES = 200_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;

export class Packer {
  readonly #numbers = new Map<string, number>();
  readonly #maxSeries: number;
  #characters = 0;
  #anew = true;

  constructor(maxSeries = MAX_SERIES) {
    this.#maxSeries = maxSeries;
  }

  /** The other side knows nothing. */
  forget(): void {
    this.#numbers.clear();
    this.#characters = 0;
    this.#anew = true;
  }

  /** What is packed has to be sent, and in this order. */
  pack(series: readonly ReceivedSeries[]): Packed {
    if (this.#numbers.size > this.#maxSeries || this.#characters > MAX_CHARACTERS) this.forget();
    const anew = this.#anew;
    this.#anew = false;
    const fresh: Labels[] = [];
    const counts = new Uint32Array(3 * series.length);
    let samples = 0;
    let marks = 0;
    for (const [i, { labels, timesMs, stale = [] }] of series.entries()) {
      counts[3 * i] = this.#numberOf(labels, fresh);
      counts[3 * i + 1] = timesMs.length;
      counts[3 * i + 2] = stale.length;
      samples += timesMs.length;
      marks += stale.length;
    }
    return { anew, fresh, counts, ...numbersOf(series, samples, marks) };
  }

  #numberOf(labels: Labels, fresh: Labels[]): number {
    const { key } = labels;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(key, number);
      this.#characters += key.length;
      fresh.push({ names: labels.names, values: labels.values, key });
    }
    return number;
  }
}

function numbersOf(series: readonly ReceivedSeries[], samples: number, marks: number) {
  const timesMs = new Float64Array(samples);
  const values = new Float64Array(samples);
  const stale = new Uint32Array(marks);
  let at = 0;
  let mark = 0;
  for (const one of series) {
    for (let i = 0; i < one.timesMs.length; i++, at++) {
      timesMs[at] = one.timesMs[i] as number;
      values[at] = one.values[i] as number;
    }
    for (const place of one.stale ?? []) stale[mark++] = place;
  }
  return { timesMs, values, stale };
}

export class Unpacker {
  readonly #known: KnownSeries[] = [];

  unpack({ anew, fresh, counts, timesMs, values, stale }: Packed): KnownSamples[] {
    if (anew) this.#known.length = 0;
    for (const labels of fresh) this.#known.push(new KnownSeries(labels));
    const all: KnownSamples[] = [];
    let at = 0;
    let mark = 0;
    for (let i = 0; i < counts.length; i += 3) {
      const known = this.#known[counts[i] as number];
      if (known === undefined) throw new Error(`received samples of the series ${counts[i]}, which nobody has told of`);
      const end = at + (counts[i + 1] as number);
      const markEnd = mark + (counts[i + 2] as number);
      const marks = markEnd === mark ? NO_MARKS : [...stale.subarray(mark, markEnd)];
      all.push({ known, timesMs: timesMs.subarray(at, end), values: values.subarray(at, end), stale: marks });
      at = end;
      mark = markEnd;
    }
    return all;
  }
}

const NO_MARKS: readonly number[] = [];

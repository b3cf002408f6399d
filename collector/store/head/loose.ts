/**
 * The head of what comes in no order: samples of others, and readings that come too late for their row. Few, against what comes in windows; kept
 * as they are, each row sorted by time, a time once.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { RowChunk } from '../types.ts';

export interface LooseShape {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
}

/** What became of a sample: `same` is there already, `other` contradicts what is there. */
export type Added = 'new' | 'same' | 'other';

export interface LooseSample {
  readonly timeMs: number;
  /** Answers the number of each column. */
  readonly cell: (column: number) => number;
  /** NaN is a number that somebody measured. */
  readonly measured?: boolean;
}

/** Of a row with one column. */
export interface OneSample {
  readonly timeMs: number;
  readonly value: number;
  readonly measured: boolean;
}

export class Loose {
  readonly #tables = new Map<string, LooseTable>();
  minMs = Number.POSITIVE_INFINITY;
  maxMs = Number.NEGATIVE_INFINITY;

  /** The table of that key, made if it is not there. */
  table(key: string, make: () => LooseShape): LooseTable {
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = new LooseTable(make(), this);
      this.#tables.set(key, table);
    }
    return table;
  }

  find(key: string): LooseTable | undefined {
    return this.#tables.get(key);
  }

  get tables(): readonly LooseTable[] {
    return [...this.#tables.values()];
  }

  get samples(): number {
    return this.tables.reduce((sum, { samples }) => sum + samples, 0);
  }

  get series(): number {
    return this.tables.reduce((sum, { rows, columns }) => sum + rows.size * columns.length, 0);
  }
}

export class LooseTable implements LooseShape {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
  /** By the key of their labels. */
  readonly rows = new Map<string, LooseRow>();
  samples = 0;
  readonly #span: Pick<Loose, 'minMs' | 'maxMs'>;

  constructor({ level, measurement, columns }: LooseShape, span: Pick<Loose, 'minMs' | 'maxMs'>) {
    this.level = level;
    this.measurement = measurement;
    this.columns = columns;
    this.#span = span;
  }

  /** A sample of others: what is there already stays. */
  add(labels: Labels, sample: LooseSample): Added {
    return this.#put(labels, sample, false);
  }

  /** A reading that takes the place of one of the same time. */
  replace(labels: Labels, sample: LooseSample): void {
    this.#put(labels, sample, true);
  }

  /** The row of those labels, made if it is not there. */
  rowOf(labels: Labels): LooseRow {
    let row = this.rows.get(labels.key);
    if (row === undefined) {
      row = new LooseRow(labels, this.columns.length);
      this.rows.set(labels.key, row);
    }
    return row;
  }

  /** A sample of others into a row of one column; what is there already stays. */
  addOne(row: LooseRow, sample: OneSample): Added {
    return this.#counted(row.addOne(sample), sample.timeMs);
  }

  #put(labels: Labels, sample: LooseSample, replaces: boolean): Added {
    return this.#counted(this.rowOf(labels).add(sample, replaces), sample.timeMs);
  }

  #counted(added: Added, timeMs: number): Added {
    if (added !== 'new') return added;
    this.samples += this.columns.length;
    this.#span.minMs = Math.min(this.#span.minMs, timeMs);
    this.#span.maxMs = Math.max(this.#span.maxMs, timeMs);
    return added;
  }
}

export class LooseRow {
  readonly labels: Labels;
  readonly #width: number;
  #length = 0;
  #timesMs: Float64Array = new Float64Array(4);
  /** Moment after moment. */
  #cells: Float64Array;
  /** Moments at which NaN is a number. */
  #measured: Set<number> | undefined;

  constructor(labels: Labels, width: number) {
    this.labels = labels;
    this.#width = width;
    this.#cells = new Float64Array(4 * width);
  }

  add(sample: LooseSample, replaces: boolean): Added {
    const { timeMs, cell, measured = false } = sample;
    const at = this.#placeOf(timeMs);
    const there = at < this.#length && this.#timesMs[at] === timeMs;
    if (there && !replaces) return this.#compare(at, sample);
    if (!there) this.#makeRoom(at);
    this.#timesMs[at] = timeMs;
    for (let c = 0; c < this.#width; c++) this.#cells[at * this.#width + c] = cell(c);
    if (measured) {
      this.#measured ??= new Set();
      this.#measured.add(timeMs);
    }
    return there ? 'same' : 'new';
  }

  addOne(sample: OneSample): Added {
    const { timeMs, value, measured } = sample;
    const at = this.#placeOf(timeMs);
    if (at < this.#length && this.#timesMs[at] === timeMs)
      return this.#compare(at, { timeMs, cell: () => value, measured });
    this.#makeRoom(at);
    this.#timesMs[at] = timeMs;
    this.#cells[at] = value;
    if (measured) {
      this.#measured ??= new Set();
      this.#measured.add(timeMs);
    }
    return 'new';
  }

  #compare(at: number, { timeMs, cell, measured = false }: LooseSample): Added {
    if (measured !== (this.#measured?.has(timeMs) ?? false)) return 'other';
    for (let c = 0; c < this.#width; c++) {
      if (!Object.is(cell(c), this.#cells[at * this.#width + c])) return 'other';
    }
    return 'same';
  }

  /** Mostly the end. */
  #placeOf(timeMs: number): number {
    if (this.#length === 0 || timeMs > (this.#timesMs[this.#length - 1] as number)) return this.#length;
    let low = 0;
    let high = this.#length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timesMs[middle] as number) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(at: number): void {
    const width = this.#width;
    if (this.#length === this.#timesMs.length) {
      this.#timesMs = longer(this.#timesMs, this.#length * 2);
      this.#cells = longer(this.#cells, this.#length * 2 * width);
    }
    if (at < this.#length) {
      this.#timesMs.copyWithin(at + 1, at, this.#length);
      this.#cells.copyWithin((at + 1) * width, at * width, this.#length * width);
    }
    this.#length++;
  }

  /** Hands out the numbers of a column, oldest first; `measured` tells a NaN that is a number from one that ends the series. */
  each(c: number, take: (timeMs: number, value: number, measured: boolean) => void): void {
    for (let i = 0; i < this.#length; i++) {
      const timeMs = this.#timesMs[i] as number;
      take(timeMs, this.#cells[i * this.#width + c] as number, this.#measured?.has(timeMs) ?? false);
    }
  }

  /** What lies in a span of time, to be sealed; undefined if nothing does. */
  chunk(fromMs: number, toMs: number): RowChunk | undefined {
    const first = this.#placeOf(fromMs);
    let end = first;
    while (end < this.#length && (this.#timesMs[end] as number) <= toMs) end++;
    if (end === first) return undefined;
    const width = this.#width;
    const cells = Array.from({ length: width }, (_, c) =>
      Float64Array.from({ length: end - first }, (_one, i) => this.#cells[(first + i) * width + c] as number),
    );
    const timesMs = this.#timesMs.slice(first, end);
    const measured = this.#measured;
    if (measured === undefined) return { labels: this.labels, timesMs, cells };
    const nans = new Set([...timesMs.keys()].filter((i) => measured.has(timesMs[i] as number)));
    return { labels: this.labels, timesMs, cells, nans: [nans] };
  }

  /** The times that there are. */
  times(): Float64Array {
    return this.#timesMs.subarray(0, this.#length);
  }
}

function longer(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(values);
  return result;
}

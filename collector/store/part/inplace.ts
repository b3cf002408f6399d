/** Rows of a table read one after another into the same memory: for those who make something of a row and ask for the next. Damage throws. */
import type { RowChunk } from '../types.ts';
import { MEASURED_NAN } from './code/numbers.ts';
import { absentThroughout, RowMemory } from './memory.ts';
import type { LabelIndex } from './index/labelindex.ts';
import { columnsOf, holding, noteNans, type RowPlace } from './rows.ts';
import { type Load, newScratch, roomFor, type TableReader } from './table.ts';

export function* rowsInPlace(table: TableReader, index: LabelIndex, columns: readonly number[]): Generator<RowChunk> {
  const reader = new RowReader(table, columns);
  for (const group of table.groups()) {
    const load = holding(table, group, undefined);
    for (let row = 0; row < group.sets.length; row++) {
      const chunk = reader.read({ table, group, row }, load);
      if (chunk !== undefined) yield { labels: index.labels(group.sets[row] as number), ...chunk };
    }
  }
}

class RowReader {
  readonly #table: TableReader;
  readonly #columns: readonly number[];
  readonly #streams: readonly number[];
  /** By stream, the place of its column among those that are read. */
  readonly #columnOf: readonly number[];
  readonly #memory: RowMemory;
  readonly #scratch = newScratch();

  constructor(table: TableReader, columns: readonly number[]) {
    this.#table = table;
    this.#columns = columns;
    this.#streams = table.streams.flatMap(({ column }, s) => (columns.includes(column) ? [s] : []));
    this.#columnOf = this.#streams.map((s) => columns.indexOf(table.streams[s]?.column as number));
    this.#memory = new RowMemory(this.#streams.length);
  }

  /** Undefined for a row without times. */
  read(place: RowPlace, load: Load): Omit<RowChunk, 'labels'> | undefined {
    const { group, row } = place;
    let length = 0;
    for (const slice of group.slices) length += load(slice, 0)?.counts?.[row] ?? 0;
    if (length === 0) return undefined;
    const { timesMs, arrays } = this.#memory.for(length);
    this.#readTimes(place, load, timesMs);
    const nans: (Set<number> | undefined)[] = this.#columns.map(() => undefined);
    let measured = false;
    const numbers = arrays.map((into, s) => {
      if (this.#isAbsent(place, load, this.#streams[s] as number)) return absentThroughout(length);
      if (this.#readNumbers(place, load, { into, s, nans })) measured = true;
      return into;
    });
    return { timesMs, ...columnsOf(this.#table, this.#streams, numbers), ...(measured ? { nans } : {}) };
  }

  #readTimes({ group, row }: RowPlace, load: Load, into: Float64Array): void {
    let at = 0;
    for (const slice of group.slices) {
      const n = this.#table.readTimes(slice, row, load, this.#scratch);
      const { times } = this.#scratch;
      for (let i = 0; i < n; i++) into[at + i] = times[i] as number;
      at += n;
    }
  }

  #isAbsent({ group, row }: RowPlace, load: Load, stream: number): boolean {
    for (const slice of group.slices) {
      const from = load(slice, stream + 1)?.from;
      if (from !== undefined && from[row] !== from[row + 1]) return false;
    }
    return true;
  }

  /** Answers whether NaN that were measured are among them. */
  #readNumbers(
    { group, row }: RowPlace,
    load: Load,
    { into, s, nans }: { into: Float64Array; s: number; nans: (Set<number> | undefined)[] },
  ): boolean {
    const stream = this.#streams[s] as number;
    let measured = false;
    let at = 0;
    for (const slice of group.slices) {
      const n = load(slice, 0)?.counts?.[row] ?? 0;
      if (n === 0) continue;
      roomFor(this.#scratch, n);
      const { marks } = this.#scratch;
      const marked = this.#table.readStream({ slice, row, stream, n, at }, load, { values: into, marks });
      if (marked && marks.subarray(0, n).includes(MEASURED_NAN)) {
        noteNans({ nans, column: this.#columnOf[s] as number, at }, marks, n);
        measured = true;
      }
      at += n;
    }
    return measured;
  }
}

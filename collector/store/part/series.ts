/** One series of a part: its points in a stretch of time, decoded when they are asked for. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Points, Selection } from '../../query/source.ts';
import type { PartSeries } from '../types.ts';
import { MEASURED_NAN, NUMBER } from './code/numbers.ts';
import type { GroupPlace, SlicePlace } from './index/directory.ts';
import { aloneTo, endAt, lastTime, pointAt, roomIn, startCounts } from './points.ts';
import type { StreamKind } from './streams.ts';
import { newScratch, type TableReader } from './table.ts';

/** Everything is decoded on one thread, one series at a time. */
const scratch = newScratch();
let counts = new Float64Array(1024);

export interface SeriesPlace {
  readonly table: TableReader;
  readonly group: GroupPlace;
  readonly row: number;
  readonly column: number;
}

export class SeriesReader implements PartSeries {
  readonly labels: Labels;
  readonly #place: SeriesPlace;
  readonly #selection: Selection;

  constructor(labels: Labels, place: SeriesPlace, selection: Selection) {
    this.labels = labels;
    this.#place = place;
    this.#selection = selection;
  }

  read(into: Points): void {
    aloneTo(into);
    this.append(into);
  }

  append(into: Points): void {
    const { table, group, column } = this.#place;
    const { fromMs, toMs } = this.#selection;
    const after = Math.max(fromMs - 1, lastTime(into));
    const kind = this.#kind();
    const stream = table.streamOf(column, kind);
    const countStream = kind === 'value' ? -1 : table.streamOf(column, 'count');
    into.resolutionMs = Math.max(into.resolutionMs, table.resolutionMs);
    if (countStream >= 0) startCounts(into);
    for (const slice of group.slices) {
      if (slice.maxMs > after && slice.minMs <= toMs) this.#appendSlice(into, { slice, stream, countStream }, after);
    }
  }

  /** What of a gauge that was thinned out the question wants. */
  #kind(): StreamKind {
    const { table, column } = this.#place;
    const { func } = this.#selection;
    if (table.streamOf(column, 'value') >= 0) return 'value';
    return func === 'max_over_time' ? 'max' : func === 'min_over_time' ? 'min' : 'sum';
  }

  #appendSlice(into: Points, of: { slice: SlicePlace; stream: number; countStream: number }, after: number): void {
    const { table, group, row } = this.#place;
    const { slice, stream, countStream } = of;
    const load = table.cached(group);
    const n = table.readTimes(slice, row, load, scratch);
    if (n === 0) return;
    if (countStream >= 0) {
      table.readStream({ slice, row, stream: countStream, n }, load, scratch);
      if (counts.length < n) counts = new Float64Array(2 * n);
      counts.set(scratch.values.subarray(0, n));
    }
    const marked = table.readStream({ slice, row, stream, n }, load, scratch);
    roomIn(into, n);
    const isAverage = table.streams[stream]?.kind === 'sum';
    if (isAverage)
      for (let i = 0; i < n; i++) scratch.values[i] = (scratch.values[i] as number) / (counts[i] as number);
    const first = scratch.times[0] as number;
    const last = scratch.times[n - 1] as number;
    if (!marked && first > after && last <= this.#selection.toMs) appendAll(into, n, countStream >= 0);
    else appendSome(into, { n, after, toMs: this.#selection.toMs, marked, counted: countStream >= 0 });
  }
}

function appendAll(to: Points, n: number, counted: boolean): void {
  to.timesMs.set(scratch.times.subarray(0, n), to.length);
  to.values.set(scratch.values.subarray(0, n), to.length);
  if (counted) to.counts?.set(counts.subarray(0, n), to.length);
  else to.counts?.fill(1, to.length, to.length + n);
  to.length += n;
}

interface Range {
  readonly n: number;
  readonly after: number;
  readonly toMs: number;
  readonly marked: boolean;
  readonly counted: boolean;
}

function appendSome(to: Points, { n, after, toMs, marked, counted }: Range): void {
  for (let i = 0; i < n; i++) {
    const time = scratch.times[i] as number;
    if (time <= after) continue;
    if (time > toMs) return;
    const mark = marked ? scratch.marks[i] : NUMBER;
    if (mark !== NUMBER && mark !== MEASURED_NAN) endAt(to, time);
    else pointAt(to, time, scratch.values[i] as number, counted ? (counts[i] as number) : 1);
  }
}

/**
 * Batches that wait for their windows. A batch comes in and its rows are sorted by their own times: into the window each
 * falls in, or out, counted with a reason. Nothing is copied: a window holds the batch's tables and which of their rows are its own.
 */
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import { mostOf } from './plausible.ts';
import { Tally } from './tally.ts';
import { windowStart } from './window.ts';

/** The rows of one table that fall in one window. */
export interface PendingRows {
  readonly table: FamilyTable;
  /** The rows' numbers in the table; undefined for all of them. */
  readonly picked: readonly number[] | undefined;
  readonly samples: number;
}

/** What one batch has for one window. */
export interface PendingBatch {
  readonly node: string;
  readonly session: string;
  readonly seq: number;
  /** When the agent's tick began, held within the bounds that rows are held to. */
  readonly tickMs: number;
  /** Of a tick: the time until the next. */
  readonly intervalMs: number | undefined;
  readonly tables: PendingRows[];
}

export interface Bounds {
  /** Rows before it are too late. */
  readonly fromMs: number;
  /** Rows after it are in the future. */
  readonly untilMs: number;
}

export interface PendingOptions {
  readonly windowMs: number;
  readonly maxPendingSamples: number;
}

/** What became of a batch's samples (numbers that are not absent) on arrival. */
export interface Arrival {
  readonly accepted: number;
  readonly dropped: ReadonlyMap<string, number>;
}

export class Pending {
  readonly #options: PendingOptions;
  readonly #windows = new Map<number, PendingBatch[]>();
  #samples = 0;
  #batches = 0;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  get samples(): number {
    return this.#samples;
  }

  /** Parts of batches: one that spans two windows counts in both. */
  get batches(): number {
    return this.#batches;
  }

  /** Sorts a batch's rows into their windows. */
  add(batch: Batch, bounds: Bounds): Arrival {
    const dropped = new Tally();
    const parts = new Map<number, PendingBatch>();
    const tickMs = Math.min(Math.max(batch.timeMs, bounds.fromMs), bounds.untilMs);
    // A batch without rows still says that the node is being watched.
    if (batch.timeMs === tickMs) this.#part(parts, batch, tickMs);
    let accepted = 0;
    for (const table of batch.tables) {
      for (const [startMs, rows] of this.#sort(table, bounds, dropped)) {
        if (this.#samples + rows.samples > this.#options.maxPendingSamples) {
          dropped.add('pending_limit', rows.samples);
          continue;
        }
        this.#part(parts, batch, tickMs, startMs).tables.push(rows);
        this.#samples += rows.samples;
        accepted += rows.samples;
      }
    }
    return { accepted, dropped: dropped.snapshot() };
  }

  /** The starts of the windows that hold something, ascending. */
  starts(): number[] {
    return [...this.#windows.keys()].sort((a, b) => a - b);
  }

  /** What waits for a window, by node, then time, then number: the same order however it came in. It is taken out. */
  take(startMs: number): PendingBatch[] {
    const batches = this.#windows.get(startMs) ?? [];
    this.#windows.delete(startMs);
    this.#batches -= batches.length;
    this.#samples -= samplesOf(batches);
    return batches.sort(inEventOrder);
  }

  #sort(table: FamilyTable, bounds: Bounds, dropped: Tally): Map<number, PendingRows> {
    const { timesMs } = table;
    const { windowMs } = this.#options;
    if (timesMs.length === 0) return new Map();
    let least = timesMs[0] as number;
    let most = least;
    for (const time of timesMs) {
      if (!(time >= least)) least = time;
      if (!(time <= most)) most = time;
    }
    const startMs = windowStart(least, windowMs);
    if (least >= bounds.fromMs && most <= bounds.untilMs && windowStart(most, windowMs) === startMs) {
      return new Map([[startMs, { table, picked: undefined, samples: countTable(table, dropped) }]]);
    }
    return sortRows(table, { ...bounds, windowMs }, dropped);
  }

  #part(parts: Map<number, PendingBatch>, batch: Batch, tickMs: number, ofMs?: number): PendingBatch {
    const startMs = ofMs ?? windowStart(tickMs, this.#options.windowMs);
    let part = parts.get(startMs);
    if (part === undefined) {
      const { node, session, seq, intervalMs } = batch;
      part = { node, session, seq, tickMs, intervalMs, tables: [] };
      parts.set(startMs, part);
      const window = this.#windows.get(startMs);
      if (window === undefined) this.#windows.set(startMs, [part]);
      else window.push(part);
      this.#batches++;
    }
    return part;
  }
}

/** The samples of the rows that are held. */
export function samplesOf(batches: readonly PendingBatch[]): number {
  let samples = 0;
  for (const batch of batches) for (const rows of batch.tables) samples += rows.samples;
  return samples;
}

/** How many numbers a row holds that can be true; what is neither that nor absent is counted as dropped. */
export function countRow({ shape, values, rows }: FamilyTable, row: number, dropped?: Tally): number {
  let good = 0;
  shape.columns.forEach(({ unit }, c) => {
    const value = values[c * rows.length + row] as number;
    if (Math.abs(value) <= mostOf(unit)) good++;
    else dropBad(value, dropped);
  });
  return good;
}

function dropBad(value: number, dropped: Tally | undefined): void {
  if (!Number.isNaN(value)) dropped?.add(Number.isFinite(value) ? 'implausible' : 'not_finite');
}

/** The slow way, for a table that spans windows or bounds: row by row. */
function sortRows(
  table: FamilyTable,
  bounds: Bounds & { readonly windowMs: number },
  dropped: Tally,
): Map<number, PendingRows> {
  const windows = new Map<number, { picked: number[]; samples: number }>();
  for (let row = 0; row < table.rows.length; row++) {
    const time = table.timesMs[row] as number;
    const samples = countRow(table, row, dropped);
    if (!(time <= bounds.untilMs)) dropped.add('in_future', samples);
    else if (time < bounds.fromMs) dropped.add('too_late', samples);
    else {
      const startMs = windowStart(time, bounds.windowMs);
      const window = windows.get(startMs) ?? { picked: [], samples: 0 };
      windows.set(startMs, window);
      window.picked.push(row);
      window.samples += samples;
    }
  }
  return new Map([...windows].map(([startMs, { picked, samples }]) => [startMs, { table, picked, samples }]));
}

function countTable({ shape, values, rows }: FamilyTable, dropped: Tally): number {
  let good = 0;
  shape.columns.forEach(({ unit }, c) => {
    const most = mostOf(unit);
    for (let at = c * rows.length; at < (c + 1) * rows.length; at++) {
      const value = values[at] as number;
      if (Math.abs(value) <= most) good++;
      else if (!Number.isNaN(value)) dropBad(value, dropped);
    }
  });
  return good;
}

function inEventOrder(a: PendingBatch, b: PendingBatch): number {
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  if (a.tickMs !== b.tickMs) return a.tickMs - b.tickMs;
  if (a.session === b.session) return a.seq - b.seq;
  return a.session < b.session ? -1 : 1;
}

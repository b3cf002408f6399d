/**
 * Batches that wait for their windows. A batch comes in and its rows are sorted by their own times: into the window each
 * falls in, or out, counted with a reason. Nothing is copied: a window holds the batch's tables and which of their rows are its own.
 * What waits is bounded by the memory it holds, in cells, however few numbers are in it.
 */
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import { mayHave, mostOfOne } from '../../src/model/share.ts';
import { mostOf } from './plausible.ts';
import { Tally } from './tally.ts';
import { windowStart } from './window.ts';

/** The rows of one table that fall in one window. */
export interface PendingRows {
  readonly table: FamilyTable;
  /** The rows' numbers in the table; undefined for all of them. */
  readonly picked: readonly number[] | undefined;
  readonly samples: number;
  /** What it holds in memory, in doubles: of a table that spans windows, the last of them counts what they share. */
  readonly cells: number;
}

/** The same before there is room for it. */
interface PickedRows extends Pick<PendingRows, 'picked' | 'samples'> {
  readonly startMs: number;
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
  /** By how much its agent's clock is ahead of ours. */
  readonly offsetMs: number;
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
  /** A quarter of it for one node. */
  readonly maxPendingCells: number;
  /** Told of samples that found no room. */
  readonly onRefused: (node: string, samples: number) => void;
}

/** What became of a batch's samples (numbers that are not absent) on arrival. */
export interface Arrival {
  readonly accepted: number;
  readonly dropped: ReadonlyMap<string, number>;
  /** The end of the last window that holds something of the batch; undefined if none does. */
  readonly endMs: number | undefined;
  /** The start of the first of them. */
  readonly startMs: number | undefined;
}

/** What a table and a batch take beside their cells, in doubles: objects, arrays' headers, a place in a window. */
const CELLS_PER_PART = 32;

export class Pending {
  readonly #options: PendingOptions;
  readonly #windows = new Map<number, PendingBatch[]>();
  /** By node, for those that have something waiting. */
  readonly #cellsOf = new Map<string, number>();
  #samples = 0;
  #cells = 0;
  #batches = 0;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  get samples(): number {
    return this.#samples;
  }

  /** What waits holds so many doubles' memory. */
  get cells(): number {
    return this.#cells;
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
    if (batch.timeMs === tickMs && this.#fits(batch.node, CELLS_PER_PART)) this.#part(parts, batch, tickMs);
    let accepted = 0;
    for (const table of batch.tables) {
      // The table is held until the last of its windows closes, all of it, however few of its rows are picked.
      let unpaid = cellsOf(table);
      for (const { startMs, picked, samples } of this.#sort(table, bounds, dropped)) {
        const cells = unpaid + (picked?.length ?? 0);
        if (!this.#fits(batch.node, cells + CELLS_PER_PART)) {
          dropped.add('pending_limit', samples);
          this.#options.onRefused(batch.node, samples);
          continue;
        }
        unpaid = 0;
        this.#part(parts, batch, tickMs, startMs).tables.push({ table, picked, samples, cells });
        this.#change(batch.node, cells);
        this.#samples += samples;
        accepted += samples;
      }
    }
    const starts = [...parts.keys()];
    const endMs = starts.length > 0 ? Math.max(...starts) + this.#options.windowMs : undefined;
    const startMs = starts.length > 0 ? Math.min(...starts) : undefined;
    return { accepted, dropped: dropped.snapshot(), endMs, startMs };
  }

  /** The starts of the windows that hold something, ascending. */
  starts(): number[] {
    return [...this.#windows.keys()].sort((a, b) => a - b);
  }

  /** By node, the starts of the windows before `beforeMs` for which something of it waits, ascending. */
  startsBefore(beforeMs: number): Map<string, number[]> {
    const starts = new Map<string, number[]>();
    for (const startMs of this.starts()) {
      if (startMs >= beforeMs) break;
      for (const { node } of this.#windows.get(startMs) ?? []) {
        const known = starts.get(node);
        if (known === undefined) starts.set(node, [startMs]);
        else if (known.at(-1) !== startMs) known.push(startMs);
      }
    }
    return starts;
  }

  /**
   * What waits for a window, by node, then time, then number: the same order however it came in. It is taken out. Only that of the nodes
   * for which `takes` says so, if it is given.
   */
  take(startMs: number, takes: (node: string) => boolean = () => true): PendingBatch[] {
    const all = this.#windows.get(startMs) ?? [];
    const batches = all.filter(({ node }) => takes(node));
    if (batches.length === all.length) this.#windows.delete(startMs);
    else
      this.#windows.set(
        startMs,
        all.filter(({ node }) => !takes(node)),
      );
    this.#batches -= batches.length;
    this.#samples -= samplesOf(batches);
    for (const batch of batches) {
      this.#change(batch.node, -batch.tables.reduce((sum, { cells }) => sum + cells, CELLS_PER_PART));
    }
    return batches.sort(inEventOrder);
  }

  /** Whether so many cells of a node may wait beside what does. */
  #fits(node: string, wish: number): boolean {
    const { maxPendingCells: cap } = this.#options;
    const own = this.#cellsOf.get(node) ?? 0;
    if (own + wish > mostOfOne(cap)) return false;
    const holders = this.#cellsOf.size + (own > 0 ? 0 : 1);
    return mayHave({ cap, held: this.#cells, own, holders, wish });
  }

  #change(node: string, cells: number): void {
    this.#cells += cells;
    const own = (this.#cellsOf.get(node) ?? 0) + cells;
    if (own > 0) this.#cellsOf.set(node, own);
    else this.#cellsOf.delete(node);
  }

  /** By window, the last one first. */
  #sort(table: FamilyTable, bounds: Bounds, dropped: Tally): PickedRows[] {
    const { timesMs } = table;
    const { windowMs } = this.#options;
    if (timesMs.length === 0) return [];
    let least = timesMs[0] as number;
    let most = least;
    for (const time of timesMs) {
      if (!(time >= least)) least = time;
      if (!(time <= most)) most = time;
    }
    const startMs = windowStart(least, windowMs);
    if (least >= bounds.fromMs && most <= bounds.untilMs && windowStart(most, windowMs) === startMs) {
      return [{ startMs, picked: undefined, samples: countTable(table, dropped) }];
    }
    return sortRows(table, { ...bounds, windowMs }, dropped);
  }

  #part(parts: Map<number, PendingBatch>, batch: Batch, tickMs: number, ofMs?: number): PendingBatch {
    const startMs = ofMs ?? windowStart(tickMs, this.#options.windowMs);
    let part = parts.get(startMs);
    if (part === undefined) {
      const { node, session, seq, intervalMs, clockOffsetMs: offsetMs = 0 } = batch;
      part = { node, session, seq, tickMs, intervalMs, offsetMs, tables: [] };
      parts.set(startMs, part);
      const window = this.#windows.get(startMs);
      if (window === undefined) this.#windows.set(startMs, [part]);
      else window.push(part);
      this.#batches++;
      this.#change(batch.node, CELLS_PER_PART);
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
function sortRows(table: FamilyTable, bounds: Bounds & { readonly windowMs: number }, dropped: Tally): PickedRows[] {
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
  return [...windows]
    .map(([startMs, { picked, samples }]) => ({ startMs, picked, samples }))
    .sort((a, b) => b.startMs - a.startMs);
}

/** The doubles that a table's memory would make: its values, and of each row its time and its place. */
function cellsOf({ rows, shape }: FamilyTable): number {
  return rows.length * (shape.columns.length + 2) + CELLS_PER_PART;
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

/**
 * The payloads of a segment's records into frames, in order from the segment's first. Rows stay the same objects while they are in their table,
 * as in frames that never were on disk, so that what sinks keep by row works here too. What is not as FORMAT.md says throws.
 */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import type { Column, Kind, Shape, Unit } from '../../src/model/shape.ts';
import { Reader } from '../../src/wire/reader.ts';
import { FIRST_SCALE, readCells, skipCells } from './cells.ts';
import { Defined } from './dictionary.ts';
import type { Interned } from './interned.ts';
import { emptyPast, moved, type Past, timesBefore } from './past.ts';
import { readRows, skipRows } from './rows.ts';

export interface NumberedFrame {
  readonly seq: number;
  readonly frame: Frame;
}

interface Known extends Past {
  readonly level: string;
  readonly shape: Shape;
  readonly scales: Uint8Array;
  /** Of a table that is gone past: its rows in the last frame that had it. */
  skipped: number;
  /** The last frame, by count, that had it. */
  frame: number;
  /** Whether that had it twice. */
  twice: boolean;
  /** Which cells the last frame says something of. */
  changed: Uint32Array;
}

export interface DecodingOptions {
  /** Whether frames have their journal, as they do by default. Going past it costs a fraction of taking it in. */
  readonly journal?: boolean;
  /** Whether a frame's numbers are good only until the next is decoded, which then need no memory of their own. */
  readonly reuses?: boolean;
  /** What segments before it have defined, for a reader that goes from one to the next. */
  readonly interned?: Interned;
}

export class FrameDecoder {
  readonly #defined: Defined;
  readonly #tables: Known[] = [];
  readonly #wantsJournal: boolean;
  readonly #reuses: boolean;
  #frames = 0;

  constructor({ journal = true, reuses = false, interned }: DecodingOptions = {}) {
    this.#defined = new Defined(interned);
    this.#wantsJournal = journal;
    this.#reuses = reuses;
  }

  decode(payload: Uint8Array): NumberedFrame {
    const reader = new Reader(payload);
    this.#frames++;
    const seq = reader.varint('number');
    const startMs = reader.float64('start');
    const endMs = startMs + reader.varint('length');
    const samples = reader.varint('samples');
    const tables = this.#list(reader, endMs);
    const journal = this.#wantsJournal ? this.#list(reader, endMs) : this.#skip(reader);
    const late = reader.left > 0 ? this.#nodes(reader) : undefined;
    reader.finish('record');
    const more = { ...(journal.length > 0 ? { journal } : {}), ...(late ? { late } : {}) };
    return { seq, frame: { startMs, endMs, tables, samples, ...more } };
  }

  #nodes(reader: Reader): string[] {
    const count = reader.count('late nodes', Number.MAX_SAFE_INTEGER);
    return Array.from({ length: count }, () => this.#defined.text(reader));
  }

  /** What is defined in tables that nobody wants is referred to by others later. */
  #skip(reader: Reader): LevelTable[] {
    const count = reader.count('tables', Number.MAX_SAFE_INTEGER);
    for (let i = 0; i < count; i++) {
      const known = this.#named(reader);
      known.skipped = skipRows(reader, this.#defined, known.skipped);
      skipCells(reader, known.skipped);
      skipCells(reader, known.skipped * known.shape.columns.length);
    }
    return [];
  }

  #list(reader: Reader, endMs: number): LevelTable[] {
    const count = reader.count('tables', Number.MAX_SAFE_INTEGER);
    return Array.from({ length: count }, () => this.#table(reader, endMs));
  }

  #table(reader: Reader, endMs: number): LevelTable {
    const known = this.#named(reader);
    const { level, shape } = known;
    const { list, places } = readRows(reader, this.#defined, known.list);
    const now = { rows: list.rows.length, places };
    // A table that comes twice in a frame has numbers of its own each time.
    const again = known.frame === this.#frames;
    const reuses = this.#reuses && !again;
    const timesMs = timesBefore(known, { ...now, endMs }, reuses);
    readCells(reader, { values: timesMs, rows: now.rows, scales: known.timeScale });
    const past = moved(known, { ...now, columns: shape.columns.length });
    const values = places === undefined && !reuses ? past.slice() : past;
    const changed = reuses && places === undefined && !known.twice ? cleared(known, values.length) : undefined;
    readCells(reader, { values, rows: now.rows, scales: known.scales, changed });
    Object.assign(known, { list, timesMs, values, endMs, frame: this.#frames, twice: again });
    const { rows, sources } = list;
    const more = { ...(sources === undefined ? {} : { sources }), ...(changed === undefined ? {} : { changed }) };
    return { level, shape, rows, timesMs, values, ...more };
  }

  #named(reader: Reader): Known {
    const number = reader.varint('table');
    if (number > 0) {
      const known = this.#tables[number - 1];
      if (known === undefined) throw new Error(`table ${number} of ${this.#tables.length}`);
      return known;
    }
    const level = this.#defined.text(reader);
    const measurement = this.#defined.text(reader);
    const count = reader.count('columns', Number.MAX_SAFE_INTEGER);
    const columns = Array.from({ length: count }, () => this.#column(reader));
    const scales = new Uint8Array(count).fill(FIRST_SCALE);
    const own = { skipped: 0, frame: 0, twice: false, changed: new Uint32Array(0) };
    const known: Known = { level, shape: { measurement, columns }, scales, ...own, ...emptyPast() };
    this.#tables.push(known);
    return known;
  }

  #column(reader: Reader): Column {
    const text = (): string => this.#defined.text(reader);
    const names = { metric: text(), field: text(), kind: text() as Kind, unit: text() as Unit, help: text() };
    const count = reader.count('labels', Number.MAX_SAFE_INTEGER);
    return { ...names, labels: Array.from({ length: count }, () => [text(), text()] as const) };
  }
}

/** A bit for each cell, none of them set. */
function cleared(known: Known, cells: number): Uint32Array {
  const words = (cells + 31) >>> 5;
  if (known.changed.length < words) known.changed = new Uint32Array(words + (words >> 4));
  return known.changed.fill(0, 0, words);
}

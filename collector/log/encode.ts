/**
 * Frames into the payloads of a segment's records, each as differences to the frame before. One encoder is one segment: what it has said
 * once it only names, so a record can be read only behind those before it.
 */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import { Writer } from '../../src/wire/writer.ts';
import { FIRST_SCALE, writeCells } from './cells.ts';
import { Definitions } from './dictionary.ts';
import { emptyPast, moved, type Past, timesBefore } from './past.ts';
import { whereBefore, writeRows } from './rows.ts';

/** Lets other work run between two pieces. */
export type Breathe = () => Promise<void>;

interface Written extends Past {
  readonly number: number;
  readonly scales: Uint8Array;
}

/** Numbers between two breaths. */
const STEPS_PER_BREATH = 200_000;

export class FrameEncoder {
  readonly #out = new Writer(1 << 16);
  readonly #known = new Definitions(this.#out);
  readonly #tables = new Map<Shape, Written>();
  /** Those of late frames by themselves, so that they are not what windows are compared with: they have few of the rows. */
  readonly #lateTables = new Map<Shape, Written>();
  #steps = 0;

  /** The frame's payload; the next call is for a later frame. The bytes are the caller's. */
  async encode(frame: Frame, seq: number, breathe: Breathe): Promise<Uint8Array> {
    const out = this.#out;
    out.clear();
    out.varint(seq);
    out.float64(frame.startMs);
    out.varint(frame.endMs - frame.startMs);
    out.varint(frame.samples);
    for (const tables of [frame.tables, frame.journal ?? []]) {
      out.varint(tables.length);
      for (const table of tables) {
        this.#table(table, frame);
        this.#steps += table.values.length;
        if (this.#steps < STEPS_PER_BREATH) continue;
        this.#steps = 0;
        await breathe();
      }
    }
    // Windows on time end here: most frames do, and all of them did once.
    if (frame.late !== undefined) {
      out.varint(frame.late.length);
      for (const node of frame.late) this.#known.text(node);
    }
    return out.copy();
  }

  #table(table: LevelTable, { endMs, late }: Frame): void {
    const out = this.#out;
    const { rows, sources, shape, timesMs, values } = table;
    const known = this.#name(table, late === undefined ? this.#tables : this.#lateTables);
    const list = { rows, sources };
    const places = whereBefore(list, known.list);
    writeRows(out, this.#known, list, places);
    const now = { rows: rows.length, places };
    const times = timesBefore(known, { ...now, endMs });
    writeCells(out, { values: timesMs, before: times, rows: rows.length, scales: known.timeScale });
    const before = moved(known, { ...now, columns: shape.columns.length });
    writeCells(out, { values, before, rows: rows.length, scales: known.scales });
    Object.assign(known, { list, timesMs, values, endMs });
  }

  /** The number of the table's shape, or what it is. */
  #name({ shape, level }: LevelTable, tables: Map<Shape, Written>): Written {
    let known = tables.get(shape);
    this.#out.varint(known?.number ?? 0);
    if (known !== undefined) return known;
    const scales = new Uint8Array(shape.columns.length).fill(FIRST_SCALE);
    known = { number: this.#tables.size + this.#lateTables.size + 1, scales, ...emptyPast() };
    tables.set(shape, known);
    this.#known.text(level);
    this.#known.text(shape.measurement);
    this.#out.varint(shape.columns.length);
    for (const column of shape.columns) this.#column(column);
    return known;
  }

  #column({ metric, field, labels, kind, unit, help }: Column): void {
    for (const text of [metric, field, kind, unit, help]) this.#known.text(text);
    this.#out.varint(labels.length);
    for (const pair of labels) for (const text of pair) this.#known.text(text);
  }
}

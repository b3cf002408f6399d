/** Bodies that no agent of ours would send: a few kilobytes on the wire that want to be many megabytes in the collector. */
import { gzipSync } from 'node:zlib';
import { SECTION } from '../../src/wire/format.ts';
import { writeHeader } from '../../src/wire/header.ts';
import { Writer } from '../../src/wire/writer.ts';

export interface Sender {
  readonly node: string;
  readonly seq?: number;
  readonly timeMs?: number;
}

export interface Bulk {
  readonly entities: number;
  /** Each entity's, of so many bytes each. */
  readonly labels: number;
  readonly labelBytes: number;
}

/** Entities that no row refers to. */
export function entitiesWithoutRows(from: Sender, bulk: Bulk): Buffer {
  return body(from, (out) => section(out, SECTION.entities, () => entities(out, bulk)));
}

/** One entity with long labels, and rows of it that differ in one short dimension each. */
export function rowsOfOneEntity(from: Sender, rows: number, labels: number): Buffer {
  const value = 'x'.repeat(2000);
  return body(from, (out) => {
    section(out, SECTION.entities, () => {
      out.varint(1);
      entity(out, 0);
      out.varint(labels);
      for (let i = 0; i < labels; i++) label(out, labelName(i), value);
    });
    section(out, SECTION.rows, () => {
      out.varint(rows);
      for (let r = 0; r < rows; r++) {
        out.varint(r);
        out.varint(0);
        out.varint(1);
        label(out, 'device', String(r));
      }
    });
  });
}

/** One row, named so often in one table, and not a single number. */
export function oneRowRepeated(from: Sender, times: number): Buffer {
  return body(from, (out) => {
    define(out, 1);
    section(out, SECTION.table, () => table(out, times, (r) => (r === 0 ? 1 : 0)));
  });
}

/** So many rows and tables that name them all, and not a single number. */
export function rowsWithoutNumbers(from: Sender, rows: number, tables: number): Buffer {
  return body(from, (out) => {
    define(out, rows);
    for (let t = 0; t < tables; t++) section(out, SECTION.table, () => table(out, rows, () => 1));
  });
}

function body({ node, seq = 1, timeMs = Date.now() }: Sender, write: (out: Writer) => void): Buffer {
  const out = new Writer(64 * 1024);
  writeHeader(out, { node, session: 'hostile', seq, step: 0, timeMs, intervalMs: 0, reset: true });
  write(out);
  section(out, SECTION.end, () => {});
  return gzipSync(out.copy(), { level: 1 });
}

/** The family `cpu`, and so many rows, each of an entity of its own. */
function define(out: Writer, rows: number): void {
  section(out, SECTION.families, () => {
    out.varint(1);
    out.varint(0);
    out.text('cpu');
    out.varint(1);
    out.text('usage');
  });
  section(out, SECTION.entities, () => entities(out, { entities: rows, labels: 0, labelBytes: 0 }));
  section(out, SECTION.rows, () => {
    out.varint(rows);
    for (let r = 0; r < rows; r++) {
      out.varint(r);
      out.varint(r);
      out.varint(0);
    }
  });
}

function table(out: Writer, rows: number, step: (r: number) => number): void {
  out.varint(0);
  out.varint(rows);
  for (let r = 0; r < rows; r++) out.signed(step(r));
  // Their times, all the batch's own: one constant.
  out.byte(1);
  out.float64(0);
}

function entities(out: Writer, { entities: count, labels, labelBytes }: Bulk): void {
  const value = 'x'.repeat(labelBytes);
  out.varint(count);
  for (let i = 0; i < count; i++) {
    entity(out, i);
    out.varint(labels);
    for (let l = 0; l < labels; l++) label(out, labelName(l), value);
  }
}

/** In the order of the alphabet, as the wire wants them. */
function labelName(number: number): string {
  return `l${String(number).padStart(3, '0')}`;
}

function entity(out: Writer, number: number): void {
  out.varint(number);
  out.text(`entity-${number}`);
  out.byte(0);
  out.signed(0);
}

function label(out: Writer, name: string, value: string): void {
  out.text(name);
  out.text(value);
}

function section(out: Writer, id: number, write: () => void): void {
  out.byte(id);
  const lengthAt = out.length;
  out.u32(0);
  write();
  out.patchU32(lengthAt, out.length - lengthAt - 4);
}

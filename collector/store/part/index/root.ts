/**
 * The root of a part's index, which is read when the part is opened: what the part says of itself, its tables with their columns, and where the rest of the
 * index is. To bytes and back; FORMAT.md has the layout.
 */
import type { LabelPair } from '../../../../src/model/labels.ts';
import type { Column, Kind, Unit } from '../../../../src/model/shape.ts';
import type { PartInfo } from '../../types.ts';
import { ByteReader, ByteWriter } from '../code/bytes.ts';

/** Where a block is. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

export interface TableEntry {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** By stream, of all blocks of it; and of the blocks of times. */
  readonly streamBytes: readonly number[];
  readonly timesBytes: number;
  /** Of the directory of its groups. */
  readonly groups: Place;
}

export interface Root {
  readonly info: Omit<PartInfo, 'name' | 'bytes'>;
  readonly sliceMs: number;
  readonly pairs: Place;
  readonly sets: Place;
  readonly tables: readonly TableEntry[];
}

export function encodeRoot({ info, sliceMs, pairs, sets, tables }: Root): Buffer {
  const out = new ByteWriter(4096);
  out.double(info.minMs);
  out.double(info.maxMs);
  for (const number of [info.resolutionMs, info.rows, info.series, info.samples, sliceMs]) out.varint(number);
  writePlace(out, pairs);
  writePlace(out, sets);
  out.varint(tables.length);
  for (const table of tables) writeTable(out, table);
  return out.view();
}

function writeTable(out: ByteWriter, table: TableEntry): void {
  out.text(table.level);
  out.text(table.measurement);
  out.varint(table.columns.length);
  for (const column of table.columns) {
    for (const text of [column.metric, column.field, column.kind, column.unit, column.help]) out.text(text);
    out.varint(column.labels.length);
    for (const text of column.labels.flat()) out.text(text);
  }
  out.varint(table.rows);
  out.double(table.minMs);
  out.double(table.maxMs);
  out.varint(table.timesBytes);
  out.varint(table.streamBytes.length);
  for (const bytes of table.streamBytes) out.varint(bytes);
  writePlace(out, table.groups);
}

function writePlace(out: ByteWriter, { at, length }: Place): void {
  out.varint(at);
  out.varint(length);
}

export function decodeRoot(bytes: Buffer): Root {
  const reader = new ByteReader(bytes);
  const minMs = reader.double();
  const maxMs = reader.double();
  const [resolutionMs, rows, series, samples] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()];
  const sliceMs = reader.varint();
  if (sliceMs === 0) throw new Error('slices of no length');
  const pairs = readPlace(reader);
  const sets = readPlace(reader);
  const tables = Array.from({ length: reader.count() }, () => readTable(reader));
  return { info: { minMs, maxMs, resolutionMs, rows, series, samples }, sliceMs, pairs, sets, tables };
}

function readTable(reader: ByteReader): TableEntry {
  const level = reader.text();
  const measurement = reader.text();
  const columns = Array.from({ length: reader.count() }, () => readColumn(reader));
  const rows = reader.varint();
  const minMs = reader.double();
  const maxMs = reader.double();
  const timesBytes = reader.varint();
  const streamBytes = Array.from({ length: reader.count() }, () => reader.varint());
  return { level, measurement, columns, rows, minMs, maxMs, timesBytes, streamBytes, groups: readPlace(reader) };
}

function readColumn(reader: ByteReader): Column {
  const [metric, field, kind, unit, help] = [reader.text(), reader.text(), reader.text(), reader.text(), reader.text()];
  const labels = Array.from({ length: reader.count() }, (): LabelPair => [reader.text(), reader.text()]);
  return { metric, field, labels, kind: kind as Kind, unit: unit as Unit, help };
}

function readPlace(reader: ByteReader): Place {
  return { at: reader.varint(), length: reader.varint() };
}

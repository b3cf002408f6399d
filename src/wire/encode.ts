/**
 * A batch to bytes. In a session every family, entity and row is described once and from then on only numbered, so the bodies
 * of one encoder must reach their collector in order; where that cannot be known, the next one is encoded `full`.
 */
import { WireError } from '../errors.ts';
import type { Batch, FamilyTable } from '../model/batch.ts';
import type { Family } from '../model/family.ts';
import type { LabelPair } from '../model/labels.ts';
import { fitLabels } from './fit.ts';
import { KINDS, SECTION } from './format.ts';
import { isTime, writeHeader } from './header.ts';
import { WIRE_LIMITS, type WireLimits } from './limits.ts';
import { Packer } from './pack.ts';
import { type Changes, type EntityRef, Refs, type RowRef } from './refs.ts';
import { withoutRepeats } from './repeats.ts';
import { Writer } from './writer.ts';

export interface EncoderOptions {
  readonly node: string;
  /** Random, new each time the agent process starts. */
  readonly session: string;
  readonly limits?: WireLimits;
  /** For how many batches a row that is no longer read stays defined: sources with a slow schedule leave batches out. 12. */
  readonly keepBatches?: number;
}

export interface Encoder {
  /**
   * The body of a batch, not compressed. `full` begins the dictionary anew, as the first body of a session does unasked. Throws
   * a WireError for a batch that cannot be written (another node or session, a time that is no integer); the next body is
   * full then.
   */
  encode(batch: Batch, options?: { readonly full: boolean }): Uint8Array;
  /** A body may not have arrived: the next one is full. */
  forget(): void;
  /** How many rows the dictionary holds. */
  readonly rows: number;
}

export function createEncoder({ node, session, limits = WIRE_LIMITS, keepBatches = 12 }: EncoderOptions): Encoder {
  const body = new Writer(64 * 1024);
  const packer = new Packer();
  let refs: Refs | undefined;
  let lastSeq = 0;
  return {
    encode(batch, { full } = { full: false }) {
      if (batch.node !== node || batch.session !== session) {
        throw new WireError(
          'bad_text',
          `the batch is of ${batch.node} ${batch.session}; legal here: ${node} ${session}`,
        );
      }
      const known = full ? undefined : refs;
      const used = known ?? new Refs(keepBatches);
      // Stays so if writing fails: what the dictionary then holds was never sent.
      refs = undefined;
      body.clear();
      const reset = known === undefined;
      const { seq, timeMs, intervalMs = 0 } = batch;
      if (!reset && seq <= lastSeq) throw new WireError('bad_number', `seq is ${seq}; legal: above ${lastSeq}`);
      writeHeader(body, { node, session, seq, step: reset ? 0 : seq - lastSeq, timeMs, intervalMs, reset });
      const changes = used.take(batch.tables);
      writeDefinitions(body, changes, limits);
      batch.tables.forEach((given, i) => {
        const refs = changes.tables[i] as readonly RowRef[];
        const { table, rows } = changes.repeating.has(i) ? withoutRepeats(given, refs) : { table: given, rows: refs };
        section(body, SECTION.table, () =>
          writeTable(body, packer, { table, rows, batch, family: used.family(table.shape) }),
        );
      });
      section(body, SECTION.end, () => {});
      refs = used;
      lastSeq = seq;
      return body.copy();
    },
    forget() {
      refs = undefined;
    },
    get rows() {
      return refs?.size ?? 0;
    },
  };
}

/** A section's id and length around what `write` writes. */
function section(out: Writer, id: number, write: () => void): void {
  out.byte(id);
  const lengthAt = out.length;
  out.u32(0);
  write();
  out.patchU32(lengthAt, out.length - lengthAt - 4);
}

function writeDefinitions(out: Writer, changes: Changes, limits: WireLimits): void {
  const { removedRows, removedEntities, families, entities, rows } = changes;
  if (removedRows.length > 0) {
    section(out, SECTION.removals, () => {
      list(out, removedRows, (ref) => out.varint(ref));
      list(out, removedEntities, (ref) => out.varint(ref));
    });
  }
  if (families.length > 0) section(out, SECTION.families, () => list(out, families, (f) => writeFamily(out, f)));
  if (entities.length > 0)
    section(out, SECTION.entities, () => list(out, entities, (e) => writeEntity(out, e, limits)));
  if (rows.length > 0) section(out, SECTION.rows, () => list(out, rows, (r) => writeRow(out, r, limits)));
  const shown = rows.filter(({ row }) => row.shownOnly);
  if (shown.length > 0) section(out, SECTION.shown, () => list(out, shown, ({ ref }) => out.varint(ref)));
}

function list<T>(out: Writer, items: readonly T[], write: (item: T) => void): void {
  out.varint(items.length);
  for (const item of items) write(item);
}

function writeFamily(out: Writer, { ref, family }: { readonly ref: number; readonly family: Family }): void {
  out.varint(ref);
  out.text(family.name);
  list(out, family.columns, (column) => out.text(column.field));
}

function writeEntity(out: Writer, { ref, entity }: EntityRef, limits: WireLimits): void {
  out.varint(ref);
  out.text(entity.key);
  out.byte(KINDS.indexOf(entity.kind));
  const startMs = Math.trunc(entity.startMs);
  out.signed(isTime(startMs) ? startMs : 0);
  writeLabels(out, fitLabels(entity.labels, limits));
}

function writeRow(out: Writer, { ref, row, entity }: RowRef, limits: WireLimits): void {
  out.varint(ref);
  out.varint((entity as EntityRef).ref);
  writeLabels(out, fitLabels(row.dims, limits));
}

function writeLabels(out: Writer, pairs: readonly LabelPair[]): void {
  list(out, pairs, ([name, value]) => {
    out.text(name);
    out.text(value);
  });
}

interface TableParts {
  readonly table: FamilyTable;
  readonly rows: readonly RowRef[];
  readonly batch: Batch;
  readonly family: number;
}

function writeTable(out: Writer, packer: Packer, { table, rows, batch, family }: TableParts): void {
  out.varint(family);
  out.varint(rows.length);
  let previous = -1;
  for (const { ref } of rows) {
    out.signed(ref - previous);
    previous = ref;
  }
  const ages = table.timesMs.map((timeMs) => age(timeMs, batch.timeMs));
  packer.write(out, ages, { from: 0, rows: rows.length, count: packer.gather(ages, 0, rows.length) });
  writeColumns(out, packer, table);
}

function writeColumns(out: Writer, packer: Packer, { shape, rows, values }: FamilyTable): void {
  for (let c = 0; c < shape.columns.length; c++) {
    const from = c * rows.length;
    const count = packer.gather(values, from, rows.length);
    if (count === 0) continue;
    out.varint(c);
    packer.write(out, values, { from, rows: rows.length, count });
  }
}

function age(timeMs: number, batchMs: number): number {
  if (!isTime(timeMs)) throw new WireError('bad_number', `a row's time is ${timeMs}; legal: integer milliseconds`);
  return timeMs - batchMs;
}

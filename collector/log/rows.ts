/**
 * The rows of a table as runs of the rows that it had in the frame before, and new ones. Mostly all are as before, which is one byte.
 */
import { type Labels, labels, mergeLabels } from '../../src/model/labels.ts';
import { type EntityRow, entityRow, type Row } from '../../src/model/table.ts';
import type { Reader } from '../../src/wire/reader.ts';
import type { Writer } from '../../src/wire/writer.ts';
import type { Defined, Definitions } from './dictionary.ts';

/** Rows with, at the level of containers, whose they are. */
export interface RowList {
  readonly rows: readonly Row[];
  /** Per row the agent's own, with its entity; undefined for rows of groups. */
  readonly sources: readonly EntityRow[] | undefined;
}

export const NO_ROWS: RowList = { rows: [], sources: undefined };

const SAME = 0;
const LISTED = 1;
const PLAIN = 0;
const OWNED = 1;
/** Owned, with labels that are not made of its parts. */
const RELABELLED = 2;
const SHOWN_ONLY = 4;

/** Where each row was in the list before, -1 for a new one; undefined if all are as before. */
export function whereBefore(list: RowList, before: RowList): Int32Array | undefined {
  const { rows, sources } = list;
  let same = rows.length === before.rows.length;
  for (let r = 0; same && r < rows.length; r++) {
    same = rows[r] === before.rows[r] && sources?.[r] === before.sources?.[r];
  }
  if (same) return undefined;
  const index = new Map(before.rows.map((row, r) => [row, r]));
  return Int32Array.from(rows, (row, r) => {
    const at = index.get(row);
    // What came twice was before where its last one was: one row of a place.
    if (at === undefined || sources?.[r] !== before.sources?.[at]) return -1;
    index.delete(row);
    return at;
  });
}

export function writeRows(out: Writer, known: Definitions, list: RowList, places: Int32Array | undefined): void {
  out.byte(places === undefined ? SAME : LISTED);
  if (places === undefined) return;
  out.varint(places.length);
  let expected = 0;
  for (let r = 0; r < places.length; ) {
    const start = places[r] as number;
    let end = r + 1;
    if (start < 0) while (end < places.length && (places[end] as number) < 0) end++;
    else while (end < places.length && places[end] === start + (end - r)) end++;
    out.varint((end - r) * 2 + (start < 0 ? 0 : 1));
    if (start < 0) for (let i = r; i < end; i++) writeRow(out, known, list, i);
    else {
      out.signed(start - expected);
      expected = start + (end - r);
    }
    r = end;
  }
}

/** The list, and where each row was before; undefined if all are as before. */
export function readRows(
  reader: Reader,
  known: Defined,
  before: RowList,
): { list: RowList; places: Int32Array | undefined } {
  if (reader.byte('rows') === SAME) return { list: before, places: undefined };
  const count = reader.varint('number of rows');
  const rows: Row[] = [];
  const sources: (EntityRow | undefined)[] = [];
  const places: number[] = [];
  let expected = 0;
  while (rows.length < count) {
    const token = reader.varint('run of rows');
    const length = Math.floor(token / 2);
    if (length === 0 || rows.length + length > count) throw new Error(`a run of ${length} rows in ${count}`);
    if (token % 2 === 1) {
      const start = expected + reader.signed('start of a run');
      expected = start + length;
      if (start < 0 || expected > before.rows.length)
        throw new Error(`rows ${start} to ${expected} of ${before.rows.length}`);
      for (let i = start; i < expected; i++) {
        rows.push(before.rows[i] as Row);
        sources.push(before.sources?.[i]);
        places.push(i);
      }
    } else {
      for (let i = 0; i < length; i++) {
        const [row, source] = readRow(reader, known);
        rows.push(row);
        sources.push(source);
        places.push(-1);
      }
    }
  }
  const owned = sources.length > 0 && sources[0] !== undefined;
  return { list: { rows, sources: owned ? (sources as EntityRow[]) : undefined }, places: Int32Array.from(places) };
}

/** Goes past the rows, but takes in what they define; answers how many there are, of how many there were. */
export function skipRows(reader: Reader, known: Defined, before: number): number {
  if (reader.byte('rows') === SAME) return before;
  const count = reader.varint('number of rows');
  for (let done = 0; done < count; ) {
    const token = reader.varint('run of rows');
    const length = Math.floor(token / 2);
    if (length === 0 || done + length > count) throw new Error(`a run of ${length} rows in ${count}`);
    if (token % 2 === 1) reader.signed('start of a run');
    else for (let i = 0; i < length; i++) readRow(reader, known);
    done += length;
  }
  return count;
}

function writeRow(out: Writer, known: Definitions, { rows, sources }: RowList, r: number): void {
  const { labels: shown } = rows[r] as Row;
  const source = sources?.[r];
  if (source === undefined) {
    out.byte(PLAIN);
    known.labels(shown);
    return;
  }
  const at = shown.names.indexOf('node');
  const node = at < 0 ? '' : (shown.values[at] as string);
  const asMade = exposed(node, source.entity.labels, source.dims).key === shown.key;
  out.byte((asMade ? OWNED : RELABELLED) + (source.shownOnly ? SHOWN_ONLY : 0));
  known.entity(source.entity);
  known.labels(source.dims);
  if (asMade) known.text(node);
  else known.labels(shown);
}

function readRow(reader: Reader, known: Defined): [Row, EntityRow | undefined] {
  const how = reader.byte('row');
  if (how === PLAIN) return [{ labels: known.labels(reader) }, undefined];
  const made = how & ~SHOWN_ONLY;
  if (made !== OWNED && made !== RELABELLED) throw new Error(`a row is marked ${how}`);
  const [entity, dims] = [known.entity(reader), known.labels(reader)];
  const shownOnly = (how & SHOWN_ONLY) !== 0;
  if (made === RELABELLED) return [{ labels: known.labels(reader) }, entityRow(entity, dims, shownOnly)];
  const node = known.text(reader);
  const { row, source } = known.row({ node, entity, dims, shownOnly }, () => ({
    row: { labels: exposed(node, entity.labels, dims) },
    source: entityRow(entity, dims, shownOnly),
  }));
  return [row, source];
}

/** As the aggregation makes them. */
function exposed(node: string, own: Labels, dims: Labels): Labels {
  return mergeLabels(labels([['node', node]]), mergeLabels(own, dims));
}

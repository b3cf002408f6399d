/** Reads the sections that change the dictionary: removals, families, entities, rows. */
import { WireError } from '../errors.ts';
import type { Family } from '../model/family.ts';
import { type LabelPair, type Labels, labels, NO_LABELS } from '../model/labels.ts';
import type { Dictionary } from './dictionary.ts';
import { KINDS, LABEL_NAME } from './format.ts';
import { atMost, type WireLimits } from './limits.ts';
import type { Reader } from './reader.ts';

/** What the readers of definitions share. */
export interface Defining {
  readonly dictionary: Dictionary;
  readonly limits: WireLimits;
  readonly familyNamed: (name: string) => Family | undefined;
}

/** Answers the numbers of the rows removed. */
export function readRemovals(reader: Reader, { dictionary, limits }: Defining): number[] {
  const removed: number[] = [];
  for (let n = reader.count('removed rows', limits.rows); n > 0; n--) {
    const ref = reader.varint('removed row');
    dictionary.removeRow(ref);
    removed.push(ref);
  }
  for (let n = reader.count('removed entities', limits.entities); n > 0; n--) {
    dictionary.removeEntity(reader.varint('removed entity'));
  }
  return removed;
}

export function readFamilies(reader: Reader, { dictionary, limits, familyNamed }: Defining): void {
  for (let n = reader.count('families', limits.families); n > 0; n--) {
    const before = reader.left;
    const ref = reader.varint('family number');
    const name = reader.text('family name', limits.nameBytes);
    const fields: string[] = [];
    for (let c = reader.count(`columns of family ${name}`, limits.columns); c > 0; c--) {
      fields.push(reader.text('field name', limits.nameBytes));
    }
    if (new Set(fields).size < fields.length) {
      throw new WireError('bad_text', `family ${name} names a field twice: ${fields.join(', ').slice(0, 200)}`);
    }
    const family = familyNamed(name);
    const columns = fields.map((field) => family?.columns.findIndex((column) => column.field === field) ?? -1);
    dictionary.addFamily({ ref, bytes: before - reader.left }, { name, family, columns }, fields);
  }
}

export function readEntities(reader: Reader, { dictionary, limits }: Defining): void {
  for (let n = reader.count('entities', limits.entities); n > 0; n--) {
    const before = reader.left;
    const ref = reader.varint('entity number');
    const key = reader.text('entity key', limits.keyBytes);
    const number = reader.byte('entity kind');
    const kind = KINDS[number];
    if (kind === undefined)
      throw new WireError('bad_number', `entity kind is ${number}; legal: 0 to ${KINDS.length - 1}`);
    const startMs = reader.signed('entity start time');
    const set = readLabels(reader, limits);
    dictionary.addEntity({ ref, bytes: before - reader.left }, { key, kind, startMs, labels: set });
  }
}

export function readRows(reader: Reader, { dictionary, limits }: Defining): void {
  for (let n = reader.count('rows', limits.rows); n > 0; n--) {
    const before = reader.left;
    const ref = reader.varint('row number');
    const entityRef = reader.varint('entity number of a row');
    const dims = readLabels(reader, limits);
    dictionary.addRow({ ref, bytes: before - reader.left }, entityRef, dims);
  }
}

/** Rows that are shown and that groups do not add. */
export function readShown(reader: Reader, { dictionary, limits }: Defining): void {
  for (let n = reader.count('rows that are shown only', limits.rows); n > 0; n--) {
    dictionary.showOnly(reader.varint('row that is shown only'));
  }
}

/** Labels must come as we keep them: names legal, ascending and unique, values not empty. */
function readLabels(reader: Reader, limits: WireLimits): Labels {
  const count = reader.varint('number of labels');
  if (count === 0) return NO_LABELS;
  atMost('number of labels', count, limits.labels);
  const pairs: LabelPair[] = [];
  let previous = '';
  for (let i = 0; i < count; i++) {
    const name = reader.text('label name', limits.labelNameBytes);
    if (!LABEL_NAME.test(name)) throw badLabel(`label name is ${quote(name)}; legal: [a-zA-Z_][a-zA-Z0-9_]*`);
    if (name <= previous) throw badLabel(`label ${name} comes after ${previous}; legal: ascending and unique`);
    const value = reader.text(`value of label ${name}`, limits.labelValueBytes);
    if (value === '') throw badLabel(`label ${name} is empty; legal: left out when empty`);
    pairs.push([name, value]);
    previous = name;
  }
  return labels(pairs);
}

function badLabel(message: string): WireError {
  return new WireError('bad_label', message);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/**
 * What the writer needs of a table besides its numbers: each row's labels as escaped text. The text of a row is made once in the
 * row's life, since rows stay the same objects while nothing about them changes.
 */
import { type Labels, pairsOf } from '../model/labels.ts';
import type { Shape } from '../model/shape.ts';
import type { Row, Table } from '../model/table.ts';
import { type Format, labelText, timeText } from './format.ts';

/** A row's labels as text without the braces, by row. Owned by whoever renders again and again. */
export type LabelTexts = WeakMap<Row, string>;

export interface Sheet {
  /** Per row; empty for a row without labels. */
  readonly texts: readonly string[];
  /** Per row, or undefined where times are not exposed. */
  readonly times: readonly string[] | undefined;
  /** No two rows have the same labels, nor one of them the labels of a row in an earlier table of the same shape. */
  readonly unique: boolean;
  /** A row has a label that a column fixes too. */
  readonly overlaps: boolean;
}

export interface SheetOptions {
  readonly texts: LabelTexts;
  readonly format: Format;
  readonly timestamps: boolean;
  /** The texts of all rows so far, by shape. */
  readonly seen: Map<Shape, Set<string>>;
}

/** After so many rows the preparation of a large table pauses. */
const ROWS_PER_PIECE = 500;

/** Prepares a table; yields where other work may run. */
export function* sheetOf(
  table: Table,
  { texts, format, timestamps, seen: byShape }: SheetOptions,
): Generator<undefined, Sheet> {
  const { rows, shape } = table;
  const fixed = [...new Set(shape.columns.flatMap((column) => column.labels.map(([name]) => name)))];
  const rowTexts: string[] = [];
  const seen = byShape.get(shape) ?? new Set<string>();
  byShape.set(shape, seen);
  const before = seen.size;
  let overlaps = false;
  for (const [i, row] of rows.entries()) {
    let text = texts.get(row);
    if (text === undefined) {
      text = labelsText(row.labels, []);
      texts.set(row, text);
    }
    rowTexts.push(text);
    seen.add(text);
    for (const name of fixed) overlaps ||= row.labels.names.includes(name);
    if (i % ROWS_PER_PIECE === ROWS_PER_PIECE - 1) yield undefined;
  }
  const times = timestamps ? Array.from(table.timesMs, (ms) => ` ${timeText(ms, format)}`) : undefined;
  return { texts: rowTexts, times, unique: seen.size - before === rows.length, overlaps };
}

/** The labels as `a="1",b="2"`, without those named in `except`. */
export function labelsText(labels: Labels, except: readonly string[]): string {
  const used = new Set(except);
  const parts: string[] = [];
  for (const [foreign, value] of pairsOf(labels)) {
    const name = legalName(foreign);
    if (used.has(name)) continue;
    used.add(name);
    parts.push(labelText(name, value));
  }
  return parts.join(',');
}

const LEGAL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** One illegal name would make a scraper refuse the whole page; `__name__` would rename the series. */
export function legalName(name: string): string {
  if (name === '__name__') return 'label__name__';
  if (LEGAL_NAME.test(name)) return name;
  const replaced = name.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^[a-zA-Z_]/.test(replaced) ? replaced : `_${replaced}`;
}

/**
 * Rows in, line protocol out: one measurement per family and level, many fields a line, times in milliseconds. All numbers are
 * floats, for ever, since a field's type is fixed by its first write. The container's id is a string field, not a tag: a tag would
 * make a series, and an index entry, of each container that ever lived.
 */
import { pairsOf } from '../../../src/model/labels.ts';
import type { Shape } from '../../../src/model/shape.ts';
import type { Row, Table } from '../../../src/model/table.ts';
import { escapeMeasurement, escapeTag, quoted } from './escape.ts';

export interface Line {
  /** Without a newline; undefined if no server would take it, because its tags are too long. */
  readonly text: string | undefined;
  /** How many numbers it carries. */
  readonly samples: number;
}

export interface EncoderOptions {
  /** Write the container's id as a string field. VictoriaMetrics makes a useless series of it. */
  readonly idField: boolean;
}

export interface Encoder {
  /**
   * The lines of a table, one for each row that has a number, in the order of the rows. Of rows that differ in nothing but their
   * id, the second and later ones get a short id as a tag, because a server would take them for one point.
   */
  lines(table: Table): Generator<Line>;
}

/** What a row contributes to its lines in any table. */
interface RowText {
  /** `,key=value` for each tag, sorted; undefined if too long. */
  readonly tags: string | undefined;
  /** `,id="…"` or nothing. */
  readonly id: string;
  readonly shortId: string;
}

/** Measurement, tags and separators together may have 65 535 bytes in InfluxDB 1. */
const MAX_TAG_BYTES = 64_000;

/** Names with a meaning of their own in a query's result. */
const RESERVED: readonly string[] = ['time', '_field', '_measurement'];

/** Makes an encoder. It keeps the tags of each row for as long as somebody holds the row. */
export function createEncoder({ idField }: EncoderOptions): Encoder {
  const kept = new WeakMap<Row, RowText>();
  const noNames: ReadonlySet<string> = new Set();

  function textOf(row: Row, fieldNames: ReadonlySet<string>): RowText {
    // Rare, and then different in each table: not kept.
    if (row.labels.names.some((name) => fieldNames.has(name))) return rowText(row, fieldNames, idField);
    let text = kept.get(row);
    if (!text) {
      text = rowText(row, noNames, idField);
      kept.set(row, text);
    }
    return text;
  }

  return {
    *lines(table) {
      const { shape, rows } = table;
      const measurement = escapeMeasurement(shape.measurement);
      const keys = fieldKeys(shape);
      const fieldNames = new Set(shape.columns.map((column) => column.field));
      const seen = new Set<string>();
      for (const [r, row] of rows.entries()) {
        const { fields, samples } = fieldsOf(table, r, keys);
        if (samples === 0) continue;
        const { tags, id, shortId } = textOf(row, fieldNames);
        if (tags === undefined) {
          yield { text: undefined, samples };
          continue;
        }
        const twin = seen.has(tags) && shortId !== '';
        seen.add(tags);
        yield {
          text: `${measurement}${twin ? withTag(tags, 'short_id', shortId) : tags} ${fields}${id} ${table.timesMs[r]}`,
          samples,
        };
      }
    },
  };
}

function fieldKeys(shape: Shape): string[] {
  return shape.columns.map(({ field }) => `${escapeTag(RESERVED.includes(field) ? `${field}_value` : field)}=`);
}

function fieldsOf(table: Table, r: number, keys: readonly string[]): { fields: string; samples: number } {
  const n = table.rows.length;
  let fields = '';
  let samples = 0;
  for (let c = 0; c < keys.length; c++) {
    const value = table.values[c * n + r] as number;
    // NaN and the infinities cannot be written.
    if (value - value !== 0) continue;
    fields += samples === 0 ? keys[c] + String(value) : `,${keys[c]}${value}`;
    samples++;
  }
  return { fields, samples };
}

function rowText(row: Row, fieldNames: ReadonlySet<string>, idField: boolean): RowText {
  const pairs = new Map<string, string>(pairsOf(row.labels));
  const containerId = pairs.get('id') ?? '';
  // Without a name the id alone tells the rows apart: a systemd unit's path, `/` for the host. There are few of those.
  const named = containerId !== '' && pairs.has('name');
  const tags: (readonly [string, string])[] = [];
  for (const [name, value] of pairs) {
    if (name !== 'id') tags.push([tagKey(name, fieldNames), value]);
    else if (!named) tags.push(['cgroup', value]);
  }
  const text = tagText(tags);
  return {
    tags: Buffer.byteLength(text) > MAX_TAG_BYTES ? undefined : text,
    id: named && idField ? `,id=${quoted(containerId)}` : '',
    shortId: named ? containerId.slice(0, 12) : '',
  };
}

/** A tag may not be named as a field of its measurement, nor with a reserved word. */
function tagKey(name: string, fieldNames: ReadonlySet<string>): string {
  return fieldNames.has(name) || RESERVED.includes(name) ? `${name}_label` : name;
}

/** Sorted by key, as servers store them; of two with the same key the first counts. */
function tagText(tags: readonly (readonly [string, string])[]): string {
  const escaped = new Map<string, string>();
  for (const [name, value] of tags) {
    const key = escapeTag(name);
    if (value !== '' && key !== '' && !escaped.has(key)) escaped.set(key, escapeTag(value));
  }
  return joined([...escaped]);
}

/** The tags with one more, in its place. */
function withTag(tags: string, key: string, value: string): string {
  const own = tags.split(/(?<!\\),/).filter((tag) => tag !== '');
  const pairs = own.map((tag): [string, string] => {
    const at = tag.search(/(?<!\\)=/);
    return [tag.slice(0, at), tag.slice(at + 1)];
  });
  return joined([...pairs, [key, escapeTag(value)]]);
}

function joined(pairs: [string, string][]): string {
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return pairs.map(([key, value]) => `,${key}=${value}`).join('');
}

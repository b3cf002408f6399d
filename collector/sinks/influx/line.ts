/**
 * Rows in, line protocol out: one measurement per family and level, many fields a line, times in milliseconds. All numbers are
 * floats, for ever, since a field's type is fixed by its first write. The container's id is a string field, not a tag: a tag would
 * make a series, and an index entry, of each container that ever lived. No point takes the place of another: where two would have the same
 * series and time, the later row's time is moved on by as many milliseconds as it takes.
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
  /** The lines of a table, one for each row that has a number, in the order of the rows; no two with the same tags and time. */
  lines(table: Table): Generator<Line>;
}

/** What a row contributes to its lines in any table. */
interface RowText {
  /** `,key=value` for each tag, sorted; undefined if too long. */
  readonly tags: string | undefined;
  /** `,id="…"` or nothing. */
  readonly id: string;
}

/** Measurement, tags and separators together may have 65 535 bytes in InfluxDB 1. */
export const MAX_TAG_BYTES = 64_000;

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
      const taken = new Map<string, Map<number, number>>();
      for (const [r, row] of rows.entries()) {
        const { fields, samples } = fieldsOf(table, r, keys);
        if (samples === 0) continue;
        const { tags, id } = textOf(row, fieldNames);
        if (tags === undefined) {
          yield { text: undefined, samples };
          continue;
        }
        const timeMs = freeTime(taken, tags, table.timesMs[r] as number);
        yield { text: `${measurement}${tags} ${fields}${id} ${timeMs}`, samples };
      }
    },
  };
}

/**
 * The time, or the next millisecond at which the series has no point yet. For each time that is taken `taken` says where to look on, so
 * that thousands of rows of one name and time cost no more than others.
 */
function freeTime(taken: Map<string, Map<number, number>>, tags: string, timeMs: number): number {
  const next = taken.get(tags) ?? new Map<number, number>();
  if (next.size === 0) taken.set(tags, next);
  let free = timeMs;
  for (let to = next.get(free); to !== undefined; to = next.get(free)) free = to;
  let at = timeMs;
  while (at < free) {
    const to = next.get(at) as number;
    next.set(at, free + 1);
    at = to;
  }
  next.set(free, free + 1);
  return free;
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
  const path = pairs.get('id') ?? '';
  const isContainer = pairs.has('image') || CONTAINER_ID.test(path);
  const tags: (readonly [string, string])[] = [];
  for (const [name, value] of pairs) {
    if (name !== 'id') tags.push([tagKey(name, fieldNames), value]);
    // Its whole path tells a unit from others of the same name; there are few of those.
    else if (!isContainer) tags.push(['cgroup', value]);
  }
  const engine = isContainer ? engineOf(path) : '';
  if (engine !== '' && !pairs.has('engine')) tags.push(['engine', engine]);
  const text = tagText(tags);
  return {
    tags: Buffer.byteLength(text) > MAX_TAG_BYTES ? undefined : text,
    id: isContainer && idField && path !== '' ? `,id=${quoted(path)}` : '',
  };
}

/** As engines make them and put them in the paths of their containers' cgroups. */
const CONTAINER_ID = /[0-9a-f]{64}/;
/** What engines put before it: `/docker/<id>`, `/system.slice/docker-<id>.scope`, `/machine.slice/libpod-<id>.scope`. */
const ENGINES_WORD = /(?:^|\/)([a-z]+(?:-[a-z]+)*)[/-](?=[0-9a-f]{64}(?:\.scope)?(?:$|\/))/;
const USERS_SLICE = /\/user-(\d+)\.slice\//;

/**
 * Two engines on one machine may each have a container of the same name. The engine is read off the cgroup's path, and nothing is said for
 * the one that most have, Docker run by root: `libpod`, `cri-containerd`, `docker-1000` for that of a user.
 */
function engineOf(path: string): string {
  const word = ENGINES_WORD.exec(path)?.[1] ?? '';
  const user = USERS_SLICE.exec(path)?.[1];
  const engine = user === undefined ? word : `${word || 'user'}-${user}`;
  return engine === 'docker' ? '' : engine;
}

/** A tag may not be named as a field of its measurement, nor with a reserved word. */
function tagKey(name: string, fieldNames: ReadonlySet<string>): string {
  return fieldNames.has(name) || RESERVED.includes(name) ? `${name}_label` : name;
}

/** Sorted by key, as servers store them; of two with the same key the first counts. */
export function tagText(tags: readonly (readonly [string, string])[]): string {
  const escaped = new Map<string, string>();
  for (const [name, value] of tags) {
    const key = escapeTag(name);
    if (value !== '' && key !== '' && !escaped.has(key)) escaped.set(key, escapeTag(value));
  }
  return joined([...escaped]);
}

function joined(pairs: [string, string][]): string {
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return pairs.map(([key, value]) => `,${key}=${value}`).join('');
}

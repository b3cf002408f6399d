/** The heads' tables on their way into parts: by what they hold and by day, their rows in order. */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import { DAY_MS } from '../choose.ts';
import type { FrameHead } from '../head/frames.ts';
import type { Loose } from '../head/loose.ts';
import type { PartKind } from '../manifest.ts';
import type { RowChunk, TableChunk } from '../types.ts';
import { SLOT_MS } from './plan.ts';

/** The level of what others have sent. */
export const RECEIVED_LEVEL = 'received';

export function kindOf(level: string): PartKind {
  if (level === RECEIVED_LEVEL) return 'received';
  return level === 'container' ? 'single' : 'group';
}

/** What becomes one part. */
export interface ToSeal {
  readonly kind: PartKind;
  /** Most of what is merged before the day is over: it is not made anew so soon. */
  readonly isWhole: boolean;
  readonly tables: Iterable<TableChunk>;
}

interface Sealable {
  readonly level: string;
  readonly measurement: string;
  readonly columns: readonly Column[];
  /** In order. Made when they are asked for: to sort many rows takes a while, and others wait. */
  readonly rows: (day: Day) => Iterable<RowChunk>;
}

interface Day {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Windows first: where both have a time, what came loosely is later, and counts. */
export function* partsOf(frames: FrameHead, loose: Loose): Generator<ToSeal> {
  const isWhole = frames.maxMs - frames.minMs > SLOT_MS / 2;
  for (const part of byDay([...daysOf(frames)], frameTables(frames))) yield { ...part, isWhole };
  for (const part of byDay(looseDays(loose), looseTables(loose))) yield { ...part, isWhole: false };
}

function* daysOf({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): Generator<Day> {
  if (minMs > maxMs) return;
  for (let day = Math.floor(minMs / DAY_MS); day * DAY_MS <= maxMs; day++) {
    yield { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS - 1 };
  }
}

/** Days far apart may come together, and nothing between. */
function looseDays({ tables }: Loose): Day[] {
  const days = new Set<number>();
  for (const { rows } of tables) {
    for (const row of rows.values()) for (const timeMs of row.times()) days.add(Math.floor(timeMs / DAY_MS));
  }
  return [...days].sort((a, b) => a - b).map((day) => ({ fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS - 1 }));
}

function* byDay(days: readonly Day[], tables: readonly Sealable[]): Generator<Omit<ToSeal, 'isWhole'>> {
  for (const day of days) {
    for (const kind of ['single', 'group', 'received'] as const) {
      const own = tables.filter(({ level }) => kindOf(level) === kind);
      for (const apart of withoutRepeats(own)) yield { kind, tables: apart.map((table) => chunkOf(table, day)) };
    }
  }
}

/** A part has each table once; of a table with other columns than another one of its name there is a part of its own. */
function withoutRepeats(tables: readonly Sealable[]): Sealable[][] {
  const parts: { readonly names: Set<string>; readonly tables: Sealable[] }[] = [];
  for (const table of tables) {
    const name = `${table.level} ${table.measurement}`;
    let part = parts.find(({ names }) => !names.has(name));
    if (part === undefined) {
      part = { names: new Set(), tables: [] };
      parts.push(part);
    }
    part.names.add(name);
    part.tables.push(table);
  }
  return parts.map((part) => part.tables);
}

function chunkOf({ level, measurement, columns, rows }: Sealable, day: Day): TableChunk {
  return { level, measurement, columns, rows: { [Symbol.iterator]: () => rows(day)[Symbol.iterator]() } };
}

function frameTables(frames: FrameHead): Sealable[] {
  return frames.tables.map((table) => ({
    level: table.level,
    measurement: table.measurement,
    columns: table.columns,
    *rows({ fromMs, toMs }) {
      for (const chunk of table.chunks(rowsByKey(table.labels))) {
        const own = sliced(chunk, fromMs, toMs);
        if (own !== undefined) yield own;
      }
    },
  }));
}

function rowsByKey(labels: readonly Labels[]): number[] {
  return [...labels.keys()].sort((a, b) => byKey(labels[a] as Labels, labels[b] as Labels));
}

function looseTables(loose: Loose): Sealable[] {
  return loose.tables.map(({ level, measurement, columns, rows }) => ({
    level,
    measurement,
    columns,
    *rows({ fromMs, toMs }) {
      for (const row of [...rows.values()].sort((a, b) => byKey(a.labels, b.labels))) {
        const chunk = row.chunk(fromMs, toMs);
        if (chunk !== undefined) yield chunk;
      }
    },
  }));
}

function byKey(a: Labels, b: Labels): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function sliced(chunk: RowChunk, fromMs: number, toMs: number): RowChunk | undefined {
  const { timesMs, cells } = chunk;
  const length = timesMs.length;
  if ((timesMs[0] as number) >= fromMs && (timesMs[length - 1] as number) <= toMs) return chunk;
  const start = timesMs.findIndex((timeMs) => timeMs >= fromMs);
  const last = timesMs.findLastIndex((timeMs) => timeMs <= toMs);
  if (start < 0 || last < start) return undefined;
  return {
    labels: chunk.labels,
    timesMs: timesMs.slice(start, last + 1),
    cells: cells.map((column) => column.slice(start, last + 1)),
  };
}

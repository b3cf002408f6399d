/**
 * The head of what the log holds: closed windows in, tables of rows out, for queries and for sealing. One begins where the one before was sealed, and
 * knows which rows were there.
 */
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import { shownColumns, shownLabels } from '../shown.ts';
import { Moved } from './moved.ts';
import { HeadTable } from './table.ts';
import type { Loose } from './loose.ts';
import { createUps, lateUps, UP_LEVEL, type Ups } from './ups.ts';

/** A window that ends no more than so long before the newest is one that came before; by more, the clock was set back, and time begins anew. */
const AGAIN_MS = 600_000;

export interface FrameHeadOptions {
  /** What a scraper would have called the collector. */
  readonly instance: string;
  /** Where readings go that come too late for their row. */
  readonly loose: () => Loose;
}

export class FrameHead {
  readonly #options: FrameHeadOptions;
  readonly #tables = new Map<string, HeadTable>();
  /** Keys of the tables of each family: several where agents are of several versions. */
  readonly #families = new Map<string, string[]>();
  readonly #moved = new Map<string, Moved>();
  readonly #keys = new WeakMap<object, string>();
  readonly #ends: number[] = [];
  readonly #ups: Ups;
  /** The end of the newest window. */
  #reachedMs: number;
  /** Numbers that were taken in. */
  samples = 0;
  minMs = Number.POSITIVE_INFINITY;
  maxMs = Number.NEGATIVE_INFINITY;

  constructor(options: FrameHeadOptions, before?: FrameHead) {
    this.#options = options;
    this.#ups = before === undefined ? createUps(options.instance) : before.#ups;
    this.#reachedMs = before === undefined ? Number.NEGATIVE_INFINITY : before.#reachedMs;
    if (before !== undefined) this.#inherit(before);
  }

  #inherit(before: FrameHead): void {
    for (const [key, table] of before.#tables) {
      const moved = before.#moved.get(key);
      const present = [...table.present()].filter(([labels]) => !moved?.has(labels.key));
      if (present.length > 0) this.#tableFor(key, table).inherit(present);
    }
  }

  get windows(): number {
    return this.#ends.length;
  }

  get tables(): readonly HeadTable[] {
    return [...this.#tables.values()];
  }

  get series(): number {
    return this.tables.reduce((sum, { rows, columns }) => sum + rows * columns.length, 0);
  }

  /**
   * Whether what is missing in a window has gone. It has not where the window comes late, nor where a stop had closed it before its end and it comes once more
   * after the start, with what has come since.
   */
  tells({ late, endMs }: Frame): boolean {
    return late === undefined && (endMs > this.#reachedMs || endMs < this.#reachedMs - AGAIN_MS);
  }

  /** Takes a window. What is in one that comes late goes to its place, and says nothing of what is there now. */
  push(frame: Frame): void {
    if (frame.late !== undefined) {
      for (const table of [...frame.tables, lateUps(frame)]) this.#late(table);
      return;
    }
    const here = new Map<string, LevelTable>();
    const tells = this.tells(frame);
    for (const table of [...frame.tables, tells ? this.#ups(frame) : lateUps(frame)]) {
      const key = this.#keyOf(table);
      if (here.has(key)) this.#late(table);
      else here.set(key, table);
      if (!this.#tables.has(key)) {
        const { level, shape } = table;
        this.#tableFor(key, { level, measurement: shape.measurement, columns: this.#columnsOf(table) });
      }
    }
    for (const [key, table] of this.#tables) table.push(this.#tableOf(key, table, here), frame.endMs, tells);
    this.#ends.push(frame.endMs);
    if (tells) this.#reachedMs = frame.endMs;
    this.samples += frame.samples;
    this.minMs = Math.min(this.minMs, frame.startMs);
    this.maxMs = Math.max(this.maxMs, frame.endMs);
  }

  /** What a table gets of a window. */
  #tableOf(key: string, table: HeadTable, here: ReadonlyMap<string, LevelTable>): LevelTable | undefined {
    const family = this.#families.get(familyOf(table)) as string[];
    if (family.length === 1) return here.get(key);
    const others = family.flatMap((other) => (other === key ? [] : (here.get(other) ?? [])));
    const moved = this.#moved.get(key) ?? new Moved();
    this.#moved.set(key, moved);
    return moved.with(table, here.get(key), others);
  }

  #tableFor(
    key: string,
    { level, measurement, columns }: Pick<HeadTable, 'level' | 'measurement' | 'columns'>,
  ): HeadTable {
    const table = new HeadTable({
      level,
      measurement,
      columns,
      ends: this.#ends,
      shown: (labels) => shownAt(level, labels),
      onLate: (labels, late, place) => this.#lateRow(labels, late, place),
    });
    this.#tables.set(key, table);
    const family = familyOf(table);
    this.#families.set(family, [...(this.#families.get(family) ?? []), key]);
    return table;
  }

  #late(table: LevelTable): void {
    for (const [place, { labels }] of table.rows.entries()) this.#lateRow(shownAt(table.level, labels), table, place);
  }

  #lateRow(labels: Labels, table: LevelTable, place: number): void {
    const { level, shape, timesMs, values, rows } = table;
    const n = rows.length;
    const into = this.#options.loose().table(this.#keyOf(table), () => ({
      level,
      measurement: shape.measurement,
      columns: this.#columnsOf(table),
    }));
    const cell = (c: number): number => {
      const value = values[c * n + place] as number;
      return value - value === 0 ? value : Number.NaN;
    };
    into.replace(labels, { timeMs: timesMs[place] as number, cell });
  }

  #columnsOf({ level, shape }: LevelTable): readonly Column[] {
    return level === UP_LEVEL ? shape.columns : shownColumns(level, shape.columns, this.#options.instance);
  }

  #keyOf({ level, shape }: LevelTable): string {
    let key = this.#keys.get(shape);
    if (key === undefined) {
      const columns = shape.columns.map(({ metric, field, labels }) => [metric, field, labels]);
      key = JSON.stringify([level, shape.measurement, columns]);
      this.#keys.set(shape, key);
    }
    return key;
  }
}

function familyOf({ level, measurement }: HeadTable): string {
  return `${level} ${measurement}`;
}

/** `up` has the labels of a scrape already. */
function shownAt(level: string, labels: Labels): Labels {
  return level === UP_LEVEL ? labels : shownLabels(labels);
}

/**
 * What a part has for matchers: of each table the rows and columns that are meant, and their labels. Parts never change and dashboards ask the same again, so it is
 * remembered in the cache of blocks for as long as that has room.
 */
import type { Labels } from '../../../src/model/labels.ts';
import type { Column } from '../../../src/model/shape.ts';
import type { Matcher } from '../../query/source.ts';
import type { BlockCache } from './cache.ts';
import type { LabelIndex } from './index/labelindex.ts';
import { SeriesLabels } from './labelled.ts';
import { rowsOf, Selector } from './select.ts';
import type { TableReader } from './table.ts';

/** Rows of one group that are meant of one column. */
export interface FoundRows {
  /** The group's place among those of the table. */
  readonly group: number;
  readonly column: number;
  /** Their places in the group. */
  readonly rows: Uint16Array;
  labels(i: number): Labels;
}

/** A series' labels with their key, as texts go here; their values are the index's. */
const SERIES_BYTES = 600;
/** What takes more is made anew each time: it would push out everything else. */
const MOST_SERIES = 4000;
/** Where in a part's places those of blocks have long ended. */
const PLACES_FROM = 2 ** 36;
/** Selectors that have a place, by part. */
const MOST_SELECTORS = 500;

export interface FinderOptions {
  readonly cache: BlockCache;
  readonly owner: number;
  readonly index: () => LabelIndex;
}

export class Finder {
  readonly #options: FinderOptions;
  /** By selector, the place of its first table. */
  readonly #places = new Map<string, number>();
  #nextPlace = PLACES_FROM;

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  /** Answers, table by table, what is meant of it. `endsToo`: also series that may only end in the part. */
  for(matchers: readonly Matcher[], endsToo: boolean, tables: number) {
    const { cache, owner, index } = this.#options;
    const place = this.#placeOf(matchers, endsToo, tables);
    let selector: Selector | undefined;
    return (table: TableReader, at: number): readonly FoundRows[] =>
      cache.get(owner, place + at, () => {
        selector ??= new Selector(index, matchers);
        return found(table, { selector, endsToo, index });
      });
  }

  #placeOf(matchers: readonly Matcher[], endsToo: boolean, tables: number): number {
    const key = JSON.stringify([endsToo, ...matchers.map(({ name, op, value }) => [name, op, value])]);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    // Places are not used twice: what is under those that are forgotten goes as the cache fills.
    if (this.#places.size >= MOST_SELECTORS) this.#places.clear();
    const place = this.#nextPlace;
    this.#nextPlace += tables;
    this.#places.set(key, place);
    return place;
  }
}

interface Asked {
  readonly selector: Selector;
  readonly endsToo: boolean;
  readonly index: () => LabelIndex;
}

function found(table: TableReader, { selector, endsToo, index }: Asked): { value: FoundRows[]; bytes: number } {
  const matches = selector.columns(table, endsToo);
  if (matches.length === 0) return { value: [], bytes: 32 };
  const groups = table.groups();
  const chosen = groups.flatMap((group, g) =>
    matches.map((match) => ({ g, column: match.column, rows: Uint16Array.from(rowsOf(group, match, endsToo)) })),
  );
  const series = chosen.reduce((sum, { rows }) => sum + rows.length, 0);
  const keeps = series <= MOST_SERIES;
  const named = new Map(
    matches.map(({ column }) => [column, new SeriesLabels(index, table.columns[column] as Column)]),
  );
  const value = chosen.flatMap(({ g, column, rows }): FoundRows[] => {
    if (rows.length === 0) return [];
    const sets = (groups[g] as { readonly sets: Uint32Array }).sets;
    const make = (i: number): Labels => (named.get(column) as SeriesLabels).labels(sets[rows[i] as number] as number);
    return [{ group: g, column, rows, labels: keeps ? remembering(make) : make }];
  });
  return { value, bytes: keeps ? 64 + series * SERIES_BYTES : 64 + 2 * series };
}

function remembering(make: (i: number) => Labels): (i: number) => Labels {
  const known: Labels[] = [];
  return (i) => {
    known[i] ??= make(i);
    return known[i] as Labels;
  };
}

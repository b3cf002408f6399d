/**
 * What of a part a selection means: which columns (by the metric's name and the labels they fix), and of those which rows (by theirs). Answered from the
 * index alone; blocks are read by who reads a series.
 */
import { compileMatcher, type CompiledMatcher } from '../../query/matching.ts';
import type { Matcher } from '../../query/source.ts';
import type { GroupPlace } from './index/directory.ts';
import type { LabelIndex } from './index/labelindex.ts';
import { fixedLabels } from './labelled.ts';
import type { TableReader } from './table.ts';

/** By label set, 1 where it is meant; undefined: all are. */
export type RowMask = Uint8Array | undefined;

export interface ColumnMatch {
  readonly column: number;
  readonly rows: RowMask;
}

export class Selector {
  readonly #index: () => LabelIndex;
  readonly #matchers: readonly CompiledMatcher[];
  /** By matcher. */
  readonly #masks: (Uint8Array | undefined)[] = [];
  /** By which of the matchers a column leaves to its rows. */
  readonly #joined = new Map<string, Uint8Array>();

  constructor(index: () => LabelIndex, matchers: readonly Matcher[]) {
    this.#index = index;
    this.#matchers = matchers.map(compileMatcher);
  }

  /** The columns of a table that have series which are meant; `endsToo`: also such as only end here. */
  columns({ columns, streams, entry }: TableReader, endsToo = false): ColumnMatch[] {
    const found: ColumnMatch[] = [];
    for (const [at, column] of columns.entries()) {
      const isEmpty = streams.every((stream, s) => stream.column !== at || entry.streamBytes[s] === 0);
      if (isEmpty && !endsToo) continue;
      const fixed = fixedLabels(column);
      const left: number[] = [];
      const decided = this.#matchers.every((matcher, m) => {
        const value = fixed.get(matcher.name);
        if (value === undefined) left.push(m);
        return value === undefined || matcher.test(value);
      });
      if (decided) found.push({ column: at, rows: this.#rows(left) });
    }
    return found;
  }

  /** Which label sets all of these matchers match. */
  #rows(matchers: readonly number[]): RowMask {
    if (matchers.length === 0) return undefined;
    const key = matchers.join();
    const known = this.#joined.get(key);
    if (known !== undefined) return known;
    const mask = this.#mask(matchers[0] as number).slice();
    for (const m of matchers.slice(1)) {
      const other = this.#mask(m);
      for (let set = 0; set < mask.length; set++) mask[set] = (mask[set] as number) & (other[set] as number);
    }
    this.#joined.set(key, mask);
    return mask;
  }

  #mask(matcher: number): Uint8Array {
    let mask = this.#masks[matcher];
    if (mask === undefined) {
      mask = this.#index().matching(this.#matchers[matcher] as CompiledMatcher);
      this.#masks[matcher] = mask;
    }
    return mask;
  }
}

/** The rows of a group of which the column has a sample and that are meant; `endsToo`: also those that may only end here. */
export function* rowsOf(group: GroupPlace, { column, rows }: ColumnMatch, endsToo = false): Generator<number> {
  const present = group.present[column] as Uint8Array;
  for (let row = 0; row < group.sets.length; row++) {
    if ((endsToo || present[row] === 1) && (rows === undefined || rows[group.sets[row] as number] === 1)) yield row;
  }
}

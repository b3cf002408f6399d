/** Which rows a head's table has, and where in a window's table each of them is: mostly where it was in the window before. */
import type { LevelTable } from '../../../src/model/batch.ts';
import type { Labels } from '../../../src/model/labels.ts';

export interface Places {
  readonly rows: LevelTable['rows'];
  /** By place; -1 for a row that comes twice, but for the first. */
  readonly rowOf: Int32Array;
  /** By row; -1 where it is not there. */
  readonly places: Int32Array;
}

export class HeadRows {
  /** By row. */
  readonly labels: Labels[] = [];
  readonly #shown: (labels: Labels) => Labels;
  readonly #rowOf = new Map<string, number>();
  #known: Places | undefined;

  /** `shown`: a row's labels as they are shown. */
  constructor(shown: (labels: Labels) => Labels) {
    this.#shown = shown;
  }

  placesOf(rows: LevelTable['rows']): Places {
    const before = this.#known;
    if (before?.rows === rows) return before;
    const rowOf = new Int32Array(rows.length).fill(-1);
    for (const [place, row] of rows.entries()) {
      const same = before?.rows[place] === row && (before.rowOf[place] as number) >= 0;
      rowOf[place] = same ? (before?.rowOf[place] as number) : this.rowFor(this.#shown(row.labels));
    }
    const places = new Int32Array(this.labels.length).fill(-1);
    for (let place = rows.length - 1; place >= 0; place--) {
      const row = rowOf[place] as number;
      const other = places[row] as number;
      if (other >= 0) rowOf[other] = -1;
      places[row] = place;
    }
    this.#known = { rows, rowOf, places };
    return this.#known;
  }

  /** Of a row as it comes; undefined if it is none of these. */
  find(labels: Labels): number | undefined {
    return this.#rowOf.get(this.#shown(labels).key);
  }

  rowFor(labels: Labels): number {
    const known = this.#rowOf.get(labels.key);
    if (known !== undefined) return known;
    const row = this.labels.length;
    this.#rowOf.set(labels.key, row);
    this.labels.push(labels);
    return row;
  }
}

/** 0, 1, 2 …: where rows are that are at their own number. */
let numbers = new Int32Array(0);

export function identity(rows: number): Int32Array {
  if (numbers.length < rows) numbers = Int32Array.from({ length: 2 * rows }, (_, row) => row);
  return numbers;
}

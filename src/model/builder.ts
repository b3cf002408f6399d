/**
 * Fills a table row by row, as sources read: the number of rows need not be known before. Column-major on the way out.
 */
import type { Shape } from './shape.ts';
import type { Row, Table } from './table.ts';

export class TableBuilder<S extends Shape, R extends Row> {
  readonly shape: S;
  readonly #width: number;
  #rows: R[] = [];
  #times: number[] = [];
  #cells: Float64Array;

  constructor(shape: S, expectedRows = 16) {
    this.shape = shape;
    this.#width = shape.columns.length;
    this.#cells = new Float64Array(Math.max(1, expectedRows) * this.#width).fill(Number.NaN);
  }

  /** Starts a row, all of it absent, read at `timeMs`; `set` then fills it. */
  add(row: R, timeMs: number): void {
    this.#rows.push(row);
    this.#times.push(Math.trunc(timeMs));
    const needed = this.#rows.length * this.#width;
    if (needed > this.#cells.length) {
      const grown = new Float64Array(needed * 2).fill(Number.NaN);
      grown.set(this.#cells);
      this.#cells = grown;
    }
  }

  /** Sets one number of the row started last. NaN leaves it absent; an infinite number is absent too. */
  set(column: number, value: number): void {
    this.#cells[(this.#rows.length - 1) * this.#width + column] = Number.isFinite(value) ? value : Number.NaN;
  }

  /** How many rows so far. */
  get size(): number {
    return this.#rows.length;
  }

  /** The table, and the builder empty again. */
  build(): Table<S, R> {
    const n = this.#rows.length;
    const width = this.#width;
    const values = new Float64Array(n * width);
    for (let c = 0; c < width; c++) {
      for (let r = 0; r < n; r++) values[c * n + r] = this.#cells[r * width + c] as number;
    }
    const table = { shape: this.shape, rows: this.#rows, timesMs: Float64Array.from(this.#times), values };
    this.#rows = [];
    this.#times = [];
    this.#cells.fill(Number.NaN);
    return table;
  }
}

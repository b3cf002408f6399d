/**
 * The numbers of one family's rows in one window, by place: scratch memory of closing a window, of which only `values`
 * lives on, as the containers' table.
 */
import type { Entities } from './entities.ts';
import { NO_GROUP } from './groups.ts';
import type { Members } from './outputs/output.ts';
import type { ResolvedFamily } from './resolved.ts';
import type { FamilySeries } from './series.ts';

export class MemberColumns {
  readonly size: number;
  /** Column after column, as in a table. */
  readonly values: Float64Array;
  /** Whether no row was read twice: then the last value is the largest. */
  readonly readOnce: boolean;
  largest: Float64Array;
  readonly #series: FamilySeries;
  readonly #groups: Int32Array[];
  readonly #entityAt: Int32Array;
  /** Per place: 1 for a row that groups do not add; undefined if there is none. */
  readonly #shownOnly: Uint8Array | undefined;
  readonly #increases: Float64Array;
  /** Per ratio's column: what the members used per second. */
  readonly #rates = new Map<number, Float64Array>();
  /** Per column: what rows of this window grew by in it when it was closed before; not for totals, which have it. */
  readonly #before = new Map<number, Float64Array>();
  #heads: Uint8Array | undefined;
  /** Of the column that is being folded, once an output has asked for them. */
  #perSecond: Float64Array | undefined;

  constructor(entities: Entities, { series, readings }: ResolvedFamily) {
    this.size = series.placed;
    this.values = new Float64Array(this.size * series.width).fill(Number.NaN);
    this.readOnce = readings === this.size;
    this.largest = this.readOnce ? new Float64Array(0) : new Float64Array(this.size).fill(Number.NaN);
    this.#series = series;
    this.#increases = new Float64Array(this.size);
    this.#entityAt = Int32Array.from(
      { length: this.size },
      (_, place) => series.entityOf[series.slotAt[place] as number] as number,
    );
    this.#shownOnly = shownOnly(series);
    const shown = this.#shownOnly;
    this.#groups = entities.groupOf.map((groupOf) =>
      this.#entityAt.map((entity, place) => (shown?.[place] ? NO_GROUP : (groupOf[entity] ?? NO_GROUP))),
    );
  }

  /** The last values of column `c`. */
  last(c: number): Float64Array {
    return this.values.subarray(c * this.size, (c + 1) * this.size);
  }

  /** The groups of a level. */
  groups(levelAt: number): Int32Array {
    return this.#groups[levelAt] as Int32Array;
  }

  /** The increases of a column, all zero, to be filled; kept for later where a ratio is made of it. */
  openIncreases(c: number): Float64Array {
    const rated = this.#series.family.ratios.some((ratio) => this.#series.family.at[ratio.of] === c);
    if (!rated) return this.#increases.fill(0);
    const own = new Float64Array(this.size);
    this.#rates.set(c, own);
    return own;
  }

  /** Takes note of what a column's rows grew by before, in this window. */
  addBefore(c: number, before: Float64Array): void {
    this.#before.set(c, before);
  }

  before(c: number): Float64Array | undefined {
    return this.#before.get(c);
  }

  /** Column `c` as an output sees it at a level. */
  of(c: number, levelAt: number): Members {
    const last = this.last(c);
    const increases = this.#rates.get(c) ?? this.#increases;
    const perSecond = (): Float64Array => {
      this.#perSecond ??= this.#ratesOf(c, increases);
      return this.#perSecond;
    };
    return {
      size: this.size,
      groups: this.groups(levelAt),
      last,
      largest: this.readOnce ? last : this.largest,
      increases,
      get rates() {
        return perSecond();
      },
      heads: this.#headsOf(last),
    };
  }

  /** After the last output of a column. */
  close(): void {
    this.#heads = undefined;
    this.#perSecond = undefined;
    if (!this.readOnce) this.largest.fill(Number.NaN);
  }

  /** What a ratio divides: a gauge's last values; of a counter the increase per second of the time it was counted over. */
  used(c: number): Float64Array {
    const increases = this.#rates.get(c);
    const last = this.last(c);
    return increases === undefined ? last : this.#ratesOf(c, increases);
  }

  #ratesOf(c: number, increases: Float64Array): Float64Array {
    const { slotAt, lastMs, sinceMs } = this.#series;
    const last = this.last(c);
    const before = this.#before.get(c);
    return increases.map((increase, place) => {
      const slot = slotAt[place] as number;
      const seconds = ((lastMs[slot] as number) - (sinceMs[slot] as number)) / 1000;
      return seconds > 0 && !Number.isNaN(last[place] as number)
        ? (increase + (before?.[place] ?? 0)) / seconds
        : Number.NaN;
    });
  }

  /** Marks one row of each entity that has a value: all of them in a family without dimensions. */
  #headsOf(last: Float64Array): Uint8Array {
    if (this.#heads !== undefined) return this.#heads;
    const heads = new Uint8Array(this.size);
    const seen = new Set<number>();
    const single = this.#series.family.dims.length === 0;
    const shown = this.#shownOnly;
    const entityAt = this.#entityAt;
    for (let place = 0; place < last.length; place++) {
      if (Number.isNaN(last[place] as number) || shown?.[place]) continue;
      const entity = entityAt[place] as number;
      if (!single && seen.has(entity)) continue;
      if (!single) seen.add(entity);
      heads[place] = 1;
    }
    this.#heads = heads;
    return heads;
  }
}

function shownOnly({ placed, rows, slotAt, family }: FamilySeries): Uint8Array | undefined {
  let marks: Uint8Array | undefined;
  for (let place = 0; place < placed; place++) {
    const row = rows[slotAt[place] as number];
    const isAside = row?.entity.kind === 'sandbox' && !family.ofNetwork;
    if (!row?.shownOnly && !isAside) continue;
    marks ??= new Uint8Array(placed);
    marks[place] = 1;
  }
  return marks;
}

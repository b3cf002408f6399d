/**
 * The last complete reading of one family of one cgroup: numbers by row, twice, so that a reading that breaks off half-way (the
 * cgroup was removed) leaves the one before it whole. Row objects live as long as their entity and dimensions do.
 */
import type { Family } from '../../src/model/family.ts';
import { type Labels, NO_LABELS } from '../../src/model/labels.ts';
import type { TableBuilder } from '../../src/model/builder.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';

/** Cells after a family's columns that a reader may use for what it needs on the way and nobody gets to see. */
const SCRATCH = 2;

/** More rows than this for one cgroup and family (devices, NUMA nodes) are not kept. */
const MAX_ROWS = 1024;

interface Slot {
  tag: string;
  dims: Labels;
  row: EntityRow | undefined;
  /** Whether what it counts another row of these counts too. */
  inside: boolean;
  /** The last complete reading, and the one under way. */
  cells: Float64Array;
  next: Float64Array;
  /** Which reading filled `cells`, and which began to fill `next`. */
  complete: number;
  begun: number;
}

/** Whose the numbers are, and whether another's hold them too. */
export interface Owner {
  readonly entity: Entity;
  readonly shownOnly: boolean;
}

/** Makes or finds the row of an owner that has no dimensions; shared by all families of a cgroup. */
export type PlainRow = (owner: Owner) => EntityRow;

export class RowSet {
  readonly family: Family;
  readonly #slots = new Map<number, Slot>();
  readonly #plainRow: PlainRow;
  readonly #overflow: Float64Array;
  #reading = 0;
  #timeMs = 0;
  #fresh = false;

  constructor(family: Family, plainRow: PlainRow) {
    this.family = family;
    this.#plainRow = plainRow;
    this.#overflow = new Float64Array(family.columns.length + SCRATCH);
  }

  /** When the last complete reading was made, Unix milliseconds; 0 before the first. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Begins a reading. Until `commit` the one before stays the last. */
  begin(): void {
    this.#reading++;
    this.#fresh = false;
  }

  /**
   * The cells of one row to fill, all absent at its first use in a reading. `tag` is what the dimensions are made of: they are
   * made again when it changes (a device got a name).
   */
  cells(key: number, tag: string, dims: (tag: string) => Labels): Float64Array {
    const slot = this.#slots.get(key) ?? this.#newSlot(key, tag, dims);
    if (slot === undefined) return this.#overflow;
    if (slot.begun !== this.#reading) {
      slot.begun = this.#reading;
      slot.next.fill(Number.NaN);
      if (slot.tag !== tag) Object.assign(slot, { tag, dims: dims(tag), row: undefined });
    }
    return slot.next;
  }

  /** The cells of the only row of a family without dimensions. */
  plainCells(): Float64Array {
    return this.cells(0, '', noDims);
  }

  /** Says of each row begun in this reading whether what it counts others of them count too. Their keys are those of {@link cells}. */
  sortOut(isInside: (key: number, all: ReadonlySet<number>) => boolean): void {
    const all = new Set<number>();
    for (const [key, slot] of this.#slots) if (slot.begun === this.#reading) all.add(key);
    for (const [key, slot] of this.#slots)
      if (slot.begun === this.#reading) slot.inside = all.size > 1 && isInside(key, all);
  }

  /** Makes what was read the last complete reading; rows that were not in it are forgotten. */
  commit(timeMs: number): void {
    for (const [key, slot] of this.#slots) {
      if (slot.begun !== this.#reading) {
        this.#slots.delete(key);
        continue;
      }
      const read = slot.next;
      slot.next = slot.cells;
      slot.cells = read;
      slot.complete = this.#reading;
    }
    this.#timeMs = timeMs;
    this.#fresh = true;
  }

  /** Appends the last reading; when `onlyFresh`, only if it is the one begun last. Rows without a number are left out. */
  emit(into: TableBuilder<Family, EntityRow>, owner: Owner, onlyFresh: boolean): void {
    if (this.#timeMs === 0 || (onlyFresh && !this.#fresh)) return;
    for (const slot of this.#slots.values()) {
      if (slot.complete === 0 || !this.#hasNumbers(slot.cells)) continue;
      into.add(this.#rowOf(slot, owner), this.#timeMs);
      for (let c = 0; c < this.family.columns.length; c++) into.set(c, slot.cells[c] as number);
    }
  }

  #hasNumbers(cells: Float64Array): boolean {
    for (let c = 0; c < this.family.columns.length; c++) if (Number.isFinite(cells[c])) return true;
    return false;
  }

  #rowOf(slot: Slot, owner: Owner): EntityRow {
    if (slot.dims === NO_LABELS) return this.#plainRow(owner);
    const { entity } = owner;
    const shownOnly = owner.shownOnly || slot.inside;
    if (slot.row?.entity !== entity || (slot.row.shownOnly === true) !== shownOnly)
      slot.row = entityRow(entity, slot.dims, shownOnly);
    return slot.row;
  }

  #newSlot(key: number, tag: string, dims: (tag: string) => Labels): Slot | undefined {
    if (this.#slots.size >= MAX_ROWS) return undefined;
    const width = this.family.columns.length + SCRATCH;
    const [cells, next] = [new Float64Array(width), new Float64Array(width)];
    const slot: Slot = { tag, dims: dims(tag), row: undefined, inside: false, cells, next, complete: 0, begun: 0 };
    this.#slots.set(key, slot);
    return slot;
  }
}

function noDims(): Labels {
  return NO_LABELS;
}

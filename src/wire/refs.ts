/**
 * The agent's side of a session's dictionary: which number stands for which family, entity and row. Rows not seen for some batches
 * are given up, an entity with its last row; their numbers are used again, so that numbers stay below the most that lived at once.
 */
import type { FamilyTable } from '../model/batch.ts';
import type { Family } from '../model/family.ts';
import type { Entity, EntityRow } from '../model/table.ts';

export interface EntityRef {
  ref: number;
  readonly entity: Entity;
  /** How many rows refer to it. */
  rows: number;
}

export interface RowRef {
  ref: number;
  readonly row: EntityRow;
  entity: EntityRef | undefined;
  /** The batch in which it was used last, and the table. */
  seen: number;
  table: number;
}

/** What a batch changes in the dictionary, and the rows of its tables. */
export interface Changes {
  readonly removedRows: number[];
  readonly removedEntities: number[];
  readonly families: { readonly ref: number; readonly family: Family }[];
  readonly entities: EntityRef[];
  readonly rows: RowRef[];
  /** Per table of the batch, per row: its reference. */
  readonly tables: readonly (readonly RowRef[])[];
  /** The tables, by their place, that have a row twice, which no collector takes. */
  readonly repeating: ReadonlySet<number>;
}

/** Numbers given out and given back; the one given back last goes out first. */
class Numbers {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  give(number: number): void {
    this.#free.push(number);
  }
}

export class Refs {
  readonly #keep: number;
  readonly #families = new Map<Family, number>();
  readonly #entities = new Map<Entity, EntityRef>();
  readonly #rows = new Map<EntityRow, RowRef>();
  readonly #entityNumbers = new Numbers();
  readonly #rowNumbers = new Numbers();
  #batch = 0;
  #table = 0;

  /** Rows are kept for `keep` batches after the one that used them last. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** How many rows the dictionary holds. */
  get size(): number {
    return this.#rows.size;
  }

  /** The number of a family that was in a batch before. */
  family(family: Family): number {
    return this.#families.get(family) as number;
  }

  /** Takes a batch's tables in, and says what has to be told to the other side. */
  take(tables: readonly FamilyTable[]): Changes {
    this.#batch++;
    const fresh: RowRef[] = [];
    const repeating = new Set<number>();
    const refs = tables.map((table, at) => {
      this.#table++;
      return table.rows.map((row) => {
        const ref = this.#see(row, fresh);
        if (ref.table === this.#table) repeating.add(at);
        ref.table = this.#table;
        return ref;
      });
    });
    // First give up, then number the new ones: the other side applies a body in this order too.
    const { removedRows, removedEntities } = this.#expire();
    const families = this.#newFamilies(tables);
    const entities: EntityRef[] = [];
    for (const row of fresh) {
      row.ref = this.#rowNumbers.take();
      row.entity = this.#entityOf(row.row.entity, entities);
      row.entity.rows++;
    }
    return { removedRows, removedEntities, families, entities, rows: fresh, tables: refs, repeating };
  }

  #see(row: EntityRow, fresh: RowRef[]): RowRef {
    let known = this.#rows.get(row);
    if (known === undefined) {
      known = { ref: -1, row, entity: undefined, seen: this.#batch, table: 0 };
      this.#rows.set(row, known);
      fresh.push(known);
    }
    known.seen = this.#batch;
    return known;
  }

  #expire(): { removedRows: number[]; removedEntities: number[] } {
    const removedRows: number[] = [];
    const removedEntities: number[] = [];
    const oldest = this.#batch - this.#keep;
    for (const [row, { ref, entity, seen }] of this.#rows) {
      if (seen >= oldest) continue;
      this.#rows.delete(row);
      this.#rowNumbers.give(ref);
      removedRows.push(ref);
      if (entity === undefined || --entity.rows > 0) continue;
      this.#entities.delete(entity.entity);
      this.#entityNumbers.give(entity.ref);
      removedEntities.push(entity.ref);
    }
    return { removedRows, removedEntities };
  }

  #newFamilies(tables: readonly FamilyTable[]): { ref: number; family: Family }[] {
    const fresh: { ref: number; family: Family }[] = [];
    for (const { shape } of tables) {
      if (this.#families.has(shape)) continue;
      const ref = this.#families.size;
      this.#families.set(shape, ref);
      fresh.push({ ref, family: shape });
    }
    return fresh;
  }

  #entityOf(entity: Entity, fresh: EntityRef[]): EntityRef {
    let known = this.#entities.get(entity);
    if (known === undefined) {
      known = { ref: this.#entityNumbers.take(), entity, rows: 0 };
      this.#entities.set(entity, known);
      fresh.push(known);
    }
    return known;
  }
}

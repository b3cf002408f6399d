/**
 * Row objects that stay the same from tick to tick, as the caches behind them expect: one per entity and value of the
 * dimension. What is not asked for between two sweeps is forgotten, so the memory follows what is alive.
 */
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';

/** Values of a dimension that one entity may have: a container that makes up interfaces must not fill our memory. */
const MAX_PER_ENTITY = 1024;

interface Held {
  entity: Entity;
  byValue: Map<string, { row: EntityRow; asked: number }>;
  asked: number;
}

export class Rows {
  readonly #dimension: string;
  readonly #max: number;
  readonly #held = new Map<string, Held>();
  #round = 1;
  #refused = 0;

  /** `dimension` is the label that tells the rows of one entity apart, '' when there is one row each. */
  constructor(dimension = '', maxPerEntity = MAX_PER_ENTITY) {
    this.#dimension = dimension;
    this.#max = maxPerEntity;
  }

  /** How many rows were refused because an entity had too many. */
  get refused(): number {
    return this.#refused;
  }

  /** The row of an entity and a value; undefined when the entity has too many values. `shownOnly`: see {@link EntityRow}. */
  of(entity: Entity, value = '', shownOnly = false): EntityRow | undefined {
    const held = this.#heldOf(entity);
    held.asked = this.#round;
    const known = held.byValue.get(value);
    if (known && (known.row.shownOnly === true) === shownOnly) {
      known.asked = this.#round;
      return known.row;
    }
    if (!known && held.byValue.size >= this.#max) {
      this.#refused++;
      return undefined;
    }
    const row = entityRow(entity, value === '' ? NO_LABELS : labels([[this.#dimension, value]]), shownOnly);
    held.byValue.set(value, { row, asked: this.#round });
    return row;
  }

  /** Ends a round: forgets the rows that nobody asked for in it. */
  sweep(): void {
    for (const [key, held] of this.#held) {
      if (held.asked < this.#round) this.#held.delete(key);
      else for (const [value, one] of held.byValue) if (one.asked < this.#round) held.byValue.delete(value);
    }
    this.#round++;
  }

  #heldOf(entity: Entity): Held {
    const held = this.#held.get(entity.key);
    // A new object under a known key is the same container with other labels or another start.
    if (held?.entity === entity) return held;
    const fresh: Held = { entity, byValue: new Map(), asked: this.#round };
    this.#held.set(entity.key, fresh);
    return fresh;
  }
}

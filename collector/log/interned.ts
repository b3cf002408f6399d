/**
 * What segments define again, each anew, as the same objects: texts by number, label sets by those, entities and their rows. For a reader that goes from one
 * segment to the next: to make the labels of thousands of rows again costs more than all of the numbers behind them. Holds what the last two segments had.
 */
import type { Labels } from '../../src/model/labels.ts';
import type { Entity, EntityRow, Row } from '../../src/model/table.ts';

/** A row of an entity on a node. */
export interface OwnedRow {
  readonly node: string;
  readonly row: Row;
  readonly source: EntityRow;
}

export class Interned {
  readonly #texts = new TwoTurns<string, number>();
  /** By a hash of the numbers of their texts; of several with the same the last. */
  readonly #sets = new TwoTurns<number, Labels>();
  readonly #entities = new TwoTurns<string, Entity>();
  /** Mostly one for an entity: those of a table with dimensions are several. */
  readonly #rows = new TwoTurns<Entity, OwnedRow[]>();
  #lastNumber = 0;

  /** A segment begins. */
  turn(): void {
    for (const one of [this.#texts, this.#sets, this.#entities, this.#rows]) one.turn();
  }

  /** A text's number, the same as long as it is held. */
  numberOf(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, ++this.#lastNumber);
    return this.#lastNumber;
  }

  /** The set of these pairs, as they come: name, value, name, value …; made if it is not held. `numbers`: of the same texts. */
  labels(texts: readonly string[], numbers: readonly number[], make: () => Labels): Labels {
    let hash = 0;
    for (const number of numbers) hash = (Math.imul(hash, 31) + number) | 0;
    const known = this.#sets.get(hash);
    if (known !== undefined && isOf(known, texts)) return known;
    const made = make();
    this.#sets.set(hash, made);
    return made;
  }

  /** The same entity as it is held; else this one from now on. */
  entity(made: Entity): Entity {
    const known = this.#entities.get(made.key);
    const { kind, startMs, labels } = made;
    if (known?.kind === kind && known.startMs === startMs && known.labels === labels) return known;
    this.#entities.set(made.key, made);
    return made;
  }

  /** The row of these; made if it is not held. */
  row({ node, entity, dims, shownOnly }: RowParts, make: () => Omit<OwnedRow, 'node'>): OwnedRow {
    let rows = this.#rows.get(entity);
    if (rows === undefined) {
      rows = [];
      this.#rows.set(entity, rows);
    }
    for (const known of rows) {
      const { source } = known;
      if (known.node === node && source.dims === dims && (source.shownOnly === true) === shownOnly) return known;
    }
    const made = { node, ...make() };
    rows.push(made);
    return made;
  }
}

export interface RowParts {
  readonly node: string;
  readonly entity: Entity;
  readonly dims: Labels;
  readonly shownOnly: boolean;
}

function isOf({ names, values }: Labels, texts: readonly string[]): boolean {
  if (2 * names.length !== texts.length) return false;
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== texts[2 * i] || values[i] !== texts[2 * i + 1]) return false;
  }
  return true;
}

/** What was asked for or set since the turn before the last. */
class TwoTurns<K, V> {
  #now = new Map<K, V>();
  #before = new Map<K, V>();

  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  get(key: K): V | undefined {
    const now = this.#now.get(key);
    if (now !== undefined) return now;
    const before = this.#before.get(key);
    if (before !== undefined) this.#now.set(key, before);
    return before;
  }

  set(key: K, value: V): void {
    this.#now.set(key, value);
  }
}

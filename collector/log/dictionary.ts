/**
 * What a segment says once and then only names: texts, label sets, entities. A thing is written where it first occurs, behind a 0, and from
 * then on as its number; a writer and a reader that begin with the same segment number alike.
 */
import { type Labels, labels, NO_LABELS, pairsOf } from '../../src/model/labels.ts';
import type { Entity, EntityKind } from '../../src/model/table.ts';
import type { Reader } from '../../src/wire/reader.ts';
import type { Writer } from '../../src/wire/writer.ts';
import { Interned, type OwnedRow, type RowParts } from './interned.ts';

const KINDS: readonly EntityKind[] = ['container', 'host', 'cgroup', 'sandbox'];
/** Longest text of a record. */
const TEXT_BYTES = 1 << 24;

/** The writing side. */
export class Definitions {
  readonly #out: Writer;
  readonly #texts = new Map<string, number>();
  readonly #labels = new Map<string, number>();
  readonly #entities = new Map<Entity, number>();

  constructor(out: Writer) {
    this.#out = out;
  }

  text(value: string): void {
    if (this.#known(this.#texts, value)) return;
    this.#out.text(value);
  }

  labels(set: Labels): void {
    if (this.#known(this.#labels, set.key)) return;
    this.#out.varint(set.names.length);
    for (const [name, value] of pairsOf(set)) {
      this.text(name);
      this.text(value);
    }
  }

  entity(entity: Entity): void {
    if (this.#known(this.#entities, entity)) return;
    this.#out.byte(KINDS.indexOf(entity.kind));
    this.text(entity.key);
    this.#out.float64(entity.startMs);
    this.labels(entity.labels);
  }

  /** Writes the number of what is known, or a 0 for what will be. */
  #known<K>(numbers: Map<K, number>, key: K): boolean {
    const number = numbers.get(key);
    this.#out.varint(number ?? 0);
    if (number === undefined) numbers.set(key, numbers.size + 1);
    return number !== undefined;
  }
}

/** With its number over segments. */
interface Text {
  readonly text: string;
  readonly number: number;
}

/** The reading side. */
export class Defined {
  readonly #texts: Text[] = [];
  readonly #labels: Labels[] = [];
  readonly #entities: Entity[] = [];
  readonly #interned: Interned;
  readonly #sharesRows: boolean;

  /** `interned`: with what other segments have defined. Rows of several tables are then one object, if they are of the same. */
  constructor(interned?: Interned) {
    this.#interned = interned ?? new Interned();
    this.#interned.turn();
    this.#sharesRows = interned !== undefined;
  }

  /** The row of an entity. Its labels are made once for all tables: those of a container, and its journal, have the same. */
  row(parts: RowParts, make: () => Omit<OwnedRow, 'node'>): OwnedRow {
    const known = this.#interned.row(parts, make);
    if (this.#sharesRows) return known;
    return { ...known, row: { ...known.row }, source: { ...known.source } };
  }

  text(reader: Reader): string {
    return this.#text(reader).text;
  }

  #text(reader: Reader): Text {
    return this.#named(this.#texts, reader, () => {
      const text = reader.text('text', TEXT_BYTES);
      return { text, number: this.#interned.numberOf(text) };
    });
  }

  labels(reader: Reader): Labels {
    return this.#named(this.#labels, reader, () => {
      const count = reader.count('labels', Number.MAX_SAFE_INTEGER);
      if (count === 0) return NO_LABELS;
      const all = Array.from({ length: 2 * count }, () => this.#text(reader));
      const texts = all.map(({ text }) => text);
      const numbers = all.map(({ number }) => number);
      return this.#interned.labels(texts, numbers, () => labels(pairsIn(texts)));
    });
  }

  entity(reader: Reader): Entity {
    return this.#named(this.#entities, reader, () => {
      const kind = KINDS[reader.byte('kind of an entity')];
      if (kind === undefined) throw new Error('an entity of an unknown kind');
      const [key, startMs] = [this.text(reader), reader.float64('start')];
      return this.#interned.entity({ kind, key, startMs, labels: this.labels(reader) });
    });
  }

  #named<T>(list: T[], reader: Reader, read: () => T): T {
    const number = reader.varint('reference');
    if (number > 0) {
      const known = list[number - 1];
      if (known === undefined) throw new Error(`reference ${number} of ${list.length}`);
      return known;
    }
    // Its number is that of its place in the order of beginning, as the writer counts: parts of it come later.
    const at = list.length;
    list.push(undefined as T);
    const made = read();
    list[at] = made;
    return made;
  }
}

function* pairsIn(texts: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i < texts.length; i += 2) yield [texts[i] as string, texts[i + 1] as string];
}

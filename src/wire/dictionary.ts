/**
 * The collector's side of a session's dictionary. Changes are made at once and taken back if the body turns out to be bad. Two
 * rows that say the same are one object, also across a reset, because the aggregation hangs its state on them.
 */
import { WireError } from '../errors.ts';
import type { Family } from '../model/family.ts';
import type { Labels } from '../model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../model/table.ts';
import { atMost, type WireLimits } from './limits.ts';

/** A family as the agent described it. */
export interface WireFamily {
  readonly name: string;
  /** Ours of that name, or undefined. */
  readonly family: Family | undefined;
  /** Per column of theirs: the number of ours with that field, or -1. */
  readonly columns: readonly number[];
}

interface EntitySlot {
  readonly entity: Entity;
  readonly bytes: number;
  rows: number;
}

interface RowSlot {
  readonly row: EntityRow;
  readonly entityRef: number;
  readonly bytes: number;
}

interface Said {
  readonly entityRef: number;
  readonly dims: Labels;
  readonly shownOnly: boolean;
}

interface SharedRow {
  readonly row: EntityRow;
  uses: number;
}

/** Where a definition stands, and how many bytes of text it brought. */
export interface Place {
  readonly ref: number;
  readonly bytes: number;
}

export class Dictionary {
  readonly #limits: WireLimits;
  readonly #families = new Map<number, WireFamily>();
  readonly #entities = new Map<number, EntitySlot>();
  readonly #rows = new Map<number, RowSlot>();
  readonly #shared = new Map<string, SharedRow>();
  #bytes = 0;
  #undo: (() => void)[] = [];
  #previous: Heirloom | undefined;

  /** An empty dictionary; `previous` is the one it replaces, whose objects live on where they are described again. */
  constructor(limits: WireLimits, previous?: Dictionary) {
    this.#limits = limits;
    this.#previous = previous && { dictionary: previous, refs: previous.#refsByContent() };
  }

  /** How many entities and rows are defined. */
  get size(): { readonly entities: number; readonly rows: number } {
    return { entities: this.#entities.size, rows: this.#rows.size };
  }

  /** All changes since the last commit hold. */
  commit(): void {
    this.#undo = [];
    this.#previous = undefined;
  }

  /** Takes all changes since the last commit back. */
  rollback(): void {
    for (let i = this.#undo.length - 1; i >= 0; i--) this.#undo[i]?.();
    this.#undo = [];
  }

  family(ref: number): WireFamily {
    return this.#families.get(ref) ?? undefined_('family', ref);
  }

  row(ref: number): EntityRow {
    return (this.#rows.get(ref) ?? undefined_('row', ref)).row;
  }

  addFamily({ ref, bytes }: Place, family: WireFamily): void {
    this.#vacant('family', this.#families, { ref, limit: this.#limits.families });
    this.#grow(bytes);
    this.#families.set(ref, family);
    this.#undo.push(() => {
      this.#families.delete(ref);
      this.#bytes -= bytes;
    });
  }

  addEntity({ ref, bytes }: Place, described: Entity): void {
    this.#vacant('entity', this.#entities, { ref, limit: this.#limits.entities });
    this.#grow(bytes);
    this.#entities.set(ref, {
      entity: this.#previous?.refs.get(content(described))?.entity ?? described,
      bytes,
      rows: 0,
    });
    this.#undo.push(() => {
      this.#entities.delete(ref);
      this.#bytes -= bytes;
    });
  }

  addRow({ ref, bytes }: Place, entityRef: number, dims: Labels): void {
    this.#vacant('row', this.#rows, { ref, limit: this.#limits.rows });
    const slot = this.#entities.get(entityRef) ?? undefined_('entity', entityRef);
    this.#grow(bytes);
    this.#link({ row: this.#share(slot.entity, { entityRef, dims, shownOnly: false }), entityRef, bytes }, ref);
    this.#undo.push(() => this.#unlink(ref));
  }

  /** From now on the row's numbers are not added to groups. */
  showOnly(ref: number): void {
    const slot = this.#rows.get(ref) ?? undefined_('row', ref);
    const { entityRef, row } = slot;
    const { entity } = this.#entities.get(entityRef) as EntitySlot;
    const shown = this.#share(entity, { entityRef, dims: row.dims, shownOnly: true });
    this.#unlink(ref);
    this.#link({ ...slot, row: shown }, ref);
    this.#bytes += slot.bytes;
    this.#undo.push(() => {
      this.#unlink(ref);
      this.#link(slot, ref);
      this.#bytes += slot.bytes;
    });
  }

  removeRow(ref: number): void {
    const slot = this.#rows.get(ref) ?? undefined_('row', ref);
    this.#unlink(ref);
    this.#undo.push(() => {
      this.#bytes += slot.bytes;
      this.#link(slot, ref);
    });
  }

  removeEntity(ref: number): void {
    const slot = this.#entities.get(ref) ?? undefined_('entity', ref);
    if (slot.rows > 0)
      throw new WireError('bad_reference', `entity ${ref} is removed while ${slot.rows} rows refer to it`);
    this.#entities.delete(ref);
    this.#bytes -= slot.bytes;
    this.#undo.push(() => {
      this.#entities.set(ref, slot);
      this.#bytes += slot.bytes;
    });
  }

  #vacant(what: string, slots: ReadonlyMap<number, unknown>, { ref, limit }: { ref: number; limit: number }): void {
    if (slots.has(ref)) throw new WireError('bad_reference', `${what} ${ref} is defined twice`);
    atMost(`the number of a ${what}`, ref, limit - 1);
  }

  #grow(bytes: number): void {
    atMost('bytes of text in the session’s dictionary', this.#bytes + bytes, this.#limits.dictionaryBytes);
    this.#bytes += bytes;
  }

  /** The one object for what a row says. */
  #share(entity: Entity, { entityRef, dims, shownOnly }: Said): EntityRow {
    const here = this.#shared.get(sharedKey(entityRef, dims, shownOnly));
    if (here) return here.row;
    const previous = this.#previous;
    const before = previous?.refs.get(content(entity));
    const old =
      previous && before ? previous.dictionary.#shared.get(sharedKey(before.ref, dims, shownOnly)) : undefined;
    return old?.row ?? entityRow(entity, dims, shownOnly);
  }

  #link(slot: RowSlot, ref: number): void {
    this.#rows.set(ref, slot);
    (this.#entities.get(slot.entityRef) as EntitySlot).rows++;
    const key = sharedKey(slot.entityRef, slot.row.dims, slot.row.shownOnly);
    const shared = this.#shared.get(key);
    if (shared) shared.uses++;
    else this.#shared.set(key, { row: slot.row, uses: 1 });
  }

  #unlink(ref: number): void {
    const slot = this.#rows.get(ref) as RowSlot;
    this.#rows.delete(ref);
    this.#bytes -= slot.bytes;
    (this.#entities.get(slot.entityRef) as EntitySlot).rows--;
    const key = sharedKey(slot.entityRef, slot.row.dims, slot.row.shownOnly);
    const shared = this.#shared.get(key) as SharedRow;
    if (--shared.uses === 0) this.#shared.delete(key);
  }

  #refsByContent(): Map<string, { ref: number; entity: Entity }> {
    const refs = new Map<string, { ref: number; entity: Entity }>();
    for (const [ref, { entity }] of this.#entities) refs.set(content(entity), { ref, entity });
    return refs;
  }
}

/** The dictionary before a reset, and where its entities are, by what they say. */
interface Heirloom {
  readonly dictionary: Dictionary;
  readonly refs: ReadonlyMap<string, { readonly ref: number; readonly entity: Entity }>;
}

/** Injective: the parts before the labels' key have no free ends. */
function content({ key, kind, startMs, labels }: Entity): string {
  return `${kind} ${startMs} ${key.length}:${key}${labels.key}`;
}

function sharedKey(entityRef: number, dims: Labels, shownOnly = false): string {
  return `${shownOnly ? 'shown' : 'counted'} ${entityRef} ${dims.key}`;
}

function undefined_(what: string, ref: number): never {
  throw new WireError('bad_reference', `${what} ${ref} is not defined in this session`);
}

/**
 * The collector's side of a session's dictionary. Changes are made at once and taken back if the body turns out to be bad. Two
 * rows that say the same are one object, also across a reset, because the aggregation hangs its state on them.
 */
import { WireError } from '../errors.ts';
import type { Family } from '../model/family.ts';
import type { Labels } from '../model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../model/table.ts';
import { atMost, type WireLimits } from './limits.ts';
import { type Allowance, entityBytes, familyBytes, rowBytes, UNBOUNDED } from './memory.ts';

/** A family as the agent described it. */
export interface WireFamily {
  readonly name: string;
  /** Ours of that name, or undefined. */
  readonly family: Family | undefined;
  /** Per column of theirs: the number of ours with that field, or -1. */
  readonly columns: readonly number[];
}

/** What a definition takes: bytes of text against the session's limit, and memory. */
interface Cost {
  readonly bytes: number;
  readonly memory: number;
}

interface EntitySlot extends Cost {
  readonly entity: Entity;
  rows: number;
}

interface RowSlot extends Cost {
  readonly row: EntityRow;
  readonly entityRef: number;
  /** The table that named it last. */
  usedIn: number;
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
  readonly #allowance: Allowance;
  #bytes = 0;
  #memory = 0;
  /** Since the last commit: memory of definitions that were removed, and of those taken over from the dictionary before. */
  #parted = 0;
  #inherited = 0;
  #tables = 0;
  #undo: (() => void)[] = [];
  #previous: Heirloom | undefined;

  /** An empty dictionary; `previous` is the one it replaces, whose objects live on where they are described again. */
  constructor(limits: WireLimits, allowance: Allowance = UNBOUNDED, previous?: Dictionary) {
    this.#limits = limits;
    this.#allowance = allowance;
    this.#previous = previous && { dictionary: previous, refs: previous.#refsByContent() };
  }

  /** How many entities and rows are defined. */
  get size(): { readonly entities: number; readonly rows: number } {
    return { entities: this.#entities.size, rows: this.#rows.size };
  }

  /** The memory that the definitions take of the allowance, in bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** All changes since the last commit hold. */
  commit(): void {
    // Of the dictionary before, what is not taken over goes.
    const gone = this.#previous === undefined ? 0 : this.#previous.dictionary.memory - this.#inherited;
    this.#allowance.give(gone);
    this.#allowance.linger(this.#parted + gone);
    this.#parted = 0;
    this.#inherited = 0;
    this.#undo = [];
    this.#previous = undefined;
  }

  /** Takes all changes since the last commit back. */
  rollback(): void {
    // A new one is let go of whole: what it took over is still the one before's.
    if (this.#previous !== undefined) this.#allowance.give(this.#memory - this.#inherited);
    else for (let i = this.#undo.length - 1; i >= 0; i--) this.#undo[i]?.();
    this.#undo = [];
    this.#parted = 0;
  }

  family(ref: number): WireFamily {
    return this.#families.get(ref) ?? undefined_('family', ref);
  }

  /** A table begins: it may name each row once. */
  beginTable(): void {
    this.#tables++;
  }

  row(ref: number): EntityRow {
    const slot = this.#rows.get(ref) ?? undefined_('row', ref);
    // Three bytes of a body would be a row's memory until its window closes, as often as they are repeated.
    if (slot.usedIn === this.#tables) throw new WireError('bad_reference', `row ${ref} is twice in one table`);
    slot.usedIn = this.#tables;
    return slot.row;
  }

  addFamily({ ref, bytes }: Place, family: WireFamily, fields: readonly string[] = []): void {
    this.#vacant('family', this.#families, { ref, limit: this.#limits.families });
    const cost = { bytes, memory: familyBytes(family.name, fields) };
    this.#grow(cost, this.#previous !== undefined);
    this.#families.set(ref, family);
    this.#undo.push(() => {
      this.#families.delete(ref);
      this.#shrink(cost);
    });
  }

  addEntity({ ref, bytes }: Place, described: Entity): void {
    this.#vacant('entity', this.#entities, { ref, limit: this.#limits.entities });
    const cost = { bytes, memory: entityBytes(described) };
    const known = this.#previous?.refs.get(content(described))?.entity;
    this.#grow(cost, known !== undefined);
    this.#entities.set(ref, { entity: known ?? described, ...cost, rows: 0 });
    this.#undo.push(() => {
      this.#entities.delete(ref);
      this.#shrink(cost);
    });
  }

  addRow({ ref, bytes }: Place, entityRef: number, dims: Labels): void {
    this.#vacant('row', this.#rows, { ref, limit: this.#limits.rows });
    const slot = this.#entities.get(entityRef) ?? undefined_('entity', entityRef);
    // Asked for before the row is made: with dimensions it repeats all its entity's labels.
    const cost = { bytes, memory: rowBytes(slot.entity, dims) };
    const known = this.#before(slot.entity, { entityRef, dims, shownOnly: false });
    this.#grow(cost, known !== undefined);
    const row = this.#shared.get(sharedKey(entityRef, dims))?.row ?? known ?? entityRow(slot.entity, dims);
    this.#link({ row, entityRef, ...cost, usedIn: 0 }, ref);
    this.#undo.push(() => this.#unlink(ref));
  }

  /** From now on the row's numbers are not added to groups. */
  showOnly(ref: number): void {
    const slot = this.#rows.get(ref) ?? undefined_('row', ref);
    const { entityRef, row } = slot;
    const said: Said = { entityRef, dims: row.dims, shownOnly: true };
    const { entity } = this.#entities.get(entityRef) as EntitySlot;
    const known = this.#shared.get(sharedKey(entityRef, row.dims, true))?.row ?? this.#before(entity, said);
    this.#exchange(ref, slot, { ...slot, row: known ?? entityRow(entity, row.dims, true) });
    this.#undo.push(() => this.#exchange(ref, slot, slot));
  }

  /** Another row in the place of one, which costs the same. */
  #exchange(ref: number, { bytes, memory }: Cost, slot: RowSlot): void {
    this.#unlink(ref);
    this.#link(slot, ref);
    this.#shrink({ bytes, memory }, -1);
  }

  removeRow(ref: number): void {
    const slot = this.#rows.get(ref) ?? undefined_('row', ref);
    this.#unlink(ref);
    this.#parted += slot.memory;
    this.#undo.push(() => {
      this.#shrink(slot, -1);
      this.#link(slot, ref);
    });
  }

  removeEntity(ref: number): void {
    const slot = this.#entities.get(ref) ?? undefined_('entity', ref);
    if (slot.rows > 0)
      throw new WireError('bad_reference', `entity ${ref} is removed while ${slot.rows} rows refer to it`);
    this.#entities.delete(ref);
    this.#shrink(slot);
    this.#parted += slot.memory;
    this.#undo.push(() => {
      this.#entities.set(ref, slot);
      this.#shrink(slot, -1);
    });
  }

  #vacant(what: string, slots: ReadonlyMap<number, unknown>, { ref, limit }: { ref: number; limit: number }): void {
    if (slots.has(ref)) throw new WireError('bad_reference', `${what} ${ref} is defined twice`);
    atMost(`the number of a ${what}`, ref, limit - 1);
  }

  /** What is `inherited` is there already, and paid for; only once, though it may be described twice. */
  #grow({ bytes, memory }: Cost, inherited: boolean): void {
    atMost('bytes of text in the session’s dictionary', this.#bytes + bytes, this.#limits.dictionaryBytes);
    const paid = inherited && this.#inherited + memory <= (this.#previous?.dictionary.memory ?? 0);
    if (paid) this.#inherited += memory;
    else this.#allowance.take(memory);
    this.#bytes += bytes;
    this.#memory += memory;
  }

  /** Gives back what a definition took; `times` -1 takes a giving back back. */
  #shrink({ bytes, memory }: Cost, times = 1): void {
    this.#allowance.give(times * memory);
    this.#bytes -= times * bytes;
    this.#memory -= times * memory;
  }

  /** The object that said the same before a reset. */
  #before(entity: Entity, { dims, shownOnly }: Said): EntityRow | undefined {
    const previous = this.#previous;
    const before = previous?.refs.get(content(entity));
    return previous && before
      ? previous.dictionary.#shared.get(sharedKey(before.ref, dims, shownOnly))?.row
      : undefined;
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
    this.#shrink(slot);
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

/**
 * The rows of one namespace's interfaces, found by the name's bytes. A namespace lists its interfaces in the same order each
 * time, so the row is nearly always the one at the same place as before, and no string is made. Which of them count is asked when the
 * names have changed, and when somebody says that it is time.
 */
import { labels } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Judgement, Standing } from './standing.ts';

/** One interface; without a row while it does not count. */
export interface Slot {
  readonly name: Buffer;
  /** As net/dev had them last. */
  readonly values: Float64Array;
  standing: Standing;
  row: EntityRow | undefined;
}

/** A namespace that is made to have more than this has the rest left out. */
const MAX_NAMES = 8192;

export class Interfaces {
  readonly entity: Entity;
  readonly #max: number;
  readonly #shownOnly: boolean;
  #before: Slot[] = [];
  #now: Slot[] = [];
  /** Where in the reading before the next name is expected. */
  #next = 0;
  #changed = false;
  #refused = 0;

  /** At most `max` interfaces get a row. `shownOnly`: all of it passes through another container's. */
  constructor(entity: Entity, max: number, shownOnly = false) {
    this.entity = entity;
    this.#max = max;
    this.#shownOnly = shownOnly;
  }

  /** Begins a reading; interfaces that the one before did not have are forgotten. */
  begin(): void {
    const reused = this.#before;
    this.#before = this.#now;
    reused.length = 0;
    this.#now = reused;
    this.#next = 0;
    this.#changed = false;
  }

  /** Takes the interface named `bytes[from, to)`; false beyond what is kept. `values` are copied. */
  take(bytes: Buffer, { from, to }: { from: number; to: number }, values: Float64Array): boolean {
    if (this.#now.length >= MAX_NAMES) return false;
    let slot = this.#before[this.#next];
    if (slot && isName(slot, bytes, { from, to })) this.#next++;
    else slot = this.#search(bytes, { from, to });
    slot.values.set(values);
    this.#now.push(slot);
    return true;
  }

  /** Ends a reading: how many interfaces that count had no room for a row. `again`: judges although no name has changed. */
  end(judge: Judgement, again = false): number {
    const changed = this.#changed || this.#now.length !== this.#before.length;
    if (changed || again) this.#refused = this.#judge(judge);
    return this.#refused;
  }

  /** Those of the reading that ended last that have a row. */
  *rows(): IterableIterator<Slot & { readonly row: EntityRow }> {
    for (const slot of this.#now) if (slot.row) yield slot as Slot & { readonly row: EntityRow };
  }

  #judge(judge: Judgement): number {
    const standings = judge(this.#now.map(({ name }) => name.toString('utf8')));
    let room = this.#max;
    let refused = 0;
    this.#now.forEach((slot, i) => {
      const standing = standings[i] as Standing;
      const fits = standing !== 'hidden' && room > 0;
      if (fits) room--;
      else if (standing !== 'hidden') refused++;
      if (fits && slot.row && slot.standing === standing) return;
      slot.standing = standing;
      slot.row = fits ? this.#rowOf(slot.name, standing) : undefined;
    });
    return refused;
  }

  #rowOf(name: Buffer, standing: Standing): EntityRow {
    return entityRow(
      this.entity,
      labels([['interface', name.toString('utf8')]]),
      this.#shownOnly || standing === 'shown',
    );
  }

  /** Not where it was: one before it has come or gone. */
  #search(bytes: Buffer, { from, to }: { from: number; to: number }): Slot {
    this.#changed = true;
    const at = this.#before.findIndex((one) => isName(one, bytes, { from, to }));
    if (at >= 0) {
      this.#next = at + 1;
      return this.#before[at] as Slot;
    }
    const name = Buffer.from(bytes.subarray(from, to));
    return { name, values: new Float64Array(FIELDS), standing: 'hidden', row: undefined };
  }
}

/** Numbers in a line of net/dev. */
const FIELDS = 16;

function isName(slot: Slot, bytes: Buffer, { from, to }: { from: number; to: number }): boolean {
  const { name } = slot;
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
}

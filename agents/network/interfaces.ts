/**
 * The rows of one namespace's interfaces, found by the name's bytes. A namespace lists its interfaces in the same order each
 * time, so the row is nearly always the one at the same place as before, and no string is made.
 */
import { labels } from '../../src/model/labels.ts';
import { type Entity, type EntityRow, entityRow } from '../../src/model/table.ts';

interface Slot {
  readonly name: Buffer;
  readonly row: EntityRow;
}

export class Interfaces {
  readonly entity: Entity;
  readonly #max: number;
  #before: Slot[] = [];
  #now: Slot[] = [];

  /** At most `max` interfaces get a row. */
  constructor(entity: Entity, max: number) {
    this.entity = entity;
    this.#max = max;
  }

  /** Begins a reading; interfaces that the one before did not have are forgotten. */
  begin(): void {
    const reused = this.#before;
    this.#before = this.#now;
    reused.length = 0;
    this.#now = reused;
  }

  /** The row of the interface named `bytes[from, to)`; undefined beyond the cap. */
  rowOf(bytes: Buffer, from: number, to: number): EntityRow | undefined {
    if (this.#now.length >= this.#max) return undefined;
    const expected = this.#before[this.#now.length];
    const slot =
      expected && isName(expected, bytes, { from, to })
        ? expected
        : (this.#before.find((one) => isName(one, bytes, { from, to })) ?? this.#create(bytes.subarray(from, to)));
    this.#now.push(slot);
    return slot.row;
  }

  #create(name: Buffer): Slot {
    const dims = labels([['interface', name.toString('utf8')]]);
    return { name: Buffer.from(name), row: entityRow(this.entity, dims) };
  }
}

function isName(slot: Slot, bytes: Buffer, { from, to }: { from: number; to: number }): boolean {
  return slot.name.length === to - from && bytes.compare(slot.name, 0, slot.name.length, from, to) === 0;
}

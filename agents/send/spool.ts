/**
 * The batches that are not known to be durable at the collector, oldest first: those that it has taken and may lose, then those that
 * wait to be sent. A batch is in memory, or on disk once it has been written there. Memory is bounded in batches and bytes; this only keeps the
 * order and the books: writing and reading is others' work.
 */
import type { Batch } from '../../src/model/batch.ts';
import type { Place } from './disk.ts';
import type { About } from './records.ts';

/** A batch that is kept. */
export interface Held {
  readonly about: About;
  /** In memory; undefined when it is on disk. */
  batch: Batch | undefined;
  place: Place | undefined;
  /** The collector has it, not durable yet; what it dropped of it, in samples by reason. */
  taken: ReadonlyMap<string, number> | undefined;
  /** When it was offered, in monotonic milliseconds. */
  readonly sinceMs: number;
  readonly bytes: number;
}

export interface SpoolOptions {
  readonly maxBatches: number;
  readonly maxBytes: number;
}

export interface SpoolSize {
  /** All that is kept, in memory and on disk. */
  readonly batches: number;
  readonly samples: number;
  /** Of what is in memory. */
  readonly bytes: number;
  /** Those that the collector has taken and that are not durable. */
  readonly taken: number;
}

/** What an empty batch, and an empty table, take. */
const BATCH_BYTES = 200;
const TABLE_BYTES = 400;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #all: Held[] = [];
  /** So many of the first are taken. */
  #taken = 0;
  #sending: Held | undefined;
  /** The session of what is put in; all others are of earlier runs. */
  #own: string | undefined;
  #samples = 0;
  #inMemory = 0;
  #bytes = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  get size(): SpoolSize {
    return { batches: this.#all.length, samples: this.#samples, bytes: this.#bytes, taken: this.#taken };
  }

  /** How many wait to be sent. */
  get waiting(): number {
    return this.#all.length - this.#taken;
  }

  /** Puts a batch at the end. Answers what had to make room in memory, oldest first, possibly the new one; it is kept no more. */
  append(batch: Batch, samples: number, sinceMs: number): readonly Held[] {
    const { node, session, seq, timeMs } = batch;
    const bytes = bytesOf(batch);
    const about = { node, session, seq, timeMs, samples };
    this.#own = session;
    this.#add({ about, batch, place: undefined, taken: undefined, sinceMs, bytes });
    const displaced: Held[] = [];
    while (this.#inMemory > this.#options.maxBatches || this.#bytes > this.#options.maxBytes) {
      // The one that is on its way stays.
      const oldest = this.#all.find((held) => held.batch !== undefined && held !== this.#sending);
      if (oldest === undefined) break;
      this.remove(oldest);
      displaced.push(oldest);
    }
    return displaced;
  }

  /** What an earlier run left on disk: it is sent before all that waits, but for the one that is on its way. */
  restore(places: readonly Place[], sinceMs: number): void {
    const first = this.#all[this.#taken];
    let at = this.#taken + (first !== undefined && first === this.#sending ? 1 : 0);
    for (const place of places)
      this.#add({ about: place.about, batch: undefined, place, taken: undefined, sinceMs, bytes: 0 }, at++);
  }

  /** The oldest that waits, which is on its way from now on until it is `taken` or removed; undefined if there is none. */
  next(): Held | undefined {
    this.#sending = this.#all[this.#taken];
    return this.#sending;
  }

  /** The collector has the one that is on its way. */
  taken(dropped: ReadonlyMap<string, number>): void {
    const held = this.#sending;
    this.#sending = undefined;
    // It may have been displaced, and counted, meanwhile.
    if (held === undefined || this.#all[this.#taken] !== held) return;
    held.taken = dropped;
    this.#taken++;
  }

  /** Those that are durable when that one is: all that were taken up to it. They are kept no more. */
  durable(session: string, seq: number): readonly Held[] {
    for (let i = this.#taken - 1; i >= 0; i--) {
      const { about } = this.#all[i] as Held;
      if (about.session === session && about.seq <= seq) return this.#cutUpTo(i + 1, session);
    }
    return [];
  }

  /** A session stands for those before it. For ours, which may have been sending before what was left was found, no other does. */
  #cutUpTo(count: number, session: string): Held[] {
    const isOurs = ({ about }: Held): boolean => about.session === this.#own && session !== this.#own;
    const stay = this.#all.slice(0, count).filter(isOurs);
    const cut = this.#all.splice(0, count, ...stay).filter((held) => !isOurs(held));
    this.#taken -= cut.length;
    for (const held of cut) this.#forget(held);
    return cut;
  }

  /** All that were taken: the collector says nothing of what is durable. */
  allTaken(): readonly Held[] {
    return this.#cut(this.#taken);
  }

  /** What was taken is lost: it is to be sent again. */
  rewind(): void {
    for (const held of this.#all.slice(0, this.#taken)) held.taken = undefined;
    this.#taken = 0;
    this.#sending = undefined;
  }

  /** False if it was not kept any more. */
  remove(held: Held): boolean {
    const at = this.#all.indexOf(held);
    if (at < 0) return false;
    this.#all.splice(at, 1);
    if (at < this.#taken) this.#taken--;
    this.#forget(held);
    return true;
  }

  /** Whose place on disk that is. */
  at(place: Place): Held | undefined {
    return this.#all.find((held) => held.place === place);
  }

  /** Those in memory alone that were offered then or before, oldest first. */
  inMemorySince(sinceMs: number): Held[] {
    return this.#all.filter((held) => held.batch !== undefined && held.sinceMs <= sinceMs);
  }

  /** It is on disk now; false if it is not kept any more. */
  stored(held: Held, place: Place): boolean {
    if (!this.#all.includes(held)) return false;
    this.#inMemory--;
    this.#bytes -= held.bytes;
    held.batch = undefined;
    held.place = place;
    return true;
  }

  #add(held: Held, at = this.#all.length): void {
    this.#all.splice(at, 0, held);
    this.#samples += held.about.samples;
    if (held.batch === undefined) return;
    this.#inMemory++;
    this.#bytes += held.bytes;
  }

  #cut(count: number): Held[] {
    const cut = this.#all.splice(0, count);
    this.#taken -= count;
    for (const held of cut) this.#forget(held);
    return cut;
  }

  #forget(held: Held): void {
    this.#samples -= held.about.samples;
    if (held.batch === undefined) return;
    this.#inMemory--;
    this.#bytes -= held.bytes;
  }
}

/** Memory of a batch's own arrays; its rows belong to the sources. */
function bytesOf(batch: Batch): number {
  return batch.tables.reduce(
    (sum, { rows, values }) => sum + TABLE_BYTES + 8 * (values.length + 2 * rows.length),
    BATCH_BYTES,
  );
}

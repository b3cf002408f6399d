/**
 * Batches from memory to disk: those that are not durable after a while, and at the stop all that are left. Each is written as a full body, which
 * needs no other. A disk that takes nothing is said once and tried again with every tick; the batches stay in memory meanwhile.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import type { Disk, Place } from './disk.ts';
import type { Ledger } from './ledger.ts';
import type { Held, Spool } from './spool.ts';

const gzipAsync = promisify(gzip);

export interface SpillTimes {
  readonly tickMs: number;
  /** How long a batch may be in memory alone; if not given three ticks, and longer where the collector needs longer by itself. */
  readonly afterMs?: number | undefined;
}

export interface SpillerOptions extends SpillTimes {
  readonly spool: Spool;
  readonly disk: Disk;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
}

/** The answer that tells comes with a tick, and takes its time. */
const ANSWER_TICKS = 1.5;
const TICKS = 3;

export class Spiller {
  readonly #options: SpillerOptions;
  /** What the collector needs by itself until a batch is durable. */
  #durableAfterMs = 0;
  #running: Promise<void> | undefined;
  #trouble = false;
  /** Those that no full body can be made of: the sender will find that out, too. */
  readonly #unwritable = new WeakSet<Held>();

  constructor(options: SpillerOptions) {
    this.#options = options;
  }

  /** The collector says how long it needs by itself. */
  expect(durableAfterMs: number): void {
    this.#durableAfterMs = durableAfterMs;
  }

  /** Writes what is due, if there is any. Does not wait and does not throw. */
  look(): void {
    if (this.#running !== undefined || (this.#due().length === 0 && this.#options.disk.size.batches === 0)) return;
    this.#running = this.#run(() => this.#due()).finally(() => {
      this.#running = undefined;
    });
  }

  /** Writes all that is in memory; never rejects. */
  async flush(): Promise<void> {
    await this.#running;
    const all = this.#options.spool.inMemorySince(Number.POSITIVE_INFINITY);
    if (all.length > 0) await this.#run(() => all);
  }

  #due(): Held[] {
    const { spool, clock, tickMs, afterMs } = this.#options;
    const usualMs = Math.max((TICKS - 1) * tickMs, this.#durableAfterMs) + ANSWER_TICKS * tickMs;
    return spool.inMemorySince(clock.monotonic() - (afterMs ?? usualMs));
  }

  async #run(due: () => Held[]): Promise<void> {
    const { disk, log, ledger } = this.#options;
    try {
      this.#giveUp(await disk.expire(), 'spool_age');
      for (const held of due()) await this.#write(held);
      if (this.#trouble) log.info({}, 'batches can be kept on disk again');
      this.#trouble = false;
    } catch (error) {
      ledger.spoolErrors++;
      if (!this.#trouble)
        log.warn(
          { err: error },
          `batches cannot be kept on disk and stay in memory, where the oldest go when it is full: ${wordsOf(error)}`,
        );
      this.#trouble = true;
    }
  }

  async #write(held: Held): Promise<void> {
    const { spool, disk } = this.#options;
    const body = await this.#bodyOf(held);
    if (body === undefined) return;
    const { place, displaced } = await disk.keep(held.about, body);
    if (!spool.stored(held, place)) await disk.release(place);
    this.#giveUp(displaced, 'spool_full');
  }

  async #bodyOf(held: Held): Promise<Buffer | undefined> {
    const { batch } = held;
    if (batch === undefined || this.#unwritable.has(held)) return undefined;
    const { node, session } = batch;
    let body: Uint8Array;
    try {
      body = createEncoder({ node, session }).encode(batch, { full: true });
    } catch {
      this.#unwritable.add(held);
      return undefined;
    }
    return gzipAsync(body, { level: 1 });
  }

  #giveUp(places: readonly Place[], reason: string): void {
    const { spool, ledger } = this.#options;
    for (const place of places) {
      const held = spool.at(place);
      if (held === undefined) continue;
      spool.remove(held);
      ledger.giveUp(held, reason);
    }
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return `${message}; set data_dir to a folder that we may write to, or to none`;
    default:
      return message;
  }
}

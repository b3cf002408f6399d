/**
 * The loop that empties the spool: the oldest batch is encoded once and sent until its fate is known. One request at a time, so
 * that the collector's dictionary follows ours. What is taken is kept until the collector says that it is durable.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../../src/log.ts';
import { type Backoff, backoff } from '../../src/run/backoff.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Encoder } from '../../src/wire/encode.ts';
import { type Acknowledged, type Fate, fateOf, type Retry } from './answer.ts';
import type { Client } from './client.ts';
import type { Disk } from './disk.ts';
import type { Ledger } from './ledger.ts';
import { Pause } from './pause.ts';
import type { Spiller } from './spill.ts';
import type { Held, Spool } from './spool.ts';
import { Troubles } from './troubles.ts';

const gzipAsync = promisify(gzip);

/** The collector catches up with windows that it missed, and others are behind. */
const AHEAD = '429 ahead';

export interface WorkerOptions {
  readonly encoder: Encoder;
  readonly client: Client;
  readonly spool: Spool;
  readonly disk: Disk | undefined;
  readonly spiller: Spiller | undefined;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly slowRetryMs: number;
  readonly random: () => number;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #pause: Pause;
  readonly #backoff: Backoff;
  readonly #troubles: Troubles;
  readonly #running: Promise<void>;
  #closing = false;
  #stopped = false;
  #inFlight = false;
  #idle = false;
  /** The run of the collector that took what is taken. */
  #run: string | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#backoff = backoff({ firstMs: options.firstRetryMs, maxMs: options.maxRetryMs, random: options.random });
    this.#troubles = new Troubles(options.log);
    this.#running = this.#work();
  }

  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** There is something in the spool. */
  wake(): void {
    if (this.#idle) this.#pause.interrupt('a batch');
  }

  /** Sends what there is without waiting out the present pause, and resolves when nothing waits or `stop` was called. */
  finish(): Promise<void> {
    this.#closing = true;
    if (!this.#inFlight) this.#pause.interrupt('closing');
    return this.#running;
  }

  /** Gives up at once. */
  stop(): void {
    this.#stopped = true;
    this.#pause.interrupt('stopped');
  }

  async #work(): Promise<void> {
    // Whoever makes this may put something in first.
    await Promise.resolve();
    while (!this.#stopped) {
      const held = this.#options.spool.next();
      if (held !== undefined) await this.#deliver(held);
      else if (this.#closing) return;
      else {
        this.#idle = true;
        await this.#pause.rest();
        this.#idle = false;
      }
    }
  }

  async #deliver(held: Held): Promise<void> {
    let body = await this.#bodyOf(held, false);
    let full = false;
    while (body && !this.#stopped) {
      const fate = await this.#send(body);
      if (fate.do === 'resend full' && !full) {
        full = true;
        this.#options.ledger.resyncs++;
        body = await this.#bodyOf(held, true);
        continue;
      }
      if (this.#settle(held, fate)) return;
      if (fate.do === 'rewind' && this.#options.spool.size.taken > 0) return this.#beginAgain();
      this.#options.ledger.retries++;
      await this.#wait(fate);
    }
  }

  /** The body, compressed; undefined if there is none to be had, which drops the batch. */
  async #bodyOf(held: Held, full: boolean): Promise<Buffer | undefined> {
    const { encoder, ledger } = this.#options;
    const { batch, place } = held;
    // What is on disk describes all that it uses, and the collector takes that for the session's dictionary.
    if (batch === undefined) encoder.forget();
    try {
      if (batch !== undefined) return await gzipAsync(encoder.encode(batch, { full }), { level: 1 });
      const body = place && (await this.#options.disk?.body(place));
      if (body !== undefined) return body;
      ledger.spoolDamaged++;
      this.#drop(held, 'spool_damaged');
      this.#troubles.say('spool_damaged', {}, 'a batch on disk is damaged and is dropped');
    } catch (error) {
      encoder.forget();
      const reason = batch === undefined ? 'spool_damaged' : 'unencodable';
      this.#drop(held, reason);
      const what = batch === undefined ? 'a batch on disk cannot be read' : 'a batch cannot be encoded';
      this.#troubles.say(reason, { err: error }, `${what} and is dropped`);
    }
    return undefined;
  }

  async #send(body: Buffer): Promise<Fate> {
    const { client, clock, ledger, spool, timeoutMs } = this.#options;
    this.#inFlight = true;
    ledger.sentBytes += body.length;
    const about = { run: spool.size.taken > 0 ? this.#run : undefined, waiting: Math.max(0, spool.waiting - 1) };
    try {
      const answer = await this.#pause.within(timeoutMs, (signal) => client.post(body, about, signal));
      return fateOf(answer, clock.now());
    } catch (error) {
      // Whether the body arrived is not known; the collector tells by its number when it comes again.
      return { do: 'retry', why: error instanceof Error ? error.message : String(error), detail: '', slowly: false };
    } finally {
      this.#inFlight = false;
    }
  }

  /** Whether something else is to be sent now. */
  #settle(held: Held, fate: Fate): boolean {
    const { encoder } = this.#options;
    if (fate.do === 'acknowledge') {
      this.#acknowledge(held, fate);
      return true;
    }
    if (fate.do === 'drop') {
      // The collector has not taken this body's definitions in.
      encoder.forget();
      this.#drop(held, 'refused');
      const fields = { answer: fate.why, detail: fate.detail };
      this.#troubles.say(fate.why, fields, 'the collector refused a batch, which is dropped');
      return true;
    }
    return false;
  }

  #acknowledge(held: Held, { dropped, durable, run, durableAfterMs, clockOffsetMs }: Acknowledged): void {
    const { spool, ledger, spiller, clock } = this.#options;
    spool.taken(dropped);
    const kept = durable === undefined ? spool.allTaken() : spool.durable(held.about.session, durable);
    for (const { about, taken } of kept) ledger.acknowledge(about.samples, taken ?? new Map());
    this.#release(kept);
    ledger.lastAcknowledgedMs = clock.now();
    spiller?.expect(durableAfterMs);
    this.#backoff.reset();
    this.#troubles.clockIsOff(clockOffsetMs);
    this.#troubles.over({ queued: spool.size.batches });
    // A run that knows nothing of what another took is told it again, unless it says that all is durable.
    const isOther = this.#run !== undefined && run !== this.#run && spool.size.taken > 1;
    this.#run = run;
    if (isOther) this.#rewind();
  }

  #rewind(): void {
    const { spool, encoder, ledger } = this.#options;
    ledger.rewinds++;
    encoder.forget();
    spool.rewind();
    this.#run = undefined;
  }

  /** Not at once: a whole fleet is told the same, and two collectors behind one address would tell it for ever. */
  async #beginAgain(): Promise<void> {
    const { spool, log, firstRetryMs, random } = this.#options;
    log.info({ batches: spool.size.taken }, 'the collector was restarted: what was not on its disk is sent again');
    this.#rewind();
    await this.#pause.sleep(Math.round(firstRetryMs * (0.5 + random() / 2)));
  }

  #drop(held: Held, reason: string): void {
    const { spool, ledger } = this.#options;
    if (spool.remove(held)) ledger.drop(reason, held.about.samples);
    this.#release([held]);
  }

  /** Their places on disk are free. */
  #release(kept: readonly Held[]): void {
    const { disk } = this.#options;
    for (const { place } of kept)
      if (place !== undefined)
        disk?.release(place).catch((error: unknown) => {
          this.#options.ledger.spoolErrors++;
          this.#troubles.say('spool', { err: error }, 'what was delivered cannot be removed from the disk');
        });
  }

  async #wait(fate: Fate): Promise<void> {
    if (this.#stopped) return;
    const { firstRetryMs, slowRetryMs, random, spool } = this.#options;
    const again = {
      do: 'retry',
      why: '409',
      detail: 'asked for in full, or anew, more than once',
      slowly: false,
    } as const;
    const retry: Retry = fate.do === 'retry' ? fate : again;
    const own = retry.slowly ? slowRetryMs / 2 + (slowRetryMs / 2) * random() : this.#backoff.next();
    // A collector that asks for no wait at all does not get a storm, nor one that tells a whole fleet the same moment.
    const wishMs = Math.max(retry.afterMs ?? 0, firstRetryMs);
    const waitMs = retry.afterMs === undefined ? own : Math.round(wishMs * (1 + random() / 2));
    const fields = { answer: retry.why, detail: retry.detail, waitMs, queued: spool.size.batches };
    // To wait for others is no trouble.
    if (retry.why !== AHEAD) this.#troubles.say(retry.why, fields, 'the collector does not take batches');
    await this.#pause.sleep(waitMs);
  }
}

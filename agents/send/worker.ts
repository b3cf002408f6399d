/**
 * The loop that empties the spool: the oldest batch is encoded once and sent until its fate is known. One request at a time, so
 * that the collector's dictionary follows ours.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../../src/log.ts';
import { type Backoff, backoff } from '../../src/run/backoff.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Encoder } from '../../src/wire/encode.ts';
import { type Fate, fateOf, type Retry } from './answer.ts';
import type { Client } from './client.ts';
import type { Ledger } from './ledger.ts';
import { Pause } from './pause.ts';
import type { Spool, Waiting } from './spool.ts';

const gzipAsync = promisify(gzip);

export interface WorkerOptions {
  readonly encoder: Encoder;
  readonly client: Client;
  readonly spool: Spool;
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
  readonly #running: Promise<void>;
  #closing = false;
  #stopped = false;
  #inFlight = false;
  #idle = false;
  /** What went wrong last, until a batch is taken: troubles are logged when they change. */
  #trouble: string | undefined;
  /** Our clock minus the collector's, as it was said last. */
  #clockOffsetMs = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#backoff = backoff({ firstMs: options.firstRetryMs, maxMs: options.maxRetryMs, random: options.random });
    this.#running = this.#run();
  }

  get inFlight(): boolean {
    return this.#inFlight;
  }

  /** There is something in the spool. */
  wake(): void {
    if (this.#idle) this.#pause.interrupt('a batch');
  }

  /** Sends what there is without waiting out the present pause, and resolves when nothing is left or `stop` was called. */
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

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const waiting = await this.#next();
      if (waiting) await this.#deliver(waiting);
      else if (this.#closing && this.#options.spool.size.batches === 0) return;
    }
  }

  async #next(): Promise<Waiting | undefined> {
    try {
      // Set before asking: a batch that comes while the spool answers must not be slept over.
      this.#idle = true;
      const waiting = await this.#options.spool.peek();
      const over = this.#closing || this.#stopped;
      if (waiting === undefined && !over && this.#options.spool.size.batches === 0) await this.#pause.rest();
      return waiting;
    } catch (error) {
      this.#report('spool', { err: error }, 'the spool cannot be read');
      await this.#pause.sleep(this.#backoff.next());
      return undefined;
    } finally {
      this.#idle = false;
    }
  }

  async #deliver(waiting: Waiting): Promise<void> {
    let body = await this.#encode(waiting, false);
    let full = false;
    while (body && !this.#stopped) {
      const fate = await this.#send(body);
      if (fate.do === 'resend full' && !full) {
        full = true;
        this.#options.ledger.resyncs++;
        body = await this.#encode(waiting, true);
        continue;
      }
      if (this.#settle(waiting, fate)) return;
      this.#options.ledger.retries++;
      await this.#wait(fate);
    }
  }

  /** The body, compressed; undefined if the batch cannot be written, which drops it. */
  async #encode(waiting: Waiting, full: boolean): Promise<Buffer | undefined> {
    const { encoder, spool, ledger } = this.#options;
    try {
      return await gzipAsync(encoder.encode(waiting.batch, { full }), { level: 1 });
    } catch (error) {
      encoder.forget();
      spool.ack();
      ledger.drop('unencodable', waiting.samples);
      this.#report('unencodable', { err: error }, 'a batch cannot be encoded and is dropped');
      return undefined;
    }
  }

  async #send(body: Buffer): Promise<Fate> {
    const { client, clock, ledger, timeoutMs } = this.#options;
    this.#inFlight = true;
    ledger.sentBytes += body.length;
    try {
      const answer = await this.#pause.within(timeoutMs, (signal) => client.post(body, signal));
      return fateOf(answer, clock.now());
    } catch (error) {
      // Whether the body arrived is not known; the collector tells by its number when it comes again.
      return { do: 'retry', why: error instanceof Error ? error.message : String(error), detail: '', slowly: false };
    } finally {
      this.#inFlight = false;
    }
  }

  /** Whether the batch has left the spool. */
  #settle(waiting: Waiting, fate: Fate): boolean {
    const { spool, ledger, encoder, clock, log } = this.#options;
    if (fate.do === 'acknowledge') {
      spool.ack();
      ledger.acknowledge(waiting.samples, fate.dropped);
      ledger.lastAcknowledgedMs = clock.now();
      this.#backoff.reset();
      this.#sayClock(fate.clockOffsetMs);
      if (this.#trouble !== undefined) log.info({ queued: spool.size.batches }, 'the collector takes batches again');
      this.#trouble = undefined;
      return true;
    }
    if (fate.do === 'drop') {
      // The collector has not taken this body's definitions in.
      encoder.forget();
      spool.ack();
      ledger.drop('refused', waiting.samples);
      this.#report(
        fate.why,
        { answer: fate.why, detail: fate.detail },
        'the collector refused a batch, which is dropped',
      );
      return true;
    }
    return false;
  }

  /** Once for each change: the collector's word of it comes with every answer. */
  #sayClock(offsetMs: number): void {
    if (offsetMs === this.#clockOffsetMs) return;
    this.#clockOffsetMs = offsetMs;
    const { log } = this.#options;
    if (offsetMs === 0) log.info({}, 'our clock agrees with the collector’s again');
    else
      log.warn(
        { seconds: Math.abs(offsetMs) / 1000 },
        `our clock is ${offsetMs > 0 ? 'ahead of' : 'behind'} the collector’s, which puts our readings into its time; set the clocks of both (NTP)`,
      );
  }

  async #wait(fate: Fate): Promise<void> {
    if (this.#stopped) return;
    const { firstRetryMs, slowRetryMs, random, spool } = this.#options;
    const retry: Retry =
      fate.do === 'retry'
        ? fate
        : { do: 'retry', why: '409 unknown_session', detail: 'asked for in full twice', slowly: false };
    const own = retry.slowly ? slowRetryMs / 2 + (slowRetryMs / 2) * random() : this.#backoff.next();
    // A collector that asks for no wait at all does not get a storm, nor one that tells a whole fleet the same moment.
    const wishMs = Math.max(retry.afterMs ?? 0, firstRetryMs);
    const waitMs = retry.afterMs === undefined ? own : Math.round(wishMs * (1 + random() / 2));
    const fields = { answer: retry.why, detail: retry.detail, waitMs, queued: spool.size.batches };
    this.#report(retry.why, fields, 'the collector does not take batches');
    await this.#pause.sleep(waitMs);
  }

  #report(trouble: string, fields: object, message: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.log.warn(fields, message);
  }
}

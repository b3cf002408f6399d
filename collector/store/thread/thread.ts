/**
 * The store's thread as the main thread has it: questions go over with a number, answers come back. When it ends of itself, what was asked fails, and
 * after a pause it is begun anew: all it knew is on disk.
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../../../src/log.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { QueryError } from '../../query/query.ts';
import type { FromStore, Question, SegmentFacts, StoreThreadOptions, ToStore } from './messages.ts';

export interface ThreadOptions {
  /** What it runs. */
  readonly program: string;
  readonly options: StoreThreadOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** It runs, and knows of nothing yet. */
  readonly onStarted: () => void;
  readonly onRead: (next: number, noted: number) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** For what is short-lived: a quarter of what the engine would take, for a twentieth more of its time. */
const YOUNG_MB = 12;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** One that has answered for so long has not failed of what it began with. */
const WELL_MS = 5 * 60_000;

export class Thread {
  readonly #options: ThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #readyMs = 0;
  #cancelRestart = (): void => undefined;
  #closed = false;
  #ended: () => void = () => undefined;
  /** Times that it ended of itself. */
  crashes = 0;
  ready = false;
  /** Why it does not run and will not; undefined while it does or may. */
  refused: string | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#start();
  }

  tell(message: { readonly kind: 'log'; readonly segments: readonly SegmentFacts[] }): void {
    this.#post(message);
  }

  tick(): void {
    this.#post({ kind: 'tick', nowMs: this.#options.clock.now() });
  }

  ask(question: Question, abort?: Int32Array): Promise<unknown> {
    if (this.#worker === undefined) return Promise.reject(new QueryError('unavailable', this.#absence()));
    const id = this.id();
    return this.#asked(id, question, abort);
  }

  /** Asks under a number that has been taken before. */
  askAs(id: number, question: Question): Promise<unknown> {
    if (this.#worker === undefined) return Promise.reject(new QueryError('unavailable', this.#absence()));
    return this.#asked(id, question, undefined);
  }

  id(): number {
    return ++this.#lastId;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRestart();
    if (this.#worker === undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    this.#post({ kind: 'close' });
    await ended;
  }

  #asked(id: number, question: Question, abort: Int32Array | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const nowMs = this.#options.clock.now();
      this.#post({ kind: 'ask', id, question, nowMs, ...(abort === undefined ? {} : { abort }) });
    });
  }

  #absence(): string {
    return this.refused ?? (this.#closed ? 'the store is closed' : 'the store has failed and is being started again');
  }

  #post(message: ToStore): void {
    this.#worker?.postMessage(message);
  }

  #start(): void {
    const { program, options, onStarted } = this.#options;
    const worker = new Worker(program, {
      eval: true,
      workerData: options,
      name: 'plimsoll-store',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker = worker;
    worker.on('message', (message: FromStore) => this.#hear(message));
    worker.on('error', (error) => this.#options.log.error({ err: error }, 'the store’s thread has failed'));
    worker.on('exit', () => this.#gone());
    onStarted();
  }

  #hear(message: FromStore): void {
    const { log, onRead } = this.#options;
    switch (message.kind) {
      case 'ready':
        this.ready = true;
        this.#readyMs = this.#options.clock.monotonic();
        return;
      case 'read':
        onRead(message.next, message.noted);
        return;
      case 'log':
        log[message.level](message.fields, message.text);
        return;
      case 'refused':
        this.refused = message.message;
        log.error({}, message.message);
        // It will never read: the log need not keep anything for it.
        onRead(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
        return;
      case 'answer':
        this.#settle(message.id)?.resolve(message.value);
        return;
      case 'failed': {
        const { type, message: text, place } = message.failure;
        this.#settle(message.id)?.reject(new QueryError(type, text, place));
        return;
      }
      default:
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #gone(): void {
    const wasWell = this.ready && this.#options.clock.monotonic() - this.#readyMs >= WELL_MS;
    this.#worker = undefined;
    this.ready = false;
    this.#ended();
    for (const { reject } of this.#waiting.values()) reject(new QueryError('unavailable', this.#absence()));
    this.#waiting.clear();
    if (this.#closed || this.refused !== undefined) return;
    this.crashes++;
    if (wasWell) this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.log.error(
      { pauseMs: this.#pauseMs },
      'the store’s thread has ended and is started again: what it knew is on disk',
    );
    this.#cancelRestart = this.#options.clock.after(this.#pauseMs, () => this.#start());
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }
}

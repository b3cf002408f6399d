/**
 * The store as the rest of the collector has it, on the main thread: a thread of its own does the work, and this hands over what is asked and read. Whoever
 * asks sees to how many questions there are at once (`collector/api/turns.ts`): the thread has a line of its own, one after the other.
 */
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { MetricInfo } from '../query/source.ts';
import { type QueryAnswer, QueryError, type QueryRequest } from '../query/query.ts';
import { Packer } from './received/packing.ts';
import { type PackedAnswer, unpackAnswer } from './thread/answered.ts';
import { storeProgram } from './thread/code.ts';
import { type FedLog, LogFeed } from './thread/feed.ts';
import type { Question, StoreThreadOptions } from './thread/messages.ts';
import { Thread } from './thread/thread.ts';
import type { ExportedSeries, ReceivedSeries, Scope, Store, StoreStats, WriteOutcome } from './types.ts';
import type { Matcher } from '../query/source.ts';

export interface StoreOptions {
  readonly thread: StoreThreadOptions;
  /** What it reads; none for a store that only receives. */
  readonly frames: FedLog | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface KeptStore extends Store {
  /** For people: why it does not answer at the moment. */
  readonly absence: string | undefined;
  readonly crashes: number;
  /** As it told last; undefined before it did. */
  readonly lastStats: StoreStats | undefined;
  /** Windows of the log that it did not get, by reason. */
  readonly lost: ReadonlyMap<string, number>;
  readonly queries: {
    /** Asked, and not answered yet. */
    readonly running: number;
    readonly answered: number;
    readonly failed: number;
  };
  erase(matchers: readonly Matcher[], fromMs: number, toMs: number): Promise<void>;
  /** Resolves when all that the log has on disk has been read, and sealed if so wished. */
  settle(seal?: boolean): Promise<void>;
}

const TICK_MS = 5000;

export async function startStore(options: StoreOptions): Promise<KeptStore> {
  return new ThreadedStore(options, await storeProgram());
}

class ThreadedStore implements KeptStore {
  readonly #thread: Thread;
  readonly #clock: Clock;
  readonly #lost = new Map<string, number>();
  readonly #packer = new Packer();
  #cancelTick = (): void => undefined;
  #lastStats: StoreStats | undefined;
  #running = 0;
  #answered = 0;
  #failed = 0;

  constructor({ thread, frames, clock, log }: StoreOptions, program: string) {
    this.#clock = clock;
    let feed: LogFeed | undefined;
    this.#thread = new Thread({
      program,
      options: thread,
      clock,
      log,
      onStarted: () => {
        this.#packer.forget();
        feed?.ring();
      },
      onRead: (next, noted) => feed?.read(next, noted),
    });
    if (frames !== undefined) {
      feed = new LogFeed({
        log: frames,
        tell: (segments) => this.#thread.tell({ kind: 'log', segments }),
        onLost: (windows, reason) => this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + windows),
      });
      feed.ring();
    }
    this.#tick();
  }

  async query(request: QueryRequest, signal?: AbortSignal): Promise<QueryAnswer> {
    try {
      const answer = (await this.#ask({ what: 'query', request }, signal)) as PackedAnswer;
      this.#answered++;
      return unpackAnswer(answer);
    } catch (error) {
      this.#failed++;
      throw error;
    }
  }

  async labelNames(scope: Scope): Promise<string[]> {
    return (await this.#ask({ what: 'labelNames', scope })) as string[];
  }

  async labelValues(name: string, scope: Scope): Promise<string[]> {
    return (await this.#ask({ what: 'labelValues', name, scope })) as string[];
  }

  async series(scope: Scope): ReturnType<Store['series']> {
    return (await this.#ask({ what: 'series', scope })) as Awaited<ReturnType<Store['series']>>;
  }

  async metadata(): Promise<MetricInfo[]> {
    return (await this.#ask({ what: 'metadata' })) as MetricInfo[];
  }

  async *export(scope: Scope): AsyncIterable<readonly ExportedSeries[]> {
    const of = this.#thread.id();
    await this.#thread.askAs(of, { what: 'export', scope });
    try {
      for (;;) {
        const piece = (await this.#thread.ask({ what: 'more', of })) as ExportedSeries[];
        if (piece.length === 0) return;
        yield piece;
      }
    } finally {
      await this.#thread.ask({ what: 'enough', of }).catch(() => undefined);
    }
  }

  async write(series: readonly ReceivedSeries[], info: readonly MetricInfo[] = []): Promise<WriteOutcome> {
    // Packed and sent without a pause: both sides count series alike.
    return (await this.#thread.ask({ what: 'write', series: this.#packer.pack(series), info })) as WriteOutcome;
  }

  async stats(): Promise<StoreStats> {
    this.#lastStats = (await this.#thread.ask({ what: 'stats' })) as StoreStats;
    return this.#lastStats;
  }

  async erase(matchers: readonly Matcher[], fromMs: number, toMs: number): Promise<void> {
    await this.#thread.ask({ what: 'erase', matchers, fromMs, toMs });
  }

  async settle(seal = false): Promise<void> {
    await this.#thread.ask({ what: 'settle', seal });
  }

  async close(): Promise<void> {
    this.#cancelTick();
    await this.#thread.close();
  }

  get absence(): string | undefined {
    if (this.#thread.refused !== undefined) return this.#thread.refused;
    return this.#thread.ready ? undefined : 'the store reads what is on disk and does not answer yet';
  }

  get lastStats(): StoreStats | undefined {
    return this.#lastStats;
  }

  get crashes(): number {
    return this.#thread.crashes;
  }

  get lost(): ReadonlyMap<string, number> {
    return this.#lost;
  }

  get queries() {
    return { running: this.#running, answered: this.#answered, failed: this.#failed };
  }

  #tick(): void {
    this.#thread.tick();
    this.stats().catch(() => undefined);
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.#tick());
  }

  async #ask(question: Question, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) throw new QueryError('canceled', 'nobody waits for the answer any more');
    this.#running++;
    const abort = new Int32Array(new SharedArrayBuffer(4));
    const onAbort = (): void => {
      Atomics.store(abort, 0, 1);
    };
    signal?.addEventListener('abort', onAbort);
    try {
      return await this.#thread.ask(question, abort);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#running--;
    }
  }
}

/**
 * One sink's worker: takes frames from its queue one after another, gives each attempt a deadline, tries again what may be tried
 * again, and counts what became of everything.
 */
import { SinkError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Backoff } from '../../src/run/backoff.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Account, SinkStats } from './account.ts';
import type { FrameQueue, QueuedFrame } from './queue.ts';
import type { Sink } from './sink.ts';

export interface WorkerOptions {
  readonly sink: Sink;
  readonly queue: FrameQueue;
  readonly account: Account;
  /** How long one `write` may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly backoff: Backoff;
}

/** A far side that asks for more patience than this is asked again all the same. */
const LONGEST_WAIT_MS = 15 * 60_000;

/** Between two attempts once the program is stopping. */
const CLOSING_WAIT_MS = 1000;

/** How long an attempt may go on after it was told to stop. */
const GRACE_MS = 1000;

export class SinkWorker {
  readonly #options: WorkerOptions;
  readonly #account: Account;
  readonly #loop: Promise<void>;
  /** Aborts the attempt that is under way. */
  #running = new AbortController();
  /** Ends the wait for the next attempt. */
  #pausing = new AbortController();
  #closing: Promise<void> | undefined;
  /** No further attempt is made. */
  #halted = false;
  /** The books are closed: what comes now came too late. */
  #sealed = false;
  #rung = false;
  #wake = (): void => undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#account = options.account;
    options.queue.onReady?.(() => this.#ring());
    this.#loop = this.#run();
  }

  /** Queues the frame if the sink wants any of it; never waits. */
  offer(frame: Frame): void {
    const samples = this.#options.sink.wants(frame);
    if (samples === 0) return;
    this.#account.receive(samples);
    if (this.#closing && !this.#options.queue.keeps) {
      this.#account.drop('shutdown', samples);
      return;
    }
    this.#account.drop('queue_full', this.#options.queue.push({ frame, samples }));
    this.#ring();
  }

  stats(): SinkStats {
    return this.#account.stats(this.#options.queue);
  }

  /** Delivers what is queued until `deadlineMs` have passed; the rest is counted as `shutdown`. May be called twice. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#shut(deadlineMs);
    return this.#closing;
  }

  async #shut(deadlineMs: number): Promise<void> {
    const { clock, queue, sink, log } = this.#options;
    this.#ring();
    // The far side may be back: it is asked once more, at once.
    this.#pausing.abort();
    await within(clock, deadlineMs, this.#loop);
    this.#halted = true;
    this.#pausing.abort();
    this.#running.abort(new SinkError('shutdown', 'the program is stopping', { retryable: true }));
    await within(clock, GRACE_MS, this.#loop);
    this.#sealed = true;
    const lost = queue.clear();
    this.#account.drop('shutdown', lost);
    // The last that is heard of them: nobody will read the metrics any more.
    if (lost > 0) log.warn({ sink: sink.name, samples: lost }, 'stopped before all was delivered; the rest is lost');
    const kept = queue.samples;
    if (kept > 0) log.info({ sink: sink.name, samples: kept }, 'stopped before all was delivered; the rest is on disk');
    await within(clock, GRACE_MS, sink.close());
  }

  async #run(): Promise<void> {
    const { queue } = this.#options;
    while (!this.#halted) {
      this.#rung = false;
      const entry = await queue.take();
      if (entry) {
        this.#running = new AbortController();
        if (this.#halted) return;
        const waitMs = await this.#attempt(entry);
        if (waitMs !== undefined) await this.#wait(waitMs);
      } else if (!this.#rung) {
        // Nothing came between the question and its answer.
        if (this.#closing) return;
        await this.#bell();
      }
    }
  }

  /** Until the next attempt; when told to stop, not for long. */
  async #wait(waitMs: number): Promise<void> {
    this.#pausing = new AbortController();
    const ms = this.#closing === undefined ? waitMs : Math.min(waitMs, CLOSING_WAIT_MS);
    await pause(this.#options.clock, ms, this.#pausing.signal);
  }

  /** One attempt at one frame. Answers how long to wait before the next, or undefined if the frame is dealt with. */
  async #attempt({ frame, samples, again }: QueuedFrame): Promise<number | undefined> {
    const { sink, queue, clock, deadlineMs, backoff } = this.#options;
    const { signal } = this.#running;
    const running = this.#running;
    const late = new SinkError('timeout', `took longer than ${deadlineMs} ms`, { retryable: true });
    const cancel = clock.after(deadlineMs, () => running.abort(late));
    try {
      const delivery = await sink.write(frame, signal, again);
      if (this.#sealed) return undefined;
      queue.remove();
      this.#account.settle(samples, delivery, clock.now());
      backoff.reset();
      return undefined;
    } catch (caught) {
      if (this.#sealed) return undefined;
      return this.#failed(this.#errorOf(caught, signal), samples);
    } finally {
      cancel();
    }
  }

  #failed(error: SinkError, samples: number): number | undefined {
    const { queue, backoff } = this.#options;
    if (!error.retryable) {
      queue.remove();
      this.#account.giveUp(samples, error);
      return undefined;
    }
    queue.putBack();
    // The abort that ends an attempt at shutdown is no failure of the far side.
    if (this.#halted) return undefined;
    this.#account.retry(error);
    // A wait that was aborted by the deadline of the attempt would not wait at all.
    this.#running = new AbortController();
    return Math.max(backoff.next(), Math.min(error.retryAfterMs ?? 0, LONGEST_WAIT_MS));
  }

  #errorOf(caught: unknown, signal: AbortSignal): SinkError {
    if (caught instanceof SinkError) return caught;
    if (signal.aborted && signal.reason instanceof SinkError) return signal.reason;
    const { sink, log } = this.#options;
    log.error({ err: caught, sink: sink.name }, 'the sink failed in a way that it should not');
    const text = caught instanceof Error ? caught.message : String(caught);
    return new SinkError('internal', text, { retryable: false, cause: caught });
  }

  #ring(): void {
    this.#rung = true;
    this.#wake();
  }

  #bell(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#rung) resolve();
    });
  }
}

/** Waits for the work or for so long, whichever ends first. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, pause(clock, ms, done.signal)]);
  done.abort();
}

/** Sleeps; ends early when the signal aborts. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Something that one party waits for and another may cut short: a sleep, an answer, the next batch. */
import type { Clock } from '../../src/run/clock.ts';

export class Pause {
  readonly #clock: Clock;
  #current: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the present wait, if there is one. */
  interrupt(why: string): void {
    this.#current?.abort(new Error(why));
  }

  /** Waits for so long, or until interrupted. */
  async sleep(ms: number): Promise<void> {
    await this.#run(async (signal) => {
      try {
        await this.#clock.sleep(ms, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
  }

  /** Waits until interrupted. */
  async rest(): Promise<void> {
    await this.#run((signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())));
  }

  /** What `work` answers; its signal aborts when interrupted, and after `ms`. */
  async within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const cancel = this.#clock.after(ms, () => this.interrupt(`no answer within ${ms} ms`));
    try {
      return await this.#run(work);
    } finally {
      cancel();
    }
  }

  async #run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const current = new AbortController();
    this.#current = current;
    try {
      return await work(current.signal);
    } finally {
      this.#current = undefined;
    }
  }
}

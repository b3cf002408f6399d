/**
 * Goes through a list once a tick for as long as there is time; what is left comes first in the next tick, so that everybody has a turn
 * however long the others take.
 */
import type { Clock } from '../../src/run/clock.ts';

export interface Turn {
  readonly signal: AbortSignal;
  /** By the monotonic clock: what has not had its turn by then is put off. The first always has it. */
  readonly untilMs: number;
  /** Lets others run when this has been running for long; otherwise there is nothing to wait for. */
  readonly pause: () => Promise<void> | undefined;
}

export class Turns {
  readonly #clock: Clock;
  #first = 0;
  /** How many turns were left for the next tick. */
  putOff = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `take` for those that have their turn, and `leave` for those that are put off. */
  async each<T>(
    all: readonly T[],
    { signal, untilMs, pause }: Turn,
    { take, leave }: { take: (one: T) => void; leave: (one: T) => void },
  ): Promise<void> {
    const at = (i: number): T => all[(this.#first + i) % all.length] as T;
    let done = 0;
    while (done < all.length && !signal.aborted && (done === 0 || this.#clock.monotonic() < untilMs)) {
      take(at(done));
      done++;
      const pausing = pause();
      if (pausing !== undefined) await pausing;
    }
    for (let i = done; i < all.length; i++) leave(at(i));
    this.putOff += all.length - done;
    this.#first = all.length === 0 ? 0 : (this.#first + done) % all.length;
  }
}

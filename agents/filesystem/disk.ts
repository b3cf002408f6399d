/**
 * A disk of this machine, looked at from the main thread in turns of a few milliseconds; between two turns ticks and scrapes have theirs.
 * Each turn begins with a question under a deadline, so that a disk which has stopped answering is met there; what the rest of the turn asks
 * is asked synchronously, whichever container's it is: a question of its own costs ten times a file.
 */
import type { Clock } from '../../src/run/clock.ts';

/** So long may a tick or a scrape be kept waiting. */
export const TURN_MS = 4;

export class LocalDisk {
  readonly #clock: Clock;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it has answered so lately that it may be asked synchronously. */
  get isTurn(): boolean {
    return this.#clock.monotonic() < this.#endMs;
  }

  /** It has just answered. */
  begin(): void {
    this.#endMs = this.#clock.monotonic() + TURN_MS;
  }
}

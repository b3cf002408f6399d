/**
 * Which cgroup is to be left alone for a while because its files take long to read: the kernel adds up `memory.stat` over every removed
 * cgroup that still holds a page, which can take seconds, and nothing else happens in this process meanwhile.
 */

/** Nearly all are read within a millisecond. */
const SLOW_MS = 100;

/** The share of time in which a slow one may be read: one that takes a second is read every 50 s. */
const SHARE = 0.02;

/** One long reading may have been the machine's doing, not the cgroup's: it had no CPU for us. */
const IN_A_ROW = 2;

export class Patience {
  #slow = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #told = false;

  /** Whether it is left alone at this moment. All times are of the monotonic clock. */
  rests(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Notes a reading. True once: when it has become clear that this one takes long. */
  note(startedMs: number, endedMs: number): boolean {
    const tookMs = endedMs - startedMs;
    if (tookMs <= SLOW_MS) {
      this.#slow = 0;
      return false;
    }
    if (++this.#slow < IN_A_ROW) return false;
    this.#untilMs = endedMs + tookMs / SHARE;
    const news = !this.#told;
    this.#told = true;
    return news;
  }
}

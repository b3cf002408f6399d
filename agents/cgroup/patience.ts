/**
 * Which cgroup is to be left alone for a while because its files take long to read: the kernel adds up `memory.stat` over every removed
 * cgroup that still holds a page, which can take seconds, and nothing else happens in this process meanwhile.
 */

/** Nearly all are read within a millisecond. */
const SLOW_MS = 100;

/** The share of time in which a slow one may be read: one that takes a second is read every 50 s. */
const SHARE = 0.02;

/** One long reading may have been chance. */
const IN_A_ROW = 2;

/**
 * The kernel's adding up costs CPU time, ours. A reading that took long without that was waiting for a CPU on a machine that has none to
 * spare, where numbers are needed most; only when it takes so long does the reason no longer matter.
 */
const SLOW_WHATEVER_MS = 1000;

/** What a reading took. */
export interface Taken {
  /** By the monotonic clock. */
  readonly ms: number;
  /** CPU time of this process meanwhile; undefined where it was not asked. */
  readonly cpuMs: number | undefined;
}

export class Patience {
  #slow = 0;
  #doubtful = false;
  #untilMs = Number.NEGATIVE_INFINITY;
  #told = false;

  /** Whether it is left alone at this moment. All times are of the monotonic clock. */
  rests(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /**
   * Whether the next reading's CPU time matters: the last one took long. For all others it would be a
   * system call more for each cgroup and tick.
   */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** Notes a reading. True once: when it has become clear that this one takes long. */
  note({ ms, cpuMs }: Taken, nowMs: number): boolean {
    this.#doubtful = ms > SLOW_MS;
    const tookMs = ms >= SLOW_WHATEVER_MS ? ms : Math.min(ms, cpuMs ?? ms);
    if (tookMs <= SLOW_MS) {
      this.#slow = 0;
      return false;
    }
    if (++this.#slow < IN_A_ROW) return false;
    this.#untilMs = nowMs + tookMs / SHARE;
    const news = !this.#told;
    this.#told = true;
    return news;
  }
}

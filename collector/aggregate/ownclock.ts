/**
 * The collector's own clock, where it is set: by how much it went back, and which windows it has closed in times that it will come to again. A window that was
 * closed is not to come once more with what was counted since.
 */
import { lastDueEnd, windowStart } from './window.ts';

export interface OwnClockOptions {
  readonly windowMs: number;
  readonly latenessMs: number;
  readonly maxAheadMs: number;
  /** Milliseconds of a clock that is never set; without it what time went on by while ours was set is not known. */
  readonly monotonic?: (() => number) | undefined;
}

/** That it was set back: the end of the last window that was closed before, and by how much. */
export interface SetBack {
  readonly fromMs: number;
  readonly byMs: number;
}

/** Where time begins anew: up to where windows count as closed, and up to where nothing comes late for them. */
export interface Beginning {
  readonly beganMs: number;
  readonly closedEndMs: number;
}

/** What a run before has left. */
export interface RunBefore {
  readonly endMs: number;
  readonly latestMs: number;
  readonly setBack: SetBack | undefined;
}

/** By how much two readings of two clocks may differ. */
const INEXACT_MS = 2;

export class OwnClock {
  readonly #options: OwnClockOptions;
  /** The latest that it was, by the clock as it goes now. */
  #latestMs = Number.NEGATIVE_INFINITY;
  /** The same by the clock that is never set. */
  #latestAt = 0;
  /** Up to where windows were closed when it was last set forward, or we had slept. */
  #beforeJumpMs = Number.NEGATIVE_INFINITY;
  /** Until it is as late again. */
  #setBack: SetBack | undefined;
  /** By how much it was set back, as far as nobody has taken note of it; negative if it is right again. */
  setBackMs = 0;

  constructor(options: OwnClockOptions) {
    this.#options = options;
  }

  get setBack(): SetBack | undefined {
    return this.#setBack;
  }

  /** It is that time, with windows closed up to there. Answers whether time has to begin anew, or is right again. */
  look(nowMs: number, closedEndMs: number): 'set back' | 'put right' | undefined {
    const { maxAheadMs } = this.#options;
    if (this.#setBack !== undefined && closedEndMs >= this.#setBack.fromMs) this.#setBack = undefined;
    if (closedEndMs > nowMs + maxAheadMs) return 'set back';
    const hasJumped = this.#jumps(this.#latestMs, nowMs);
    if (nowMs > this.#latestMs) this.#note(nowMs);
    return hasJumped ? 'put right' : undefined;
  }

  /** Goes on from a run before, which closed its last window then and had its newest batch at `latestMs`. Answers up to where windows count as closed. */
  resume({ endMs, latestMs, setBack }: RunBefore, nowMs: number): number {
    const { windowMs, maxAheadMs } = this.#options;
    this.#setBack = setBack;
    if (this.#jumps(endMs, nowMs)) return this.putRight(endMs).closedEndMs;
    // No window that ends later can have been closed by a clock that was right.
    if (endMs > nowMs + maxAheadMs + windowMs) this.#goBack(Math.max(0, latestMs - nowMs), endMs);
    if (Number.isFinite(nowMs)) this.#note(nowMs);
    // What was closed before its end, at a stop, is open again.
    return Math.min(endMs, lastDueEnd(nowMs, this.#options));
  }

  /** It was set back. */
  beginAnew(nowMs: number, closedEndMs: number): Beginning {
    const dueEndMs = lastDueEnd(nowMs, this.#options);
    // Windows that were open when it was set forward have been closed, early: with what has been counted since they would come with other numbers.
    const isBack = this.#beforeJumpMs <= nowMs + this.#options.windowMs;
    // No more than it was: nothing that was counted may seem to be news.
    const wentOnMs = Math.max(0, this.#at() - this.#latestAt - INEXACT_MS);
    this.#goBack(Math.max(0, this.#latestMs + wentOnMs - nowMs), closedEndMs);
    this.#note(nowMs);
    const beganMs = Math.max(dueEndMs, isBack ? this.#beforeJumpMs : dueEndMs);
    this.#beforeJumpMs = Number.NEGATIVE_INFINITY;
    return { beganMs, closedEndMs: beganMs };
  }

  /** It is right again. Windows were closed before it was set back, and, as windows of the wrong time, since. */
  putRight(closedEndMs: number): Beginning {
    const { windowMs } = this.#options;
    const { fromMs, byMs } = this.#setBack ?? { fromMs: closedEndMs, byMs: 0 };
    this.#beforeJumpMs = closedEndMs;
    this.#setBack = undefined;
    this.setBackMs -= byMs;
    // Known to be a little less than it was: to the nearest window.
    return { beganMs: fromMs, closedEndMs: Math.max(fromMs, windowStart(closedEndMs + byMs + windowMs / 2, windowMs)) };
  }

  /** A window begins then that is closed after those that end there. */
  close(startMs: number, closedEndMs: number): void {
    if (startMs > closedEndMs + this.#options.maxAheadMs) this.#beforeJumpMs = closedEndMs;
  }

  #note(nowMs: number): void {
    this.#latestMs = nowMs;
    this.#latestAt = this.#at();
  }

  #at(): number {
    return this.#options.monotonic?.() ?? 0;
  }

  #goBack(byMs: number, fromMs: number): void {
    this.setBackMs += byMs;
    const before = this.#setBack ?? { fromMs, byMs: 0 };
    this.#setBack = { fromMs: Math.max(before.fromMs, fromMs), byMs: before.byMs + byMs };
  }

  /** Whether between the two it went on by what it was set back, over all that was closed before: then that is undone. Time itself comes there window by window. */
  #jumps(fromMs: number, toMs: number): boolean {
    if (this.#setBack === undefined) return false;
    const { maxAheadMs } = this.#options;
    const { fromMs: endMs, byMs } = this.#setBack;
    return fromMs < endMs && endMs <= toMs && toMs - fromMs > Math.max(maxAheadMs, byMs - maxAheadMs);
  }
}

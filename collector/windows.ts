/**
 * Closing windows, each when it is due: by the clock, or, after we were away, as agents send what they kept meanwhile. Frames go out in order, with
 * a word on whether they are of the past that is being caught up with.
 */
import type { Log } from '../src/log.ts';
import type { Frame } from '../src/model/batch.ts';
import { breathe, type Clock } from '../src/run/clock.ts';
import { startTicker } from '../src/run/ticker.ts';
import type { Aggregator } from './aggregate/aggregator.ts';
import { lastDueEnd } from './aggregate/window.ts';
import { type CatchUp, momentsBetween } from './catchup.ts';

export interface WindowsOptions {
  readonly aggregator: Aggregator;
  readonly catchUp: CatchUp;
  /** Looks whether windows were missed. */
  readonly look: (nowMs: number) => void;
  readonly windowMs: number;
  readonly latenessMs: number;
  /** Takes frames, at once. `isPast`: they are no news. */
  readonly offer: (frame: Frame, isPast: boolean) => void;
  /** Resolves when there is room for one more frame; without it there always is. */
  readonly room?: (() => Promise<void>) | undefined;
  /** Called after each round. */
  readonly after: () => void;
  /** The next run goes on from the last window: agents send again what was not in one. */
  readonly resumes?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Windows {
  /** Between two looks at what is due. */
  readonly intervalMs: number;
  /** When windows were closed last, in monotonic milliseconds. */
  readonly lastRunMs: number;
  /** How far windows are behind while they are caught up with; undefined when they are not. */
  readonly behindMs: number | undefined;
  /** Closes everything, due or not, and ends; while windows are caught up with, what is open is left to the next run, if that goes on from here. */
  stop(): Promise<void>;
}

/** More windows than so many in one round are not the work of agents in step: nobody has anything for them. */
const MOST_IN_STEP = 100;
/** Of what is caught up with, so many of the newest windows are news. */
const NEWS_WINDOWS = 2;

export function startWindows(options: WindowsOptions): Windows {
  const { aggregator, catchUp, windowMs, clock, log } = options;
  const intervalMs = Math.min(windowMs, 1000);
  let lastRunMs = clock.monotonic();
  let reachedMs = 0;

  /**
   * One frame after the other, each when there is room for it: an agent that was away may tell of hundreds of windows at once. What is closed is handed over at
   * once, before anything that comes for it later.
   */
  async function oneByOne(close: () => Promise<Frame[]>, pastMs: number, isEnough = () => false): Promise<void> {
    for (;;) {
      await options.room?.();
      const frames = await close();
      for (const frame of frames) options.offer(frame, frame.endMs <= pastMs);
      if (frames.length === 0 || isEnough()) return;
      lastRunMs = clock.monotonic();
    }
  }

  /** All that is due then. What is late goes on the next time, if it is much: meanwhile windows become due. */
  function closeUntil(toMs: number, pastMs: number): Promise<void> {
    const untilMs = clock.monotonic() + intervalMs;
    const dueEndMs = lastDueEnd(toMs, options);
    const isEnough = (): boolean => clock.monotonic() > untilMs && aggregator.closedEndMs >= dueEndMs;
    return oneByOne(() => aggregator.advance(toMs, breathe, 1), pastMs, isEnough);
  }

  /** Each window by itself, as it would have been closed when it was due. */
  async function inStep(toMs: number, nowMs: number): Promise<void> {
    const pastMs = nowMs - options.latenessMs - NEWS_WINDOWS * windowMs;
    const fromMs = Math.max(reachedMs, aggregator.closedEndMs + options.latenessMs);
    if (toMs - fromMs > MOST_IN_STEP * windowMs) return closeUntil(toMs, pastMs);
    for (const at of momentsBetween(fromMs, toMs, options)) await closeUntil(at, pastMs);
  }

  async function run(): Promise<void> {
    const nowMs = clock.now();
    options.look(nowMs);
    const was = catchUp.active;
    const toMs = catchUp.time(nowMs);
    if (was) await inStep(toMs, nowMs);
    else await closeUntil(toMs, Number.NEGATIVE_INFINITY);
    if (was && !catchUp.active) log.info({}, 'caught up: windows close when they are due again');
    reachedMs = toMs;
    options.after();
    lastRunMs = clock.monotonic();
  }

  const ticker = startTicker({ intervalMs, clock, log, run });
  return {
    intervalMs,
    get lastRunMs() {
      return lastRunMs;
    },
    get behindMs() {
      return catchUp.active ? Math.max(0, clock.now() - reachedMs) : undefined;
    },
    async stop() {
      await ticker.stop();
      // To close what is open would close it, and all before it, to those that are still behind.
      if (catchUp.active && options.resumes) return;
      await oneByOne(() => aggregator.flush(breathe, 1), Number.NEGATIVE_INFINITY);
      options.after();
    },
  };
}

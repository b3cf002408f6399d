/**
 * The aggregator: batches in, frames of closed windows out. The only thing here that lives in time, and time is an argument.
 * SEMANTICS.md says in one page what it guarantees.
 */
import type { Batch, Frame } from '../../src/model/batch.ts';
import { BehindNodes, type Reached } from './behind.ts';
import { type Breathe, type ClosingWindow, closeInPieces } from './close.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions, checkOptions } from './options.ts';
import { type Arrival, Pending, samplesOf } from './pending.ts';
import { type Beginning, OwnClock } from './ownclock.ts';
import type { Refusal } from './refusals.ts';
import { restoreState } from './restore.ts';
import { AggregatorState } from './state.ts';
import { type AggregatorStats, statsOf } from './stats.ts';
import { lastDueEnd } from './window.ts';

/**
 * Guarantees: `push` keeps the batch's tables until their windows are closed, and never waits. `advance` and `flush` answer
 * the frames of the windows they closed, in order; called while one is running, they run after it. Pushing while they run is allowed.
 */
export interface Aggregator {
  /** Takes a batch that arrived at `nowMs`. `accepted` and `dropped` count samples and make up all the batch's samples. */
  push(batch: Batch, nowMs: number): Arrival;
  /** Closes every window that is due at `nowMs`; if that makes more than `most` frames, the first ones, and the others the next time. */
  advance(nowMs: number, breathe: Breathe, most?: number): Promise<Frame[]>;
  /** Closes every window that holds something, due or not: for the end. `most` as above. */
  flush(breathe: Breathe, most?: number): Promise<Frame[]>;
  /** It is that time: whether the clock was set is known before anybody asks for `closedEndMs`. */
  look(nowMs: number): void;
  stats(): AggregatorStats;
  /** All windows that end here or before are closed; 0 before the first call. */
  readonly closedEndMs: number;
  /** The same of one node: less where something of it waits for windows that were closed without it. */
  closedEndOf(node: string): number;
  /** Whom a cap kept out since the last call. */
  refusals(): Refusal[];
}

/** Throws a ConfigError for options that cannot work. */
export function createAggregator(options: AggregatorOptions): Aggregator {
  checkOptions(options);
  return new WindowedAggregator(options);
}

/** Late frames that come before a window that is due, where frames are asked for a few at a time. */
const MOST_LATE_IN_A_ROW = 20;

class WindowedAggregator implements Aggregator {
  readonly #options: AggregatorOptions;
  readonly #state: AggregatorState;
  readonly #pending: Pending;
  readonly #behind: BehindNodes;
  /** Windows that end here or before were there before we were: nothing comes late for them. */
  #beganMs = Number.NEGATIVE_INFINITY;
  /** All windows that end here or before are closed; undefined before the first call. */
  #closedEndMs: number | undefined;
  #received = 0;
  readonly #clock: OwnClock;
  /** Windows from here on have their groups. */
  #startedMs: number;
  /** The same of windows that something has come for: the run before has not written them, and agents send again what it had of them. */
  readonly #againMs: number;
  /** There was a run before. */
  readonly #goesOn: boolean;
  #frames = 0;
  #lateFrames = 0;
  /** Late frames since the last window, of those that were asked for a few at a time. */
  #lateInARow = 0;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: AggregatorOptions) {
    // What it goes on from is not kept.
    const { restored, ...settings } = options;
    this.#options = { ...AGGREGATOR_DEFAULTS, ...settings };
    const { windowMs, maxPendingCells, startedMs = 0 } = this.#options;
    this.#state = new AggregatorState(this.#options);
    this.#clock = new OwnClock(this.#options);
    this.#startedMs = startedMs;
    this.#againMs = Math.min(startedMs, restored?.frame.endMs ?? startedMs);
    this.#goesOn = restored !== undefined;
    if (restored !== undefined) {
      const { endMs } = restored.frame;
      restoreState(this.#state, restored);
      const beganMs = options.startedMs ?? Number.POSITIVE_INFINITY;
      const { setBack, nodes } = this.#state;
      this.#closedEndMs = this.#clock.resume({ endMs, latestMs: nodes.latestMs, setBack }, beganMs);
      // Windows of before the clock was set back are not open again.
      if (this.#closedEndMs > endMs) this.#beganMs = setBack?.fromMs ?? endMs;
    }
    this.#pending = new Pending({
      windowMs,
      maxPendingCells,
      onRefused: (node, samples) => {
        this.#state.tablesRefused++;
        this.#state.refusals.add('waiting', node, Math.max(1, samples));
      },
    });
    this.#behind = new BehindNodes(this.#state, this.#pending);
  }

  push(batch: Batch, nowMs: number): Arrival {
    const closedEndMs = this.#anchor(nowMs);
    const fromMs = this.#lateFrom(batch, closedEndMs, nowMs);
    const arrival = this.#pending.add(batch, { fromMs, untilMs: nowMs + this.#options.maxAheadMs });
    const { startMs } = arrival;
    if (startMs !== undefined) this.#behind.note(batch.node, { tickMs: batch.timeMs, nowMs, startMs, closedEndMs });
    this.#received += arrival.accepted;
    for (const [reason, samples] of arrival.dropped) {
      this.#received += samples;
      this.#state.dropped.add(reason, samples);
    }
    return arrival;
  }

  look(nowMs: number): void {
    this.#anchor(nowMs);
  }

  advance(nowMs: number, breathe: Breathe, most = Number.POSITIVE_INFINITY): Promise<Frame[]> {
    return this.#afterwards(async () => {
      const frames: Frame[] = [];
      const closedEndMs = this.#anchor(nowMs);
      await this.#moveTimes(frames, most, breathe);
      if (frames.length >= most) return frames;
      const dueEndMs = lastDueEnd(nowMs, this.#options);
      const lastStartMs = dueEndMs - this.#options.windowMs;
      const starts = this.#pending.starts().filter((startMs) => startMs >= closedEndMs && startMs < lastStartMs);
      // A window in which nothing came is shown too, unless a later one is due as well: after a long sleep one is enough.
      if (dueEndMs > closedEndMs) starts.push(lastStartMs);
      for (const startMs of starts) {
        // Set back while another window was closed: time begins anew.
        if (startMs > this.closedEndMs && this.#clock.setBackMs !== 0) break;
        // What is late comes before: the readings of a node are counted in their order.
        // But an agent that tells of a whole day holds no window up.
        const isWaiting = this.#lateInARow >= MOST_LATE_IN_A_ROW;
        if (!isWaiting) await this.#closeLate(frames, { closedEndMs: this.closedEndMs, nowMs, most }, breathe);
        if (frames.length >= most) return frames;
        frames.push(await this.#close(startMs, breathe));
        this.#lateInARow = 0;
      }
      await this.#closeLate(frames, { closedEndMs: this.closedEndMs, nowMs, most }, breathe);
      return frames;
    });
  }

  flush(breathe: Breathe, most = Number.POSITIVE_INFINITY): Promise<Frame[]> {
    return this.#afterwards(async () => {
      const frames: Frame[] = [];
      await this.#moveTimes(frames, most, breathe);
      if (frames.length >= most) return frames;
      const late = () => this.#closeLate(frames, { closedEndMs: this.closedEndMs, nowMs: 0, all: true, most }, breathe);
      for (const startMs of this.#pending.starts()) {
        await late();
        if (frames.length >= most) return frames;
        if (startMs >= this.closedEndMs) frames.push(await this.#close(startMs, breathe, true));
      }
      await late();
      return frames;
    });
  }

  stats(): AggregatorStats {
    return statsOf(this.#state, {
      received: this.#received,
      pendingSamples: this.#pending.samples + this.#state.closing,
      pendingBatches: this.#pending.batches,
      pendingCells: this.#pending.cells,
      closedEndMs: this.#closedEndMs ?? 0,
      frames: this.#frames,
      lateFrames: this.#lateFrames,
    });
  }

  get closedEndMs(): number {
    return this.#closedEndMs ?? 0;
  }

  closedEndOf(node: string): number {
    return this.#behind.closedEndOf(node, this.closedEndMs);
  }

  refusals(): Refusal[] {
    return this.#state.refusals.take();
  }

  /**
   * The end of what is closed. The first call decides where time begins: windows that were due before it count as closed. A
   * clock that was set back so far that everything would be too late for longer than the tolerance begins anew.
   */
  #anchor(nowMs: number): number {
    if (this.#closedEndMs === undefined) {
      this.#closedEndMs = lastDueEnd(nowMs, this.#options);
      this.#beganMs = this.#closedEndMs;
    }
    const news = this.#clock.look(nowMs, this.#closedEndMs);
    if (news === 'set back') this.#beginAnew(this.#clock.beginAnew(nowMs, this.#closedEndMs));
    if (news === 'put right') this.#beginAnew(this.#clock.putRight(this.#closedEndMs));
    return this.#closedEndMs;
  }

  /** The clock was set back, or is right again. */
  #beginAnew({ beganMs, closedEndMs }: Beginning): void {
    this.#closedEndMs = closedEndMs;
    this.#beganMs = beganMs;
    // When we were started is a time of before.
    this.#startedMs = Math.min(this.#startedMs, closedEndMs);
    this.#behind.clear();
    // Right again, with what is known of times still in the wrong time: what waits is closed there first.
    if (this.#clock.setBackMs < 0) return;
    // What waits has times of before, and what comes from now on is not in order with it.
    for (const startMs of this.#pending.starts())
      this.#state.dropped.add('clock_set_back', samplesOf(this.#pending.take(startMs)));
  }

  /** Between two windows: what is known of times goes with the clock. If that is right again, what is left of windows of the wrong time comes first. */
  async #moveTimes(frames: Frame[], most: number, breathe: Breathe): Promise<void> {
    const left = this.#clock.setBackMs < 0 ? this.#pending.starts().filter((startMs) => startMs < this.#beganMs) : [];
    for (const startMs of left) {
      if (frames.length >= most) return;
      frames.push(await this.#run({ startMs, batches: this.#pending.take(startMs), withGroups: true }, breathe));
    }
    if (frames.length >= most) return;
    if (this.#clock.setBackMs !== 0) this.#state.moveBack(this.#clock.setBackMs);
    this.#clock.setBackMs = 0;
  }

  /** From when on rows of a node are taken: those of windows that are closed, as far as it was not in them. */
  #lateFrom({ node: name, timeMs }: Batch, closedEndMs: number, nowMs: number): number {
    const { maxLateMs } = this.#options;
    if (maxLateMs === 0 || this.#clock.setBackMs !== 0) return closedEndMs;
    const node = this.#state.nodes.known(name);
    const ownMs = node?.last?.startMs ?? node?.closedMs ?? Number.NEGATIVE_INFINITY;
    // What would have been too late had the batch come at once, is: no batch has rows for a whole day's windows.
    const atOnceMs = lastDueEnd(timeMs, this.#options);
    return Math.min(closedEndMs, Math.max(ownMs, this.#beganMs, nowMs - maxLateMs, atOnceMs));
  }

  async #close(startMs: number, breathe: Breathe, early = false): Promise<Frame> {
    // Who is behind has told something that comes before: its part waits, and is late then.
    const without = this.#behind.names;
    const batches = this.#pending.take(startMs, (node) => !without.has(node));
    this.#clock.close(startMs, this.closedEndMs);
    this.#closedEndMs = startMs + this.#options.windowMs;
    this.#state.setBack = this.#clock.setBack;
    const frame = await this.#run(
      { startMs, batches, withGroups: this.#withGroups(startMs, batches), without, early },
      breathe,
    );
    const behind = this.#behind.firsts();
    return behind === undefined ? frame : { ...frame, behind };
  }

  /** Whether the groups of a window are whole. */
  #withGroups(startMs: number, { length }: readonly unknown[]): boolean {
    return startMs >= this.#startedMs || (startMs >= this.#againMs && length > 0);
  }

  /** Closes what nodes that are behind have told all of, until there are `most` frames. */
  async #closeLate(frames: Frame[], { most, ...reached }: Reached & { most: number }, breathe: Breathe): Promise<void> {
    if (frames.length >= most) return;
    for (const { startMs, nodes: late } of this.#behind.windows(reached)) {
      const batches = this.#pending.take(startMs, (node) => late.has(node));
      const again = [...late].flatMap((name) => {
        const last = this.#state.nodes.known(name)?.last;
        return last?.startMs === startMs ? last.batches : [];
      });
      // Of a window that had begun before we did, what was known of the node goes on.
      const withGroups = startMs >= this.#startedMs || this.#goesOn;
      const frame = await this.#run({ startMs, batches, again, late, withGroups }, breathe);
      if (frame.samples === 0) continue;
      frames.push(frame);
      if (frames.length < most) continue;
      this.#lateInARow++;
      return;
    }
  }

  async #run(window: ClosingWindow, breathe: Breathe): Promise<Frame> {
    const frame = await closeInPieces(this.#state, window, breathe);
    if (window.late === undefined) this.#frames++;
    else this.#lateFrames++;
    return frame;
  }

  /** One after the other, whatever became of the one before. */
  #afterwards<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#running.then(run, run);
    this.#running = result.catch(() => undefined);
    return result;
  }
}

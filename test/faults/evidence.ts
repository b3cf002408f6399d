/** What is known of a schedule that was played, beside what the stores answer: what the agents have read, what was counted as lost, and what may be lost uncounted. */
import type { JournalLine } from './agent.ts';
import type { Cast } from './arithmetic.ts';
import { HOUR_MS } from './schedule.ts';

/** Ticks, both included. */
export interface Ticks {
  readonly from: number;
  readonly to: number;
}

export interface Evidence {
  readonly cast: Cast;
  /** By node: what it has read, in order. */
  readonly journals: readonly (readonly JournalLine[])[];
  /** What is looked at: from when all was well until when all was well again. */
  readonly looked: Ticks;
  /** By node: what its agent had in memory alone when it was killed. */
  readonly unkept: readonly (readonly Ticks[])[];
  /** By store: what it had acknowledged and may have forgotten when it was killed. */
  readonly forgotten: ReadonlyMap<string, readonly Ticks[]>;
  /** Samples that agents and the collector have counted as dropped. */
  readonly dropped: number;
  /** By store: samples that its sink has counted as dropped, by reason. */
  readonly sinkDropped: ReadonlyMap<string, number>;
  /** Whose clock was set. */
  readonly clocks: { readonly agents: ReadonlySet<number>; readonly collector: boolean };
  /**
   * The collector was away: what it had counted since it was last asked is not known, what came twice may be counted twice, and windows for which nobody had
   * sent anything again in time have no groups.
   */
  readonly wasAway: boolean;
}

/** A collector that has learnt by how much a clock is off knows it to about that. */
export const LEARNT_MS = 1000;
/** How long windows stay open: what a busy machine may delay a push by. */
export const OPEN_MS = 1000;

type Clocks = Pick<Evidence, 'cast' | 'looked' | 'clocks'>;

/** The true time of a point whose time is of a clock that may have been off by an hour. */
export function trueTime(timeMs: number, evidence: Clocks): number {
  return timeMs - hoursOff(timeMs, evidence) * HOUR_MS;
}

/** How far the collector's clock was off when it made a point, in hours. */
export function hoursOff(timeMs: number, { cast, looked, clocks }: Clocks): number {
  if (!clocks.collector) return 0;
  const middleMs = ((looked.from + looked.to) / 2) * cast.windowMs;
  return Math.round((timeMs - middleMs) / HOUR_MS);
}

export function within(tick: number, spans: readonly Ticks[]): boolean {
  return spans.some(({ from, to }) => tick >= from && tick <= to);
}

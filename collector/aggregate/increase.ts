/**
 * Counters: what a counter grew by between two readings. The only file that knows what a first sample, a newcomer, a reset, a
 * backward step and a gap are; SEMANTICS.md tells the rules in prose. Increases are never negative.
 *
 * What depends on the row (its times) is settled once per reading as its life, a set of bits; what depends on the value is
 * settled per number.
 */

/** The thing was started again after the previous reading: what it reads now, it counted since. */
export const RESTARTED = 1;
/** A lower value means that the counter began again. Without it a lower value is a backward step of the same counter. */
export const MAY_RESET = 2;
/** If this is the first reading of a counter, all of it was counted while we were watching. */
export const WHOLE = 4;

/** The times that decide about one reading of a row. One record is filled anew for each. */
export interface Moment {
  /** When the row was read before; -Infinity if it was not. */
  previousMs: number;
  /** The entity's start as known at that reading; 0 where unknown. */
  previousStartMs: number;
  /** When it is read now. */
  timeMs: number;
  /** The entity's start as known now; 0 where unknown. */
  startMs: number;
  /** Whether the row is one of several of its entity (an interface, a device), which can be replaced in the entity's life. */
  replaceable: boolean;
  /** Since when the collector has been watching the node without a break. */
  watchedSinceMs: number;
}

/** What happened, counted. All are per number, except gaps, which are per row. */
export interface IncreaseCounts {
  /** First readings taken as a baseline: nothing counted. */
  first: number;
  /** First readings counted whole. */
  newcomer: number;
  resets: number;
  /** Lower values within one life: nothing counted, baseline kept. */
  backward: number;
  /** Readings that follow at least one whole window without any. */
  gaps: number;
  /** Readings that no hardware can have counted: nothing counted, the baseline kept unless the next one confirms them. */
  implausible: number;
  /** Increases of windows that were closed without their node: groups that span nodes get them in a later window than their own. */
  late: number;
}

/** The life of a reading: a set of the bits above. `staleAfterMs` is how long a silent row is remembered. */
export function lifeOf(moment: Moment, staleAfterMs: number): number {
  const { previousMs, previousStartMs, timeMs, startMs } = moment;
  let life = 0;
  // It began while we watched the node, and too recently for its state to have been dropped since: never counted before.
  if (startMs > 0 && startMs >= moment.watchedSinceMs && startMs <= timeMs && timeMs - startMs <= staleAfterMs)
    life |= WHOLE;
  const known = startMs > 0 && previousStartMs > 0;
  // Numbers come from the kernel at once, identity from the engine a moment later: a previous reading from after the new
  // start was already one of the new life, under the old name.
  if (known && startMs !== previousStartMs && previousMs < startMs) life |= RESTARTED;
  else if (!known || startMs !== previousStartMs || moment.replaceable) life |= MAY_RESET;
  return life;
}

/** The life of a counter that goes on when its thing is started again, and that somebody may set back to zero. */
export function goingOn(life: number): number {
  return (life & ~RESTARTED) | MAY_RESET;
}

/** From when on the increase of this reading was counted; NaN if the reading is only a baseline. For rates. */
export function countedSince(moment: Moment, life: number): number {
  if (moment.previousMs > Number.NEGATIVE_INFINITY) return moment.previousMs;
  return (life & WHOLE) !== 0 ? moment.startMs : Number.NaN;
}

/** The increase from `previous` (NaN if there was none) to `current`. */
export function increase(previous: number, current: number, life: number, counts: IncreaseCounts): number {
  if (Number.isNaN(previous)) {
    if ((life & (WHOLE | RESTARTED)) === 0) {
      counts.first++;
      return 0;
    }
    counts.newcomer++;
    return Math.max(0, current);
  }
  if ((life & RESTARTED) === 0) {
    if (current >= previous) return current - previous;
    if ((life & MAY_RESET) === 0) {
      counts.backward++;
      return 0;
    }
  }
  counts.resets++;
  return Math.max(0, current);
}

/** The value that the next reading is compared with: the highest of a life, so that a backward step is not counted twice. */
export function baseline(previous: number, current: number, life: number): number {
  return current < previous && (life & (RESTARTED | MAY_RESET)) === 0 ? previous : current;
}

/** One counter column of one table, with what it is compared with. */
export interface CounterColumn {
  readonly values: Float64Array;
  /** Where the column begins in `values`. */
  readonly offset: number;
  /** Per row of the table: its place in this window, -1 to pass over it. */
  readonly places: Int32Array;
  readonly lives: Uint8Array;
  /** Per place: the row's slot. */
  readonly slots: Int32Array;
  /** Per slot: the baseline, NaN before the first reading. */
  readonly baselines: Float64Array;
  /** Per place: the increase so far in this window. */
  readonly increases: Float64Array;
  /** Per row of the table: the seconds over which it can have grown, at least one. */
  readonly spans: Float64Array;
  /** How much it can grow in a second, and the largest value it can have. */
  readonly perSecond: number;
  readonly most: number;
  /** Per slot: an implausible reading that the next one may confirm. */
  readonly suspects: Map<number, number>;
}

/** Adds the column's increases, and moves the baselines on. */
export function addIncreases(column: CounterColumn, counts: IncreaseCounts): void {
  const { values, offset, places, lives, slots, baselines, increases, spans, perSecond, most, suspects } = column;
  for (let r = 0; r < places.length; r++) {
    const place = places[r] as number;
    if (place < 0) continue;
    const current = values[offset + r] as number;
    if (!(Math.abs(current) <= most)) continue; // NaN: absent; the others were counted as dropped when they came
    const slot = slots[place] as number;
    const grown = current - (baselines[slot] as number);
    if (grown >= 0 && ((lives[r] as number) & RESTARTED) === 0 && grown <= perSecond * (spans[r] as number)) {
      increases[place] = (increases[place] as number) + grown;
      baselines[slot] = current;
      if (suspects.size > 0) suspects.delete(slot);
    } else {
      increases[place] = (increases[place] as number) + settle(column, r, counts);
    }
  }
}

/** The rare ways of a reading: a first one, a reset, a step back, or one that cannot be. Answers the increase. */
function settle(column: CounterColumn, r: number, counts: IncreaseCounts): number {
  const { values, offset, places, lives, slots, baselines, spans, perSecond, suspects } = column;
  const current = values[offset + r] as number;
  const slot = slots[places[r] as number] as number;
  const previous = baselines[slot] as number;
  const life = lives[r] as number;
  const bound = perSecond * (spans[r] as number);
  if (isPlausible({ previous, current, life, bound })) {
    suspects.delete(slot);
    baselines[slot] = baseline(previous, current, life);
    return increase(previous, current, life, counts);
  }
  const suspect = suspects.get(slot);
  if (suspect !== undefined && current >= suspect && current - suspect <= bound) {
    // Twice in a row: whatever it was, the counter goes on from here.
    suspects.delete(slot);
    baselines[slot] = current;
    return current - suspect;
  }
  counts.implausible++;
  suspects.set(slot, current);
  return 0;
}

/** A step back within a life is an estimate's, and small. */
const SMALL_STEP = { share: 0.1, least: 10 } as const;

interface Step {
  readonly previous: number;
  readonly current: number;
  readonly life: number;
  readonly bound: number;
}

function isPlausible({ previous, current, life, bound }: Step): boolean {
  if (Number.isNaN(previous)) return (life & (WHOLE | RESTARTED)) === 0 || current <= bound;
  if ((life & RESTARTED) !== 0) return current <= bound;
  if (current >= previous) return current - previous <= bound;
  if ((life & MAY_RESET) !== 0) return current <= bound;
  return previous - current <= Math.max(SMALL_STEP.least, SMALL_STEP.share * previous);
}

/** The seconds over which a reading can have counted what it shows; without an end where it is only a baseline. */
export function spanOf({ previousMs, startMs, timeMs }: Moment, life: number): number {
  const first = previousMs === Number.NEGATIVE_INFINITY;
  const whole = (life & RESTARTED) !== 0 || (first && (life & WHOLE) !== 0);
  if (first && !whole) return Number.POSITIVE_INFINITY;
  return Math.max(1, (timeMs - (whole && startMs > 0 ? startMs : previousMs)) / 1000);
}

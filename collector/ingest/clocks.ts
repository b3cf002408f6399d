/**
 * How far an agent's clock is off from ours, learnt from when its pushes say they were sent and when they came. Stable while the clock is: it
 * changes only when the clock was set. Below a second nothing is done about it.
 */

/** An agent whose clock is off by less is left alone: a push may have taken that long on its way. */
export const TOLERATED_MS = 1000;
/** No network delays a push by more. */
const CERTAIN_MS = 5000;

export interface AgentClock {
  /**
   * Takes note of a push; answers whether the offset that is worked with has changed. `heldMs` is for how long we ourselves may have left it lying before we
   * took it for received: a clock that seems to be behind by no more than that is none.
   */
  note(sentMs: number, receivedMs: number, heldMs?: number): boolean;
  /** The agent's clock minus ours, in milliseconds; 0 while within the tolerance, undefined before a push has said when it was sent. */
  readonly offsetMs: number | undefined;
}

export function createAgentClock(): AgentClock {
  let offset: number | undefined;
  /** What the push before said, if that differed from the offset. */
  let other: number | undefined;

  function settle(to: number): boolean {
    const before = offset;
    offset = Math.abs(to) <= TOLERATED_MS ? 0 : Math.round(to);
    other = undefined;
    return (before ?? 0) !== offset;
  }

  return {
    note(sentMs, receivedMs, heldMs = 0) {
      // The time on the way makes it less than it is, never more.
      const seen = sentMs - receivedMs;
      offset ??= 0;
      const off = seen - offset;
      if (Math.abs(off) <= TOLERATED_MS) {
        other = undefined;
        return false;
      }
      if (heldMs > 0 && off < 0 && -off <= heldMs + TOLERATED_MS) return false;
      // Ahead of what was thought cannot be the network; nor can much. A little behind may, unless the next push says the same.
      if (off > 0 || off < -CERTAIN_MS) return settle(seen);
      if (other !== undefined && Math.abs(seen - other) <= TOLERATED_MS) return settle(Math.max(seen, other));
      other = seen;
      return false;
    },
    get offsetMs() {
      return offset;
    },
  };
}

/** The header of a push: Unix milliseconds; undefined for none, or for what is no such time. */
export function sentMsOf(header: unknown): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

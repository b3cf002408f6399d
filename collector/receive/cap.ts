/**
 * How many series each sender may have, and all together. What is remembered of a series is a number made of its labels; it is forgotten when
 * the series has not come for one to two turns, and nothing has to be looked through for that: there are two sets, and the older goes.
 */
import type { HashedLabels } from './labelcache.ts';

export interface SeriesCap {
  /** Whether the sender may write to this series now. */
  admits(sender: string, labels: HashedLabels, nowMs: number): boolean;
  /** Remembered now, over all senders. */
  readonly series: number;
  readonly senders: number;
  /** Forgotten because they have not come for so long. */
  readonly forgotten: number;
}

export interface CapOptions {
  readonly total: number;
  readonly perSender: number;
  /** Half of what is remembered is forgotten so often. */
  readonly turnMs?: number;
}

const TURN_MS = 30 * 60_000;

interface Seen {
  now: Set<number>;
  before: Set<number>;
}

export function createSenderCap({ total, perSender, turnMs = TURN_MS }: CapOptions): SeriesCap {
  const senders = new Map<string, Seen>();
  let turnedMs = 0;
  let series = 0;
  let forgotten = 0;

  function turn(nowMs: number): void {
    // A clock that was set back begins a turn anew.
    if (turnedMs === 0 || nowMs < turnedMs) turnedMs = nowMs;
    while (nowMs - turnedMs >= turnMs) {
      turnedMs = nowMs - turnedMs > 2 * turnMs ? nowMs - turnMs : turnedMs + turnMs;
      for (const [sender, seen] of senders) {
        forgotten += seen.before.size;
        series -= seen.before.size;
        seen.before = seen.now;
        seen.now = new Set();
        if (seen.before.size === 0) senders.delete(sender);
      }
    }
  }

  return {
    admits(sender, labels, nowMs) {
      turn(nowMs);
      const { hash } = labels;
      const seen = senders.get(sender) ?? { now: new Set(), before: new Set() };
      if (labels.admittedIn === seen.now) return true;
      if (seen.now.has(hash) || seen.before.delete(hash)) {
        seen.now.add(hash);
        labels.admittedIn = seen.now;
        return true;
      }
      if (series >= total || seen.now.size + seen.before.size >= perSender) return false;
      senders.set(sender, seen);
      seen.now.add(hash);
      series++;
      return true;
    },
    get series() {
      return series;
    },
    get senders() {
      return senders.size;
    },
    get forgotten() {
      return forgotten;
    },
  };
}

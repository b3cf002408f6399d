/**
 * Catching up after the collector was away: what time it is for the windows. Agents' batches with their times come in, and the present; out goes the
 * time up to which all who are behind have told what they have, so that a window closes when it is complete and not because it is old. Whoever is
 * far ahead of the others is told to wait. No clock is asked.
 */

export interface CatchUpOptions {
  readonly windowMs: number;
  readonly latenessMs: number;
  /** An agent that is behind and says nothing for so long, or comes no further than time itself, holds nobody up any more. */
  readonly waitMs: number;
  /** We go on from what a run before had on disk: agents send again what it had in memory alone, and are waited for however short we were away. */
  readonly resumed?: boolean;
}

/** What is known of a node that is behind. */
interface Behind {
  /** The time up to which it has told all: that of its last batch, taken or not; undefined before the first. */
  timeMs: number | undefined;
  heardMs: number;
}

/** What came with a batch. */
export interface Told {
  /** How many more the agent had behind it when it sent it; undefined if it does not say. */
  readonly waiting?: number | undefined;
  /** The time until its next tick; undefined if it is not known. */
  readonly intervalMs?: number | undefined;
  readonly nowMs: number;
}

export interface CatchUp {
  /** Windows are closed up to there, and it is that late: begins if more is missed than windows stay open for. `nodes` are those to wait for. */
  look(nowMs: number, closedEndMs: number, nodes: () => Iterable<string>): void;
  /** Whether a batch of that time may come from a node now, or is to wait. */
  admits(node: string, timeMs: number, nowMs: number): boolean;
  /** A batch was taken of a node. */
  took(node: string, timeMs: number, more: Told): void;
  /** The time for closing windows: the present, or how far those have come that are behind. It never goes back while it lasts. */
  time(nowMs: number): number;
  /** Whether windows are being caught up with. */
  readonly active: boolean;
  /** For people: the nodes that are waited for. */
  readonly behind: readonly string[];
}

/** How far ahead of the others an agent may be: enough that the road is not spent waiting, and little enough to be held in memory. */
const AHEAD_MS = 60_000;
const AHEAD_WINDOWS = 6;
/** Windows that may be missed without anything to catch up with: closing may take its time. */
const SLACK_WINDOWS = 2;
/** Times the pace of time that catching up must go: at time's own nobody would ever be there. */
const LEAST_PACE = 1.25;
/** Names are foreign: those beyond so many are not waited for. */
const MOST_BEHIND = 10_000;

export function createCatchUp({ windowMs, latenessMs, waitMs, resumed = false }: CatchUpOptions): CatchUp {
  const behind = new Map<string, Behind>();
  /** Those that came on too slowly: they go on sending, and are not waited for again. */
  const slow = new Set<string>();
  const aheadMs = Math.max(AHEAD_MS, AHEAD_WINDOWS * windowMs);
  let active = false;
  let slackMs = resumed ? 0 : SLACK_WINDOWS * windowMs;
  /** The time for closing windows as it was answered last. */
  let reachedMs = 0;
  /** Where it stood some time ago. */
  let mark = { nowMs: 0, reachedMs: 0 };

  function note(node: string, timeMs: number | undefined, heardMs: number): void {
    const known = behind.get(node);
    // What is late by now is not waited for: the windows that it is for are closed. Of one that is waited for, more comes behind it.
    const isLate = timeMs !== undefined && timeMs < reachedMs - latenessMs;
    if (isLate && known) known.heardMs = heardMs;
    if (!isLate && !slow.has(node) && (known || behind.size < MOST_BEHIND)) behind.set(node, { timeMs, heardMs });
  }

  function forgetSilent(nowMs: number): void {
    // A clock that was set back must not make anybody wait for longer.
    const before = behind.size;
    for (const [node, { heardMs }] of behind) if (Math.abs(nowMs - heardMs) > waitMs) behind.delete(node);
    // The others stood still for them.
    if (behind.size < before) mark = { nowMs, reachedMs };
  }

  /** Whoever comes on more slowly than time goes on would never be there, and nobody else either. */
  function forgetSlow(nowMs: number): void {
    const passedMs = nowMs - mark.nowMs;
    if (passedMs >= 0 && passedMs <= waitMs) return;
    if (reachedMs - mark.reachedMs < LEAST_PACE * passedMs)
      for (const [node, { timeMs = reachedMs }] of behind)
        if (timeMs < reachedMs + windowMs) {
          behind.delete(node);
          slow.add(node);
        }
    mark = { nowMs, reachedMs };
  }

  const slowest = (): number => Math.min(...[...behind.values()].map(({ timeMs }) => timeMs ?? reachedMs));

  return {
    look(nowMs, closedEndMs, nodes) {
      const missedMs = nowMs - latenessMs - closedEndMs;
      if (active || closedEndMs <= 0 || missedMs < slackMs) return;
      active = true;
      slackMs = SLACK_WINDOWS * windowMs;
      // What the windows that are closed were closed at.
      reachedMs = closedEndMs + latenessMs;
      mark = { nowMs, reachedMs };
      behind.clear();
      slow.clear();
      for (const node of nodes()) note(node, undefined, nowMs);
    },
    admits(node, timeMs, nowMs) {
      if (!active || timeMs <= reachedMs + aheadMs) return true;
      // Of the future, by a clock that was wrong: there is nothing to wait for. It is dropped as that, and what is behind it can come.
      if (timeMs > nowMs + aheadMs) return true;
      // All that it had before, it has told.
      note(node, timeMs, nowMs);
      return false;
    },
    took(node, timeMs, { waiting = 0, intervalMs = 0, nowMs }) {
      if (!active) return;
      // One that should have ticked since has more, whatever it said when it sent this: that may have lain here while we were away.
      const isBehind = waiting > 0 || timeMs + intervalMs + latenessMs < nowMs;
      if (isBehind && timeMs < nowMs) note(node, timeMs, nowMs);
      // A time of the future says nothing of how far it has come.
      else if (waiting > 0 && behind.has(node)) note(node, behind.get(node)?.timeMs, nowMs);
      else behind.delete(node);
    },
    time(nowMs) {
      if (!active) return nowMs;
      forgetSilent(nowMs);
      if (behind.size === 0) {
        active = false;
        return nowMs;
      }
      reachedMs = Math.max(reachedMs, Math.min(nowMs, slowest()));
      forgetSlow(nowMs);
      return reachedMs;
    },
    get active() {
      return active;
    },
    get behind() {
      return [...behind.keys()];
    },
  };
}

/** The moments at which windows are closed between two times, so that each is closed by itself, as when it was due. */
export function* momentsBetween(
  fromMs: number,
  toMs: number,
  { windowMs, latenessMs }: Pick<CatchUpOptions, 'windowMs' | 'latenessMs'>,
): Generator<number> {
  const first = Math.floor((fromMs - latenessMs) / windowMs + 1) * windowMs + latenessMs;
  for (let at = first; at < toMs; at += windowMs) yield at;
  yield toMs;
}

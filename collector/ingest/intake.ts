/**
 * One unpacked body after another: finds its session, decodes it, hands the batch on, and answers. Runs to its end without
 * waiting, so that dictionary, last number and what was handed on never disagree.
 */
import { WireError } from '../../src/errors.ts';
import type { Batch } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { createDecoder, type Decoded, type Decoder } from '../../src/wire/decode.ts';
import { type Header, peek } from '../../src/wire/header.ts';
import type { Budget } from './budget.ts';
import { createAgentClock, TOLERATED_MS } from './clocks.ts';
import type { Durable, Kept } from './durable.ts';
import type { IngestLimits } from './limits.ts';
import { type Reply, type Taken, taken } from './reply.ts';
import type { SeriesCap } from './series.ts';
import type { Session, Sessions } from './sessions.ts';
import { shifter } from './shift.ts';
import { add, type Tally } from './tally.ts';

/** What became of a batch that was handed on. `accepted` + the sum of `dropped` is its number of samples. */
export interface Pushed {
  readonly accepted: number;
  readonly dropped: ReadonlyMap<string, number>;
  /** The end of the last window that holds something of it; undefined if none does. */
  readonly endMs?: number | undefined;
}

export interface IntakeOptions {
  readonly push: (batch: Batch) => Pushed;
  readonly familyNamed: (name: string) => Family | undefined;
  readonly limits: IngestLimits;
  readonly sessions: Sessions;
  readonly cap: SeriesCap;
  readonly budget: Budget;
  readonly tally: Tally;
  readonly pace: Pace | undefined;
  /** How far the log is on disk; undefined without one. */
  readonly kept: Kept | undefined;
  /** Why nothing more is to be taken at the moment, in words; undefined while all is well. */
  readonly full: () => string | undefined;
  /** A cap kept something of a node's out; `detail` says which and what to do. */
  readonly onRefused: (node: string, reason: string, detail: string) => void;
  /** Two agents send under one node's name. */
  readonly onRivals: (node: string) => void;
  /** An agent's clock was found to be off by so much, or right again (0). */
  readonly onClock: (node: string, offsetMs: number) => void;
}

/** When a body was sent by the sender's clock, if it says so, and when it came by ours. */
export interface Times {
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
  /** For how many milliseconds we stood still just before that: it may have lain here. */
  readonly heldMs?: number | undefined;
  /** The run of the collector that took what the agent has sent before and holds on to. */
  readonly run?: string | undefined;
  /** How many batches the agent has behind this one, if it says so. */
  readonly waiting?: number | undefined;
}

/** What came with a batch: how many more its agent has behind it, if it says so, and the time until its next tick. */
export interface Told {
  readonly waiting?: number | undefined;
  readonly intervalMs?: number | undefined;
  readonly nowMs: number;
}

/** Who may send now: agents that catch up do so in step. Times are ours. */
export interface Pace {
  /** It is that time now, and something has come. */
  look(nowMs: number): void;
  /** Whether a batch of that time may come from the node now. */
  admits(node: string, timeMs: number, nowMs: number): boolean;
  /** It was taken. */
  took(node: string, timeMs: number, more: Told): void;
  /** Whether windows that we missed are being caught up with. */
  readonly active: boolean;
}

interface HandingOn {
  readonly nowMs: number;
  readonly waiting: number | undefined;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Takes a body in; throws a WireError, and then nothing has changed. Anything else that is thrown came from `push`. */
  take(body: Buffer, nowMs: number, times: Times = { sentMs: undefined, receivedMs: nowMs }): Reply {
    const { limits, sessions, tally } = this.#options;
    tally.unpackedBytes += body.length;
    const head = peek(body, limits.wire);
    this.#options.budget.pass(nowMs);
    // Before sessions end for having been silent: while we were away, all of them were.
    this.#options.pace?.look(nowMs);
    sessions.housekeep(nowMs);
    const live = sessions.find(head.node, head.session);
    if (head.seq <= sessions.lastSeq(head.node, head.session)) return this.#again(head, live);
    this.#checkFull();
    this.#checkRun(times);
    if (live === undefined) this.#checkNew(head);
    this.#checkPace(head, live, { ...times, nowMs });
    if (live !== undefined) {
      const decoded = this.#decode(head, live.decoder, body);
      // What lay here while we were away says nothing of its agent's clock.
      if (!this.#options.pace?.active) this.#compareClocks(live, times);
      return this.#handOn(live, decoded, { nowMs, waiting: times.waiting });
    }
    const account = this.#options.budget.open(head.node);
    const { familyNamed } = this.#options;
    const decoder = createDecoder({ familyNamed, limits: limits.wire, allowance: account });
    // Only with a body that is good does a new session take the place of the old one. A bad one has given all it took back.
    const decoded = this.#decode(head, decoder, body);
    const session = this.#begin(head, { decoder, account }, nowMs);
    this.#compareClocks(session, times);
    return this.#handOn(session, decoded, { nowMs, waiting: times.waiting });
  }

  #compareClocks(session: Session, { sentMs, receivedMs, heldMs }: Times): void {
    const { node, clock } = session;
    if (sentMs === undefined || !clock.note(sentMs, receivedMs, heldMs)) return;
    const offsetMs = clock.offsetMs ?? 0;
    session.shift = shifter(offsetMs);
    this.#options.onClock(node, offsetMs);
  }

  #decode({ node }: Header, decoder: Decoder, body: Buffer): Decoded {
    try {
      return decoder.decode(body);
    } catch (error) {
      const over = error instanceof WireError && error.reason === 'dictionary_limit';
      if (over) this.#options.onRefused(node, error.reason, error.message);
      throw error;
    }
  }

  #again({ node, session, seq }: Header, live: Session | undefined): Reply {
    add(this.#options.tally.batches, 'duplicate');
    const answer = live?.lastSeq === seq ? live.lastAnswer : undefined;
    return taken({
      accepted: answer?.accepted ?? 0,
      dropped: answer?.dropped ?? {},
      duplicate: true,
      ...clockOf(live),
      ...this.#durable(node, this.#options.sessions.durableOf(node, session)),
    });
  }

  /** After duplicates: those are told what is durable, and the agent lets go of it. */
  #checkFull(): void {
    const full = this.#options.full();
    if (full !== undefined) throw new WireError('log_full', full);
  }

  /** What an earlier run took and had not on disk must come again, and before anything that is newer. */
  #checkRun({ run }: Times): void {
    const { kept } = this.#options;
    if (kept === undefined || run === undefined || run === kept.run) return;
    throw new WireError(
      'restarted',
      'the collector was restarted: send again what was not durable, the oldest batch first',
    );
  }

  #checkPace({ node, timeMs }: Header, live: Session | undefined, times: Times & { readonly nowMs: number }): void {
    const { sentMs, receivedMs, nowMs } = times;
    const seenMs = sentMs === undefined || Math.abs(sentMs - receivedMs) <= TOLERATED_MS ? 0 : sentMs - receivedMs;
    const offsetMs = live?.clock.offsetMs ?? seenMs;
    if (this.#options.pace?.admits(node, timeMs - offsetMs, nowMs) ?? true) return;
    throw new WireError(
      'ahead',
      `windows are being caught up with, and ${node} is ahead of others: it is to wait for them`,
    );
  }

  #durable(node: string, durable: Durable): Pick<Taken, 'durable' | 'durable_after_ms' | 'run'> {
    const { kept } = this.#options;
    if (kept === undefined) return {};
    return { durable: durable.upTo(kept.upToOf(node)), durable_after_ms: kept.afterMs, run: kept.run };
  }

  #checkNew({ node, session, reset }: Header): void {
    const { sessions, limits } = this.#options;
    if (!reset) {
      throw new WireError(
        'unknown_session',
        `session ${session} of ${node} is not known here: send this batch in full`,
      );
    }
    if (!sessions.admits(node)) {
      throw new WireError('session_limit', `${sessions.size} agents are sending; legal: at most ${limits.maxSessions}`);
    }
  }

  #begin({ node, session }: Header, dictionary: Pick<Session, 'decoder' | 'account'>, nowMs: number): Session {
    const { sessions, cap, onRivals } = this.#options;
    if (sessions.of(node) !== undefined && sessions.wasReplaced(node, session)) onRivals(node);
    const lastSeq = sessions.lastSeq(node, session);
    const begun: Session = {
      node,
      session,
      ...dictionary,
      series: cap.open(),
      clock: createAgentClock(),
      shift: shifter(0),
      lastSeq,
      lastAnswer: undefined,
      durable: sessions.durableOf(node, session),
      seenMs: nowMs,
    };
    sessions.open(begun);
    return begun;
  }

  #handOn(session: Session, decoded: Decoded, { nowMs, waiting }: HandingOn): Reply {
    const { push, sessions, tally, pace, kept } = this.#options;
    const { batch, refused } = session.series.admit(decoded);
    const dropped = new Map<string, number>();
    add(dropped, 'unknown_metric', decoded.unknown);
    add(dropped, 'series_limit', refused);
    if (refused > 0) this.#options.onRefused(session.node, 'series_limit', seriesAdvice(this.#options.limits));
    let pushed: Pushed;
    const shifted = session.shift(batch);
    try {
      pushed = push(shifted);
    } catch (error) {
      // The dictionary has moved on and the batch was not taken: the agent has to describe everything again.
      sessions.end(session.node, 'failed', nowMs);
      throw error;
    }
    for (const [reason, samples] of pushed.dropped) add(dropped, reason, samples);
    pace?.took(session.node, shifted.timeMs, { waiting, intervalMs: shifted.intervalMs, nowMs });
    add(tally.batches, 'accepted');
    tally.samplesReceived += decoded.samples + decoded.unknown;
    tally.samplesAccepted += pushed.accepted;
    for (const [reason, lost] of dropped) add(tally.samplesDropped, reason, lost);
    if (session.lastSeq > 0) tally.missingBatches += batch.seq - session.lastSeq - 1;
    session.lastSeq = batch.seq;
    session.lastAnswer = { accepted: pushed.accepted, dropped: Object.fromEntries(dropped) };
    session.seenMs = nowMs;
    if (kept) session.durable.note(batch.seq, pushed.endMs, nowMs + kept.aheadMs);
    const durable = this.#durable(session.node, session.durable);
    return taken({ ...session.lastAnswer, duplicate: false, ...clockOf(session), ...durable });
  }
}

function clockOf(session: Session | undefined): { clock_offset_ms?: number } {
  const offsetMs = session?.clock.offsetMs ?? 0;
  return offsetMs === 0 ? {} : { clock_offset_ms: offsetMs };
}

function seriesAdvice({ maxSeries, maxSeriesPerNode }: IngestLimits): string {
  return `raise collector.max_series_per_node (${maxSeriesPerNode}) or collector.max_series (${maxSeries}), or let the agent read less`;
}

/**
 * The agents that are sending: per node one session with its dictionary, its series and the number of its last batch. A session
 * ends when its agent is silent for too long or another takes its node's name; its last number is remembered for a day, so
 * that a batch retried late still changes nothing.
 */
import type { Batch } from '../../src/model/batch.ts';
import type { Decoder } from '../../src/wire/decode.ts';
import type { Account } from './budget.ts';
import type { AgentClock } from './clocks.ts';
import { createDurable, type Durable } from './durable.ts';
import type { NodeSeries } from './series.ts';

/** Why a session ended. */
export type EndReason = 'stale' | 'replaced' | 'failed';

/** What was answered to the last batch, for when it comes again. */
export interface LastAnswer {
  readonly accepted: number;
  readonly dropped: Readonly<Record<string, number>>;
}

export interface Session {
  readonly node: string;
  readonly session: string;
  readonly decoder: Decoder;
  readonly series: NodeSeries;
  readonly clock: AgentClock;
  /** Puts its batches into our time. */
  shift: (batch: Batch) => Batch;
  /** The memory of its dictionary. */
  readonly account: Account;
  lastSeq: number;
  lastAnswer: LastAnswer | undefined;
  readonly durable: Durable;
  seenMs: number;
}

interface Ended {
  readonly node: string;
  readonly session: string;
  readonly lastSeq: number;
  readonly durable: Durable;
  readonly endedMs: number;
  /** It was sending when an earlier run of ours ended. */
  readonly awaited?: boolean;
  /** Another took its node's name, in this run. */
  readonly replaced?: boolean;
}

/** What must outlive a run of the collector, so that what is sent again changes nothing: the last durable batch of a session. */
export interface RememberedSession {
  readonly node: string;
  readonly session: string;
  readonly seq: number;
  /** Whether its agent was sending. */
  readonly live: boolean;
  /** When it ended, for one that is not: it is forgotten a day later, however often we are started anew. */
  readonly endedMs?: number | undefined;
}

/** How long, and for how many sessions per live one, the last number is remembered. */
const REMEMBER_MS = 24 * 3600_000;
const REMEMBER_TIMES = 4;

export interface SessionsOptions {
  readonly maxSessions: number;
  readonly staleAfterMs: number;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #live = new Map<string, Session>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, Ended>();
  #sweptMs = Number.NEGATIVE_INFINITY;
  readonly evicted = new Map<EndReason, number>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#live.size;
  }

  /** How far the clocks of agents that say when they send are off, in milliseconds, by node. */
  clockOffsets(): ReadonlyMap<string, number> {
    const offsets = new Map<string, number>();
    for (const { node, clock } of this.#live.values())
      if (clock.offsetMs !== undefined) offsets.set(node, clock.offsetMs);
    return offsets;
  }

  /** The session of that name, if it is its node's present one. */
  find(node: string, session: string): Session | undefined {
    const live = this.#live.get(node);
    return live?.session === session ? live : undefined;
  }

  /** The session that the node has now. */
  of(node: string): Session | undefined {
    return this.#live.get(node);
  }

  /** The number of the session's last batch, 0 if there was none; also for a session that ended. */
  lastSeq(node: string, session: string): number {
    return this.find(node, session)?.lastSeq ?? this.#ended.get(endedKey(node, session))?.lastSeq ?? 0;
  }

  /** Which of the session's batches are durable; also of one that ended. A new one begins where its node's former stands. */
  durableOf(node: string, session: string): Durable {
    const known = this.find(node, session) ?? this.#ended.get(endedKey(node, session));
    return known?.durable ?? createDurable({ endMs: this.#live.get(node)?.durable.endMs });
  }

  /** The sessions, each with the last batch that is durable when windows are on disk up to there; of some nodes, less far. */
  remembered(upToMs: number, behind?: ReadonlyMap<string, number>): RememberedSession[] {
    return [...this.#ended.values(), ...this.#live.values()].flatMap((one) => {
      const { node, session, durable } = one;
      const seq = durable.whenUpTo(Math.min(upToMs, behind?.get(node) ?? upToMs));
      const ended = 'endedMs' in one ? { live: false, endedMs: one.endedMs } : { live: true };
      return seq > 0 ? [{ node, session, seq, ...ended }] : [];
    });
  }

  /** Takes over what an earlier run remembered. */
  remember(sessions: Iterable<RememberedSession>, nowMs: number): void {
    for (const { node, session, seq, live, endedMs = nowMs } of sessions) {
      const durable = createDurable({ seq });
      // A clock that was set back must not make anybody stay.
      const ended = { node, session, lastSeq: seq, durable, endedMs: Math.min(endedMs, nowMs), awaited: live };
      this.#ended.set(endedKey(node, session), ended);
    }
  }

  /** The nodes that are sending, and those that were in an earlier run and have had no time yet to come back. */
  nodes(nowMs: number): Set<string> {
    const { staleAfterMs } = this.#options;
    const awaited = [...this.#ended.values()].filter((ended) => ended.awaited && nowMs - ended.endedMs <= staleAfterMs);
    return new Set([...this.#live.keys(), ...awaited.map(({ node }) => node)]);
  }

  /**
   * Whether another session took a session's place in this run: if it sends again beside that one, two agents have one name. What an earlier run
   * remembers comes again from one agent, the older session first.
   */
  wasReplaced(node: string, session: string): boolean {
    return this.#ended.get(endedKey(node, session))?.replaced === true;
  }

  /** Whether there is room for a session of that node. */
  admits(node: string): boolean {
    return this.#live.has(node) || this.#live.size < this.#options.maxSessions;
  }

  /** Puts a session in place of its node's former one. */
  open(session: Session): void {
    this.end(session.node, 'replaced', session.seenMs);
    this.#live.set(session.node, session);
    this.#ended.delete(endedKey(session.node, session.session));
  }

  end(node: string, reason: EndReason, nowMs: number): void {
    const session = this.#live.get(node);
    if (session === undefined) return;
    this.#live.delete(node);
    session.series.close();
    session.account.close();
    const { session: name, lastSeq, durable } = session;
    this.#ended.set(endedKey(node, name), {
      node,
      session: name,
      lastSeq,
      durable,
      endedMs: nowMs,
      replaced: reason === 'replaced',
    });
    this.evicted.set(reason, (this.evicted.get(reason) ?? 0) + 1);
  }

  /** Ends what is stale, forgets what ended long ago. Cheap to call often: looks only now and then. */
  housekeep(nowMs: number): void {
    // A clock that was set back must not stop it.
    if (Math.abs(nowMs - this.#sweptMs) < this.#options.staleAfterMs / 10) return;
    this.#sweptMs = nowMs;
    for (const [node, { seenMs }] of this.#live) {
      if (nowMs - seenMs > this.#options.staleAfterMs) this.end(node, 'stale', nowMs);
    }
    for (const [key, { endedMs }] of this.#ended) {
      const tooMany = this.#ended.size > this.#options.maxSessions * REMEMBER_TIMES;
      if (!tooMany && nowMs - endedMs <= REMEMBER_MS) break;
      this.#ended.delete(key);
    }
  }
}

function endedKey(node: string, session: string): string {
  return `${node.length}:${node}${session}`;
}

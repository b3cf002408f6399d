/**
 * Batches from agents: a body comes in, a reply goes out, and in between the batch has been handed on, once. Refusals change
 * nothing. Bodies are unpacked side by side and taken in the order in which they arrived.
 */
import type { FastifyInstance } from 'fastify';
import { WireError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import type { Clock } from '../../src/run/clock.ts';
import { createBodies } from '../../src/http/body/bodies.ts';
import { createBudget } from './budget.ts';
import { createCrowd } from './crowd.ts';
import type { Kept } from './durable.ts';
import { inflate } from '../../src/http/body/inflate.ts';
import { Intake, type Pace, type Pushed, type Times } from './intake.ts';
import { INGEST_LIMITS, type IngestLimits } from './limits.ts';
import { type Reply, refused } from './reply.ts';
import { addRoute } from './route.ts';
import { createSeriesCap } from './series.ts';
import { type RememberedSession, Sessions } from './sessions.ts';
import { add, createTally, type IngestStats } from './tally.ts';
import { turnstile } from '../../src/run/turnstile.ts';

export interface IngestOptions {
  /** Takes a batch, at once and whole. Called in the order of arrival, never twice for one batch. */
  readonly push: (batch: Batch) => Pushed;
  readonly familyNamed: (name: string) => Family | undefined;
  readonly limits?: Partial<IngestLimits>;
  /** A cap kept something of a node's out; `detail` says what to do. */
  readonly onRefused?: (node: string, reason: string, detail: string) => void;
  /** Why nothing more is to be taken at the moment, in words; undefined, or not there, while all is well. */
  readonly full?: () => string | undefined;
  /** How far the log of frames is on disk. Without it an agent is told nothing of it, and to be taken is enough. */
  readonly kept?: Kept | undefined;
  /** Who may send now, while windows are being caught up with. */
  readonly pace?: Pace | undefined;
  /** For how many milliseconds this process stood still lately; never, if it is not there. */
  readonly heldMs?: (() => number) | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** `Math.random` unless a test decides. */
  readonly random?: () => number;
}

/** What came with a body. */
export interface Received extends Partial<Times> {
  readonly encoding?: string | undefined;
}

export interface Ingest {
  /** Takes one body. Never rejects: what is wrong with the body is in the reply. */
  receive(body: Buffer, options?: Received): Promise<Reply>;
  /** Adds POST /api/v1/push. */
  route(app: FastifyInstance): void;
  /** Ends the sessions of agents that are silent; call it every minute or so. */
  housekeep(): void;
  /** The nodes that are sending, and those of an earlier run that have not come back. */
  nodes(): Iterable<string>;
  /** For the checkpoint of windows up to there, and of some nodes less far: each session's last durable batch. And what an earlier run had remembered. */
  remembered(upToMs: number, behind?: ReadonlyMap<string, number>): RememberedSession[];
  remember(sessions: Iterable<RememberedSession>): void;
  stats(): IngestStats;
}

/** Bodies unpacked at a time. */
const SIDE_BY_SIDE = 4;

/** The same trouble is logged this often, not each time. */
const LOG_EVERY_MS = 60_000;

export function createIngest(options: IngestOptions): Ingest {
  const {
    push,
    familyNamed,
    limits: given,
    onRefused = () => {},
    kept,
    pace,
    full = () => undefined,
    heldMs = () => 0,
    clock,
    log,
    random = Math.random,
  } = options;
  const limits: IngestLimits = { ...INGEST_LIMITS, ...given };
  const budget = createBudget({ limit: limits.maxDictionaryBytes, lingerMs: limits.lingerMs });
  const crowd = createCrowd(random);
  const cap = createSeriesCap({ total: limits.maxSeries, perNode: limits.maxSeriesPerNode });
  const sessions = new Sessions(limits);
  const tally = createTally();
  const line = turnstile(SIDE_BY_SIDE);
  const due = nowAndThen(clock);
  const onRivals = (node: string): void => {
    if (due('rivals')) log.warn({ node }, 'two agents send under the same node name: give each its own');
  };
  const onClock = (node: string, offsetMs: number): void => sayClock(log, node, offsetMs);
  const told = { onRefused, onRivals, onClock };
  const intake = new Intake({ push, familyNamed, limits, sessions, cap, budget, tally, kept, pace, full, ...told });
  const bodies = createBodies({ clock, maxBytes: limits.maxBodyBytes, maxHeldBytes: limits.maxPendingBytes });

  function refuse(error: unknown): Reply {
    const known = error instanceof WireError;
    const wrong = known
      ? error
      : new WireError('internal_error', 'the collector failed; its log says why', { cause: error });
    add(tally.batches, `refused_${wrong.reason}`);
    // One that waits for others does nothing wrong.
    if (wrong.reason !== 'ahead' && due(wrong.reason)) {
      if (known) log.warn({ reason: wrong.reason, detail: wrong.message }, 'refused a body from an agent');
      else log.error({ err: error }, 'failed to take a batch');
    }
    return refused(wrong, crowd.turnAway);
  }

  async function receive(body: Buffer, given: Received = {}): Promise<Reply> {
    const { encoding, sentMs, receivedMs = clock.now(), run, waiting } = given;
    const held = heldMs();
    tally.bytes += body.length;
    try {
      const unpack = () => inflate(body, encoding, limits.wire.bodyBytes);
      const reply = await line.pass(unpack, (unpacked) =>
        intake.take(unpacked, clock.now(), { sentMs, receivedMs, heldMs: held, run, waiting }),
      );
      crowd.letIn();
      return reply;
    } catch (error) {
      return refuse(error);
    }
  }

  return {
    receive,
    route: (app) => addRoute(app, { bodies, receive, refuse, now: () => clock.now() }),
    housekeep: () => {
      budget.pass(clock.now());
      sessions.housekeep(clock.now());
    },
    nodes: () => sessions.nodes(clock.now()),
    remembered: (upToMs, behind) => sessions.remembered(upToMs, behind),
    remember: (earlier) => sessions.remember(earlier, clock.now()),
    stats: () => {
      budget.pass(clock.now());
      return {
        ...tally,
        sessions: sessions.size,
        clockOffsets: sessions.clockOffsets(),
        sessionsEvicted: sessions.evicted,
        series: cap.held,
        dictionaryBytes: budget.bytes,
        dictionaryLimitBytes: budget.limit,
      };
    },
  };
}

/** Once for each change: the offset is stable while the clock is. */
function sayClock(log: Log, node: string, offsetMs: number): void {
  if (offsetMs === 0) log.info({ node }, 'the agent’s clock agrees with ours again');
  else
    log.warn(
      { node, seconds: Math.abs(offsetMs) / 1000 },
      `the agent’s clock is ${offsetMs > 0 ? 'ahead of' : 'behind'} ours: its readings are put into our time; set the clocks of both (NTP)`,
    );
}

/** Whether it is time to log this trouble again. The keys are reasons of ours, a closed list. */
function nowAndThen(clock: Clock): (what: string) => boolean {
  const last = new Map<string, number>();
  return (what) => {
    const nowMs = clock.monotonic();
    if (nowMs - (last.get(what) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return false;
    last.set(what, nowMs);
    return true;
  };
}

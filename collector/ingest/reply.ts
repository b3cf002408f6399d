/** Answers to an agent. The reasons are those of the wire format and the ones listed here; an agent decides by the status alone. */
import type { WireError } from '../../src/errors.ts';
import { ENCODINGS } from '../../src/http/body/inflate.ts';

/** The answer to a batch that was taken, now or when it came first. */
export interface Taken {
  readonly accepted: number;
  /** Samples by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly duplicate: boolean;
  /** The agent's clock minus ours, where that is more than a second: its rows were put into our time. */
  readonly clock_offset_ms?: number;
  /** The last batch of the session that is on disk with all before it; without a log there is none, and to be taken is enough. */
  readonly durable?: number;
  /** How long after its tick a batch is durable when all is well; comes with `durable`. */
  readonly durable_after_ms?: number;
  /** Names this run of the collector; comes with `durable`. */
  readonly run?: string;
}

/** The answer to one that was not. */
export interface Refused {
  readonly error: string;
  readonly message: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Taken | Refused;
}

/** Statuses by reason; every other reason is a 400. */
const STATUS: ReadonlyMap<string, number> = new Map([
  ['slow_body', 408],
  ['unknown_session', 409],
  ['out_of_step', 409],
  ['restarted', 409],
  ['limit', 413],
  ['body_too_large', 413],
  ['unsupported_media_type', 415],
  ['unsupported_encoding', 415],
  ['internal_error', 500],
  ['dictionary_limit', 429],
  ['ahead', 429],
  ['busy', 503],
  ['log_full', 503],
  ['session_limit', 503],
]);

/** Seconds after which an agent may come back at the earliest, by reason. */
const RETRY_AFTER: ReadonlyMap<string, number> = new Map([
  ['busy', 1],
  ['log_full', 10],
  ['dictionary_limit', 60],
  ['session_limit', 60],
]);

/** Seconds for one that is to wait for others: it is no crowd that has to be spread, and what it waits for moves on all the time. */
const AHEAD_SECONDS = 1;

export function taken(body: Taken): Reply {
  return { status: 200, headers: {}, body };
}

/** `later` makes the earliest seconds the ones that this agent is told. */
export function refused(error: WireError, later: (least: number) => number): Reply {
  const headers: Record<string, string> = {};
  const seconds = RETRY_AFTER.get(error.reason);
  if (seconds !== undefined) headers['retry-after'] = String(later(seconds));
  if (error.reason === 'ahead') headers['retry-after'] = String(AHEAD_SECONDS);
  if (error.reason === 'unsupported_encoding') headers['accept-encoding'] = ENCODINGS.join(', ');
  return {
    status: STATUS.get(error.reason) ?? 400,
    headers,
    body: { error: error.reason, message: error.message },
  };
}

/**
 * What a collector's answer means for the batch that was sent: a pure function from status, headers and body to a fate. Nothing in
 * the answer is trusted: reasons are cut to a short list of plain words, numbers to what was sent.
 */
import { retryAfterMs } from '../../src/http/retryafter.ts';

/** What becomes of the batch, and when the next request may go out. */
export type Fate =
  | Acknowledged
  /** The collector was restarted: all that is not durable again, the oldest first. */
  | { readonly do: 'rewind' }
  /** The collector does not have our session's dictionary, or another state of it: the same batch again, in full. */
  | { readonly do: 'resend full' }
  /** Never to be taken: the batch is dropped, the next goes in full. */
  | { readonly do: 'drop'; readonly why: string; readonly detail: string }
  /** The same bytes again. `slowly`: not before somebody changes something there or here. `afterMs`: the collector's wish. */
  | Retry;

/** Taken. */
export interface Acknowledged {
  readonly do: 'acknowledge';
  /** Samples that the collector counted as lost, by reason. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Our clock minus the collector's, 0 if they agree. */
  readonly clockOffsetMs: number;
  /** The last batch of the session that is durable; undefined if the collector knows no such thing, and to be taken is enough. */
  readonly durable: number | undefined;
  /** How long after its tick a batch becomes durable when all is well, in milliseconds. */
  readonly durableAfterMs: number;
  /** Names the collector's run. */
  readonly run: string | undefined;
}

export interface Retry {
  readonly do: 'retry';
  /** The status and the reason; stays the same while the trouble does. */
  readonly why: string;
  readonly detail: string;
  readonly slowly: boolean;
  readonly afterMs?: number | undefined;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** The collector does not have the dictionary that our body goes on with. */
const LOST_TRACK = new Set(['unknown_session', 'out_of_step']);

/** Distinct reasons taken from one answer. */
const MAX_REASONS = 32;

/** A wish to wait longer than this is cut. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;

export function fateOf({ status, retryAfter, body }: Answer, nowMs: number): Fate {
  const reply = parse(body);
  const error = textOf(reply, 'error');
  const why = `${status} ${error}`.trim();
  const detail = textOf(reply, 'message');
  if (status === 200 && typeof reply.get('accepted') === 'number') return acknowledged(reply);
  if (status === 409 && error === 'restarted') return { do: 'rewind' };
  if (status === 409 && LOST_TRACK.has(error)) return { do: 'resend full' };
  // A collector older or newer than we are will refuse every batch until one of us is updated.
  const otherVersion = error === 'unsupported_version';
  if (!otherVersion && (status === 400 || status === 413 || status === 422)) return { do: 'drop', why, detail };
  const passing = status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  // The rest, a 200 that is not ours included, means that this is not the address or not the token of a collector.
  const wish = retryAfterMs(retryAfter, nowMs);
  const afterMs = wish === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, wish);
  return { do: 'retry', why, detail, slowly: !passing, afterMs };
}

/** What an answer's `message` or, without one, `error` says; empty if it is none of ours. */
export function messageIn(body: string): string {
  const reply = parse(body);
  return textOf(reply, 'message') || textOf(reply, 'error');
}

/** The answer's fields; none if it is no JSON object. A Map, because its keys are foreign. */
function parse(body: string): Map<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    // Whatever stands between us and the collector may answer in HTML; the status then says enough.
    return new Map();
  }
}

/** A wish for more than this is cut. */
const MAX_DURABLE_AFTER_MS = 2 * 3600_000;

function acknowledged(reply: ReadonlyMap<string, unknown>): Acknowledged {
  const whole = (key: string): number | undefined => {
    const value = reply.get(key);
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  return {
    do: 'acknowledge',
    dropped: droppedOf(reply),
    clockOffsetMs: offsetOf(reply),
    durable: whole('durable'),
    durableAfterMs: Math.min(whole('durable_after_ms') ?? 0, MAX_DURABLE_AFTER_MS),
    // It goes back in a header.
    run: /^[\w-]{1,64}$/.exec(textOf(reply, 'run'))?.[0],
  };
}

function offsetOf(reply: ReadonlyMap<string, unknown>): number {
  const offset = reply.get('clock_offset_ms');
  return typeof offset === 'number' && Number.isSafeInteger(offset) ? offset : 0;
}

function droppedOf(reply: ReadonlyMap<string, unknown>): Map<string, number> {
  const dropped = new Map<string, number>();
  const given = reply.get('dropped');
  if (typeof given !== 'object' || given === null) return dropped;
  for (const [reason, samples] of Object.entries(given).slice(0, MAX_REASONS)) {
    if (!Number.isSafeInteger(samples) || samples <= 0) continue;
    const name = /^[a-z][a-z_]{0,39}$/.test(reason) ? reason : 'other';
    dropped.set(name, (dropped.get(name) ?? 0) + samples);
  }
  return dropped;
}

function textOf(reply: ReadonlyMap<string, unknown>, key: string): string {
  const text = reply.get(key);
  return typeof text === 'string' ? text.slice(0, 300) : '';
}

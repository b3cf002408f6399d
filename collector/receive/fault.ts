/** Why a body was not taken at all, as every protocol says it in its own form: status, when to come back, words. */
import { WireError } from '../../src/errors.ts';
import type { Outcome } from './intake.ts';

export interface Fault {
  readonly reason: string;
  readonly status: number;
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Statuses by reason; every other reason is a 400. */
const STATUS: ReadonlyMap<string, number> = new Map([
  ['web_page', 403],
  ['slow_body', 408],
  ['limit', 413],
  ['body_too_large', 413],
  ['unsupported_media_type', 415],
  ['unsupported_encoding', 415],
  ['busy', 503],
  ['unwritable', 503],
]);

/** Seconds after which a sender may come back, by reason. */
const RETRY_AFTER: ReadonlyMap<string, number> = new Map([
  ['busy', 1],
  ['unwritable', 10],
]);

/** What is no WireError came from the store: the sender has done nothing wrong, and may come back. */
export function faultOf(error: unknown): Fault {
  if (error instanceof WireError) return fault(error.reason, error.message);
  return fault('unwritable', 'the store takes nothing at the moment; the collector’s log says why');
}

/** What the disk did not take makes a sender come back with all of it: what is there already is there once. */
export function unwritten({ dropped, problem }: Outcome): Fault | undefined {
  if (!dropped.has('unwritable')) return undefined;
  return fault('unwritable', problem ?? 'the store takes nothing at the moment');
}

function fault(reason: string, message: string): Fault {
  const retryAfter = RETRY_AFTER.get(reason);
  const status = STATUS.get(reason) ?? 400;
  return { reason, status, message, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** A few words on what was not kept, for answers. */
export function droppedWords({ dropped, badLines, problem }: Outcome): string {
  const parts = [...dropped].map(([reason, samples]) => `${samples} ${reason}`);
  if (badLines > 0) parts.push(`${badLines} lines that are none`);
  return `not kept: ${parts.join(', ')}${problem === undefined ? '' : `; ${problem}`}`;
}

export function isWhole({ dropped, badLines }: Outcome): boolean {
  return dropped.size === 0 && badLines === 0;
}

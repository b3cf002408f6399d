/**
 * What an answer to remote-write means: taken, to be sent again, too much at once, to be searched for what is bad, never to be taken, or the
 * other version of the protocol asked for. Pure. The protocol says: 5xx and 429 again, any other 4xx never.
 */
import { retryAfterMs } from '../../../src/http/retryafter.ts';
import type { Answer } from '../sender.ts';

export type Protocol = '1.0' | '2.0';

export type Verdict =
  | { readonly kind: 'written' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'final'; readonly reason: string; readonly message: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly message: string; readonly retryAfterMs?: number }
  /** The server does not speak 2.0. */
  | { readonly kind: 'older' };

/** Without it a server has not understood 2.0: it has thrown away what it does not know, and says that all is well. */
const WRITTEN = 'x-prometheus-remote-write-samples-written';

/** What Prometheus 2.42 says with 500 of what is older than its window for late samples: it would say so for ever. */
const TOO_OLD = /^too old sample/;

/** A redirection is mended by people. */
const MISCONFIGURED_WAIT_MS = 60_000;

export interface Asked {
  /** Holds no secret. */
  readonly url: string;
  readonly protocol: Protocol;
  readonly nowMs: number;
}

export function judge(answer: Answer, { url, protocol, nowMs }: Asked): Verdict {
  const { status } = answer;
  if (status < 300) {
    return protocol === '2.0' && answer.header(WRITTEN) === undefined ? { kind: 'older' } : { kind: 'written' };
  }
  const said = answer.body.trim();
  const message = `${url} answers ${status}${said === '' ? '' : `: ${said}`}`;
  if (status < 400) {
    const where = `${message}; set "url" to where it leads`;
    return { kind: 'retry', reason: 'redirected', message: where, retryAfterMs: MISCONFIGURED_WAIT_MS };
  }
  if (status === 429 || (status >= 500 && !TOO_OLD.test(said))) {
    const wish = retryAfterMs(answer.retryAfter, nowMs);
    const reason = status === 429 ? 'throttled' : 'unavailable';
    return { kind: 'retry', reason, message, ...(wish === undefined ? {} : { retryAfterMs: wish }) };
  }
  if (status === 413) return { kind: 'too_large' };
  if (status === 415 && protocol === '2.0') return { kind: 'older' };
  return neverTaken(status, message);
}

function neverTaken(status: number, message: string): Verdict {
  // A server takes back all of a request in which it finds something bad, or none of the rest: halves tell what it is.
  if (status === 400 || status === 409 || status === 422)
    return { kind: 'refused', message: message + remedy(message) };
  if (status === 401 || status === 403 || status === 407) {
    return { kind: 'final', reason: 'unauthorized', message: `${message}; are token, user or certificate right?` };
  }
  if (status === 404 || status === 405) {
    const hint = 'is it the address of a remote-write receiver, and is that switched on?';
    return { kind: 'final', reason: 'not_found', message: `${message}; ${hint}` };
  }
  return { kind: 'final', reason: 'rejected', message };
}

/** What a person can do about it, where that is known. */
function remedy(said: string): string {
  if (/HTTP request (was sent )?to (an )?HTTPS/i.test(said)) return '; it speaks TLS: use https:// instead of http://';
  if (/out of order|out of bounds|too old|duplicate sample/i.test(said))
    return '; Prometheus takes what is late only with storage.tsdb.out_of_order_time_window; do two collectors write the same series?';
  return '';
}

/**
 * What an answer of InfluxDB means for the lines that were sent: taken, too many at once, to be looked at one by one, never to be
 * taken, or to be sent again. Pure: status, body and headers in, a verdict out.
 */
import { retryAfterMs } from '../../../src/http/retryafter.ts';

export interface Answer {
  readonly status: number;
  /** Empty for a success. */
  readonly body: string;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
}

export type Verdict =
  | { readonly kind: 'written' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'lines_refused'; readonly message: string }
  | { readonly kind: 'final'; readonly message: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly message: string; readonly retryAfterMs?: number };

/** Where the lines were sent to, for messages that tell what to do. Holds no secret. */
export interface Target {
  readonly version: 1 | 2 | 3;
  readonly url: string;
  /** The database or the bucket. */
  readonly database: string;
}

/** A wrong token or a missing database is mended by people; asking more often than this helps nobody. */
const MISCONFIGURED_WAIT_MS = 60_000;

/** Judges an answer; `nowMs` is for a `Retry-After` that is a date. */
export function judge(answer: Answer, target: Target, nowMs: number): Verdict {
  const { status } = answer;
  const said = messageOf(answer.body);
  if (status < 300) return { kind: 'written' };
  if (status === 413) return { kind: 'too_large' };
  const misconfigured = misconfiguration(answer, target, said);
  if (misconfigured) return { kind: 'retry', retryAfterMs: MISCONFIGURED_WAIT_MS, ...misconfigured };
  if (status === 400 || status === 422) return { kind: 'lines_refused', message: said + remedy(said, target) };
  const message = `${target.url} answers ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const wish = retryAfterMs(answer.retryAfter, nowMs);
    const reason = status === 429 ? 'throttled' : 'unavailable';
    return { kind: 'retry', reason, message, ...(wish === undefined ? {} : { retryAfterMs: wish }) };
  }
  return { kind: 'final', message };
}

/** What a person can do about lines that were refused, where that is known. */
function remedy(said: string, { database }: Target): string {
  if (!/retention policy|outside (of )?retention/i.test(said)) return '';
  return ` (they are older than "${database}" keeps: make its retention longer, or look whether the clocks are right)`;
}

/** What a person has to mend before anything can be written. */
function misconfiguration(
  { status }: Answer,
  target: Target,
  said: string,
): { reason: string; message: string } | undefined {
  const { url, database } = target;
  if (status === 400 && /HTTP request (was sent )?to (an )?HTTPS/i.test(said))
    return { reason: 'tls', message: `${url} speaks TLS: use https:// instead of http:// (${said})` };
  const detail = said === '' ? '' : ` (${said})`;
  if (status < 400) {
    return { reason: 'redirected', message: `${url} answers with a redirection; set "url" to where it leads` };
  }
  if (status === 401 || status === 403 || status === 407) {
    const what = `${target.version === 1 ? 'user or password' : 'the token'} for ${placeWord(target)} "${database}"`;
    return { reason: 'unauthorized', message: `${url} refuses ${what}${detail}` };
  }
  // Version 1 has the database, but not the retention policy.
  const gone = status === 404 || (status === 500 && /retention policy not found/i.test(said));
  if (!gone) return undefined;
  return { reason: 'not_found', message: `${missing(target, said)}${detail}` };
}

/** What the version calls the place that lines go to. */
export function placeWord({ version }: Target): string {
  return version === 2 ? 'bucket' : 'database';
}

const WRONG_VERSION: Readonly<Record<2 | 3, string>> = {
  2: 'has no /api/v2/write: an InfluxDB before 1.8 wants the sink kind "influxdb1"',
  3: 'has no /api/v3/write_lp: an InfluxDB before 3 wants the sink kind "influxdb2" or "influxdb1"',
};

function missing({ version, url, database }: Target, said: string): string {
  const noPage = /page not found/i.test(said) || (version === 3 && /^(not found)?$/i.test(said));
  if (version !== 1 && noPage) return `${url} ${WRONG_VERSION[version]}`;
  if (version === 2) {
    return `${url} has no such organisation or bucket: "${database}"; create it with: influx bucket create --name ${shell(database)}, or set create: true`;
  }
  if (version === 3)
    return `${url} has no database "${database}"; create it with: influxdb3 create database ${shell(database)}`;
  if (/retention policy/i.test(said))
    return `${url} has not got the retention policy in database "${database}"; set create: true`;
  const statement = `CREATE DATABASE "${database.replace(/["\\]/g, '\\$&')}"`;
  // Without a quote or a backslash: it is copied from a log in JSON as well as from a terminal.
  return `${url} has no database "${database}"; create it with: curl -X POST ${url}/query -d q=${encoded(statement)} (and -u USER where users are asked for)`;
}

/** As a form has it, with nothing in it that a shell would take for itself. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Quoted for a POSIX shell. */
function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The error's text: `error` of InfluxDB 1 and 3, `message` of 2, or the body itself. */
export function messageOf(body: string): string {
  const parsed = jsonOf(body);
  const text = parsed?.message ?? parsed?.error;
  return (typeof text === 'string' ? text : body).trim();
}

/** What errors of the versions are made of. */
export interface ErrorBody {
  readonly message?: unknown;
  readonly error?: unknown;
  readonly data?: unknown;
}

/** The body as an object of JSON, or undefined if it is none. */
export function jsonOf(body: string): ErrorBody | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    return JSON.parse(body) as ErrorBody;
  } catch {
    // A proxy's page or a cut answer: its text is used as it is.
    return undefined;
  }
}

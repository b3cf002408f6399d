/**
 * One write to InfluxDB over HTTP, through the transport of the official client. Of that client nothing else is used: its batching
 * loses lines and its retries take `Retry-After` for milliseconds, so requests, retries and queueing are ours.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import { SinkError } from '../../../src/errors.ts';
import { remedyFor } from '../../../src/http/remedy.ts';
import type { Clock } from '../../../src/run/clock.ts';
import type { Answer } from './answer.ts';

export interface InfluxClientOptions {
  readonly url: string;
  /** Path and query of the write endpoint, beginning with a slash. */
  readonly path: string;
  /** For `Authorization: Token …`. */
  readonly token?: string | undefined;
  /** For `Authorization: Basic …`. */
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly tls?: InfluxTls | undefined;
  /** Whether bodies are compressed. */
  readonly gzip: boolean;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** PEM: whom to trust, and our own certificate with its key. */
export interface InfluxTls {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

export interface InfluxClient {
  /** Sends lines, separated by newlines. Answers whatever the server said; rejects with a SinkError if it said nothing. */
  write(body: string, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** Smaller bodies are not worth compressing. */
const GZIP_THRESHOLD_BYTES = 1000;

export function createInfluxClient(options: InfluxClientOptions): InfluxClient {
  const { url, path, token, basic, tls, gzip, timeoutMs, clock } = options;
  const agent = url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...present(tls) })
    : new HttpAgent({ keepAlive: true });
  const { transport } = new InfluxDB({
    url,
    ...(token === undefined ? {} : { token }),
    headers: { 'User-Agent': 'plimsoll', ...(basic ? { Authorization: basicAuthorization(basic) } : {}) },
    // Its own time-out is for silence and leaves the socket open; ours below ends the request.
    timeout: timeoutMs + 1000,
    transportOptions: { agent },
  });

  function send(body: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let status = 0;
      transport.send(
        path,
        body,
        {
          method: 'POST',
          headers: { 'content-type': 'text/plain; charset=utf-8' },
          signal,
          ...(gzip ? { gzipThreshold: GZIP_THRESHOLD_BYTES } : {}),
        },
        {
          responseStarted: (_headers, code) => {
            status = code ?? 0;
          },
          error: (error) => (error instanceof HttpError ? resolve(answerOf(error)) : reject(error)),
          complete: () => resolve({ status, body: '', retryAfter: undefined }),
        },
      );
    });
  }

  return {
    async write(body, signal) {
      const ended = new AbortController();
      const stop = (): void => ended.abort();
      const cancel = clock.after(timeoutMs, stop);
      signal.addEventListener('abort', stop, { once: true });
      try {
        if (signal.aborted) stop();
        return await send(body, ended.signal);
      } catch (cause) {
        const late = ended.signal.aborted && !signal.aborted;
        // Frees the socket of a request that failed half-way.
        stop();
        throw unreachable({ url, timeoutMs, cause, late });
      } finally {
        cancel();
        signal.removeEventListener('abort', stop);
      }
    },
    close: () => agent.destroy(),
  };
}

function answerOf(error: HttpError): Answer {
  const retryAfter = error.headers?.['retry-after'];
  return {
    status: error.statusCode,
    body: error.body ?? '',
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  };
}

interface Failure {
  readonly url: string;
  readonly timeoutMs: number;
  readonly cause: unknown;
  /** The request took too long. */
  readonly late: boolean;
}

function unreachable({ url, timeoutMs, cause, late }: Failure): SinkError {
  if (late) return new SinkError('timeout', `${url} did not answer within ${timeoutMs} ms`, { retryable: true, cause });
  const code = cause instanceof Error && 'code' in cause ? `${String(cause.code)}: ` : '';
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new SinkError('unreachable', `${url}: ${code}${text}${remedyFor(cause, url)}`, { retryable: true, cause });
}

function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function present(tls: InfluxTls | undefined): Record<string, Buffer> {
  const entries = Object.entries(tls ?? {}).filter((entry): entry is [string, Buffer] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

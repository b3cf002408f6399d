/**
 * One write to InfluxDB over HTTP. Requests, retries and queueing are ours: the official client's batching loses lines, its retries take
 * `Retry-After` for milliseconds, and it reads an error's body without end. Of an answer no more is read than is of use.
 */
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { Pool } from 'undici';
import { basicAuthorization } from '../../../src/config/webaddress.ts';
import { SinkError } from '../../../src/errors.ts';
import { beginning } from '../../../src/http/beginning.ts';
import { remedyFor } from '../../../src/http/remedy.ts';
import type { Clock } from '../../../src/run/clock.ts';
import type { Answer } from './answer.ts';

const gzipped = promisify(gzipWithCallback);

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
  const { url, tls, gzip, timeoutMs, clock } = options;
  const target = new URL(url);
  const pool = new Pool(target.origin, {
    connections: 1,
    pipelining: 1,
    // Ours below ends the request; these are for silence.
    headersTimeout: timeoutMs + 1000,
    bodyTimeout: timeoutMs + 1000,
    connect: { timeout: timeoutMs, ...present(tls) },
  });
  const path = target.pathname.replace(/\/+$/, '') + options.path;
  const headers = headersOf(options);

  async function send(text: string, signal: AbortSignal): Promise<Answer> {
    const packed = gzip && text.length >= GZIP_THRESHOLD_BYTES;
    const body = packed ? await gzipped(text) : text;
    const encoding = packed ? { 'content-encoding': 'gzip' } : {};
    const response = await pool.request({ method: 'POST', path, headers: { ...headers, ...encoding }, body, signal });
    const said = await beginning(response.body);
    const { 'retry-after': retryAfter, 'x-influxdb-error': inHeader } = response.headers;
    return {
      status: response.statusCode,
      body: response.statusCode < 300 ? '' : said || first(inHeader) || '',
      retryAfter: first(retryAfter),
    };
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
    close: () => void pool.destroy(),
  };
}

function headersOf({ token, basic }: InfluxClientOptions): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'plimsoll' };
  if (token !== undefined) headers.authorization = `Token ${token}`;
  if (basic !== undefined) headers.authorization = basicAuthorization(basic);
  return headers;
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
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

function present(tls: InfluxTls | undefined): Record<string, Buffer> {
  const entries = Object.entries(tls ?? {}).filter((entry): entry is [string, Buffer] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

/**
 * Writes to InfluxDB over HTTP, and what else is asked of it. Requests, retries and queueing are ours: the official client's batching loses
 * lines, its retries take `Retry-After` for milliseconds, and it reads an error's body without end.
 */
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { basicAuthorization, type Login } from '../../../src/config/webaddress.ts';
import type { ClientTls } from '../../../src/http/pool.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { createSender, type Answer as FullAnswer, type Request } from '../sender.ts';
import type { Answer } from './answer.ts';

const gzipped = promisify(gzipWithCallback);

export interface InfluxClientOptions {
  readonly url: string;
  /** Path and query of the write endpoint, beginning with a slash. */
  readonly path: string;
  /** With the word before it, `Token` or `Bearer`. */
  readonly token?: { readonly scheme: string; readonly token: string } | undefined;
  /** For `Authorization: Basic …`. */
  readonly basic?: Login | undefined;
  readonly tls?: ClientTls | undefined;
  /** Whether bodies are compressed. */
  readonly gzip: boolean;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Requests under way at once. */
  readonly connections: number;
}

export interface InfluxClient {
  /** Sends lines, separated by newlines. Answers whatever the server said; rejects with a SinkError if it said nothing. */
  write(body: string, signal: AbortSignal): Promise<Answer>;
  /** Any other request. */
  ask(request: Request, signal: AbortSignal): Promise<FullAnswer>;
  close(): void;
}

/** Smaller bodies are not worth compressing. */
const GZIP_THRESHOLD_BYTES = 1000;

const LINES = { 'content-type': 'text/plain; charset=utf-8' };

export function createInfluxClient(options: InfluxClientOptions): InfluxClient {
  const { path, gzip } = options;
  const sender = createSender({ ...options, headers: headersOf(options) });
  return {
    async write(text, signal) {
      const packed = gzip && text.length >= GZIP_THRESHOLD_BYTES;
      const body = packed ? await gzipped(text) : text;
      const headers = packed ? { ...LINES, 'content-encoding': 'gzip' } : LINES;
      const answer = await sender.send({ method: 'POST', path, headers, body }, signal);
      const { status, retryAfter } = answer;
      const said = status < 300 ? '' : answer.body || answer.header('x-influxdb-error') || '';
      return { status, body: said, retryAfter };
    },
    ask: (request, signal) => sender.send(request, signal),
    close: () => sender.close(),
  };
}

function headersOf({ token, basic }: InfluxClientOptions): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': 'plimsoll' };
  if (token !== undefined) headers.authorization = `${token.scheme} ${token.token}`;
  if (basic !== undefined) headers.authorization = basicAuthorization(basic);
  return headers;
}

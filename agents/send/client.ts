/** One connection to the collector: posts a body and brings the answer back, however long it is, in bounded time and memory. */
import { Pool } from 'undici';
import { CONTENT_TYPE, SENT_HEADER } from '../../src/wire/format.ts';
import type { Answer } from './answer.ts';

export interface ClientOptions {
  /** The collector's address, for example `http://collector:9640`; a path is kept in front of `/api/v1/push`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** PEM texts: the authority that signed the collector's certificate, and our own certificate and key. */
  readonly tls?: TlsOptions | undefined;
  readonly timeoutMs: number;
  /** Unix milliseconds, for the header that says when a push was sent. */
  readonly now: () => number;
}

export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Client {
  /** Sends a body compressed with gzip. Rejects when no complete answer came, which says nothing about whether the body arrived. */
  post(body: Uint8Array, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** An answer longer than this is cut; ours are a few hundred bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

const PUSH_PATH = '/api/v1/push';

export function createClient({ url, token, tls, timeoutMs, now }: ClientOptions): Client {
  const target = new URL(url);
  const connect = { timeout: timeoutMs, ...present(tls) };
  const pool = new Pool(target.origin, {
    connections: 1,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect,
  });
  const headers: Record<string, string> = { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const path = target.pathname.replace(/\/+$/, '') + PUSH_PATH;
  return {
    async post(body, signal) {
      const sent = { ...headers, [SENT_HEADER]: String(now()) };
      const response = await pool.request({ method: 'POST', path, headers: sent, body, signal });
      const retryAfter = response.headers['retry-after'];
      return {
        status: response.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        body: await beginning(response.body),
      };
    },
    close: () => pool.destroy(),
  };
}

async function beginning(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection; a new one is made for the next batch.
    if (length > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** Without the options that are undefined: to TLS that is something else than absent. */
function present(tls: TlsOptions | undefined): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries(tls ?? {}).filter(([, value]) => value !== undefined));
}

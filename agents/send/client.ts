/** One connection to the collector: posts a body and brings the answer back, however long it is, in bounded time and memory. */
import { type Dispatcher, Pool } from 'undici';
import { hider } from '../../src/config/redact.ts';
import { basicAuthorization, type Login } from '../../src/config/webaddress.ts';
import { remedyFor } from '../../src/http/remedy.ts';
import { CONTENT_TYPE, SENT_HEADER } from '../../src/wire/format.ts';
import type { Answer } from './answer.ts';

export interface Destination {
  /** The collector's address, for example `http://collector:9640`, with or without `/api/v1/push`; a path is kept in front of it. */
  readonly url: string;
  readonly token?: string | undefined;
  /** In place of a token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
  /** PEM texts: the authority that signed the collector's certificate, and our own certificate and key. */
  readonly tls?: TlsOptions | undefined;
  readonly timeoutMs: number;
}

export interface ClientOptions extends Destination {
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
  /** Asks the same place for nothing, as {@link post} rejects. */
  ask(signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** An answer longer than this is cut; ours are a few hundred bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

const PUSH_PATH = '/api/v1/push';
const ENCODED = { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' };

export function createClient({ url, token, login, tls, timeoutMs, now }: ClientOptions): Client {
  const target = new URL(url);
  const connect = { timeout: timeoutMs, ...present(tls) };
  const pool = new Pool(target.origin, {
    connections: 1,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect,
  });
  const headers = authorization({ token, login });
  const path = target.pathname.replace(/\/+$/, '').replace(/\/api\/v1(\/push)?$/, '') + PUSH_PATH;
  // A collector, or a proxy before it, may quote what it was sent.
  const hide = hider([token, login?.password, login && `${login.username}:${login.password}`]);

  async function request(
    options: Partial<Dispatcher.RequestOptions> & { method: Dispatcher.HttpMethod },
  ): Promise<Answer> {
    try {
      const response = await pool.request({ path, ...options });
      const retryAfter = response.headers['retry-after'];
      return {
        status: response.statusCode,
        retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        body: hide(await beginning(response.body)),
      };
    } catch (cause) {
      const text = wordsOf(cause);
      throw new Error(`${text}${remedyFor(cause, url)}`, { cause });
    }
  }

  return {
    post(body, signal) {
      const sent = { ...headers, ...ENCODED, [SENT_HEADER]: String(now()) };
      return request({ method: 'POST', headers: sent, body, signal });
    },
    ask: (signal) => request({ method: 'GET', headers, signal }),
    close: () => pool.destroy(),
  };
}

function authorization({ token, login }: Pick<ClientOptions, 'token' | 'login'>): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  return login === undefined ? {} : { authorization: basicAuthorization(login) };
}

/** Some errors of sockets have a code alone. */
function wordsOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const text = message || String((error as { code?: unknown }).code ?? 'no connection');
  return cause instanceof Error ? `${text}: ${cause.message}` : text;
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

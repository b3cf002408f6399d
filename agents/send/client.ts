/** One connection to the collector: posts a body and brings the answer back, however long it is, in bounded time and memory. */
import type { Dispatcher } from 'undici';
import { hider } from '../../src/config/redact.ts';
import { basicAuthorization, type Login } from '../../src/config/webaddress.ts';
import { beginning } from '../../src/http/beginning.ts';
import { type ClientTls, connectionsTo, firstOf } from '../../src/http/pool.ts';
import { remedyFor } from '../../src/http/remedy.ts';
import { CONTENT_TYPE, RUN_HEADER, SENT_HEADER, WAITING_HEADER } from '../../src/wire/format.ts';
import type { Answer } from './answer.ts';

export interface Destination {
  /** The collector's address, for example `http://collector:9640`, with or without `/api/v1/push`; a path is kept in front of it. */
  readonly url: string;
  readonly token?: string | undefined;
  /** In place of a token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
  /** PEM texts: the authority that signed the collector's certificate, and our own certificate and key. */
  readonly tls?: ClientTls | undefined;
  readonly timeoutMs: number;
}

export interface ClientOptions extends Destination {
  /** Unix milliseconds, for the header that says when a push was sent. */
  readonly now: () => number;
}

/** What goes along with a body. */
export interface Posted {
  /** The run of the collector that has taken batches before it which are not durable yet. */
  readonly run: string | undefined;
  /** How many batches are kept behind it that have not been sent. */
  readonly waiting: number;
}

export interface Client {
  /** Sends a body compressed with gzip. Rejects when no complete answer came, which says nothing about whether the body arrived. */
  post(body: Uint8Array, about: Posted, signal: AbortSignal): Promise<Answer>;
  /** Asks the same place for nothing, as {@link post} rejects. */
  ask(signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** An answer longer than this is cut; ours are a few hundred bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

const PUSH_PATH = '/api/v1/push';
const ENCODED = { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' };

export function createClient({ url, token, login, tls, timeoutMs, now }: ClientOptions): Client {
  const { pool, prefix } = connectionsTo({ url, tls, timeoutMs });
  const headers = authorization({ token, login });
  const path = prefix.replace(/\/api\/v1(\/push)?$/, '') + PUSH_PATH;
  // A collector, or a proxy before it, may quote what it was sent.
  const hide = hider([token, login?.password, login && `${login.username}:${login.password}`]);

  async function request(
    options: Partial<Dispatcher.RequestOptions> & { method: Dispatcher.HttpMethod },
  ): Promise<Answer> {
    try {
      const response = await pool.request({ path, ...options });
      return {
        status: response.statusCode,
        retryAfter: firstOf(response.headers['retry-after']),
        body: hide(await beginning(response.body, MAX_ANSWER_BYTES)),
      };
    } catch (cause) {
      const text = wordsOf(cause);
      throw new Error(`${text}${remedyFor(cause, url)}`, { cause });
    }
  }

  return {
    post(body, { run, waiting }, signal) {
      const after = run === undefined ? {} : { [RUN_HEADER]: run };
      const sent = {
        ...headers,
        ...ENCODED,
        [SENT_HEADER]: String(now()),
        [WAITING_HEADER]: String(waiting),
        ...after,
      };
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

/** The collector that samples are asked of or handed to: where it is, who we are to it, and requests to it. */
import { text as textOf } from 'node:stream/consumers';
import type { Dispatcher } from 'undici';
import type { Config } from '../../config/schema.ts';
import { pem } from '../../config/secure.ts';
import { basicAuthorization } from '../../config/webaddress.ts';
import { beginning } from '../../http/beginning.ts';
import { remedyFor } from '../../http/remedy.ts';
import { type AskedServer, askedServer } from '../server.ts';

/** What the collector does not do, or why it cannot be asked; `again`: it may do it later, after so long if it says so. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  readonly again: { readonly afterMs: number | undefined } | undefined;

  constructor(message: string, options: ErrorOptions & { readonly again?: TransferError['again'] } = {}) {
    super(message, options);
    this.again = options.again;
  }
}

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface CollectorAt {
  readonly url: string;
  /** The body of a success, as it comes; rejects with a TransferError. */
  stream(asked: Asked): Promise<AsyncIterable<Uint8Array>>;
  json(asked: Asked): Promise<unknown>;
  close(): void;
}

interface Place {
  readonly url?: string;
  readonly ca?: string;
}

/** How long it may say nothing: it may look through months of samples before the first. */
const SILENCE_MS = 120_000;
const WORDS_BYTES = 2000;

/** Throws a ConfigError for an address, token or file that cannot be used. */
export async function collectorAt(config: Config, { url: given, ca: authority }: Place): Promise<CollectorAt> {
  const server = askedServer(config, given);
  const { url } = server;
  const authorization = authorizationOf(server);
  const ca = pem('--ca', authority);
  const { connectionsTo } = await import('../../http/pool.ts');
  const { pool, prefix } = connectionsTo({ url, tls: { ca }, timeoutMs: 10_000, silenceMs: SILENCE_MS });

  async function ask({ method, path, query, headers, body, signal }: Asked): Promise<Dispatcher.ResponseData> {
    const target = `${prefix}${path}?${query}`;
    try {
      const all = { ...headers, ...authorization };
      return await pool.request({ method, path: target, headers: all, body: body ?? null, signal: signal ?? null });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message || cause.name : String(cause);
      throw new TransferError(`${url}: ${why}${remedyFor(cause, url)}`, { cause, again: { afterMs: undefined } });
    }
  }

  async function stream(asked: Asked): Promise<AsyncIterable<Uint8Array>> {
    const { statusCode, headers, body } = await ask(asked);
    if (statusCode < 300) return body;
    const said = (await beginning(body, WORDS_BYTES)).trim();
    const later = statusCode === 429 || statusCode >= 500;
    const seconds = Number(headers['retry-after']);
    const again = later ? { afterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined } : undefined;
    throw new TransferError(`${url}${asked.path} answers ${statusCode}: ${said}`, { ...(again ? { again } : {}) });
  }

  return {
    url,
    stream,
    async json(asked) {
      const text = await textOf((await stream(asked)) as Parameters<typeof textOf>[0]);
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new TransferError(`${url}${asked.path} answers what is no JSON: is it a collector of Plimsoll?`, {
          cause,
        });
      }
    },
    close: () => void pool.destroy(),
  };
}

function authorizationOf({ login, token }: AskedServer): Readonly<Record<string, string>> {
  if (login !== undefined) return { authorization: basicAuthorization(login) };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

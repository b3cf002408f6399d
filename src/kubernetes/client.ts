/**
 * Asks a Kubernetes API server: JSON whole, or a stream of lines (a watch), each bounded. Who we are to it is read anew for each question, because tokens and certificates are renewed.
 * What it refuses is an ApiError with its status and its words; where no answer came, an ApiServerError.
 */
import type { Dispatcher, Pool } from 'undici';
import { beginning } from '../http/beginning.ts';
import { textField } from '../http/field.ts';
import { type ClientTls, connectionsTo, firstOf } from '../http/pool.ts';
import { remedyFor } from '../http/remedy.ts';
import type { ApiAccess } from './credentials.ts';

export interface ApiClient {
  get(path: string, accept: string, signal?: AbortSignal): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** The lines of an answer that goes on, as they come. */
  lines(path: string, accept: string, how: Following): AsyncGenerator<string>;
  close(): Promise<void>;
}

export interface Following {
  readonly signal: AbortSignal;
  /** The server has said yes; it may be minutes until the first line. */
  onOpen(): void;
}

export interface ApiClientOptions {
  readonly access: ApiAccess;
  /** At a time, each with one question under way; a watch keeps one. */
  readonly connections: number;
  /** Of one answer. */
  readonly maxBytes: number;
}

export class ApiError extends Error {
  readonly status: number;
  readonly words: string;
  /** Seconds that the server asks to be left alone; 0 if it does not. */
  readonly retryAfter: number;
  constructor(status: number, words: string, retryAfter = 0) {
    super(`${status}: ${words}`);
    this.status = status;
    this.words = words;
    this.retryAfter = retryAfter;
  }
}

export class ApiServerError extends Error {}

/** One object; etcd takes none of more than 1.5 MB. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const MAX_WORDS = 4096;
const TIMEOUT_MS = 10_000;
/** A watch ends by itself before. Bookmarks come more often, but no server promises when. */
const SILENCE_MS = 6 * 60_000;

type Question = Pick<Dispatcher.RequestOptions, 'path' | 'method' | 'bodyTimeout'> & {
  readonly accept: string;
  readonly json?: object;
  readonly signal?: AbortSignal | undefined;
};

export function createApiClient({ access, connections, maxBytes }: ApiClientOptions): ApiClient {
  let kept: { readonly key: string; readonly pool: Pool; readonly prefix: string } | undefined;

  /** Another one when the certificates are others; watches stay on the connections that they have. */
  function current(): { pool: Pool; prefix: string } {
    const tls = access.tls();
    const key = keyOf(tls);
    if (kept?.key === key) return kept;
    void kept?.pool.close();
    kept = { key, ...connectionsTo({ url: access.url, tls, timeoutMs: TIMEOUT_MS, connections }) };
    return kept;
  }

  function send({ path, accept, json, signal, ...others }: Question): Promise<Dispatcher.ResponseData> {
    const token = access.token();
    const headers = {
      accept,
      'user-agent': 'plimsoll',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const body = json === undefined ? null : JSON.stringify(json);
    const { pool, prefix } = current();
    const given = { ...others, headers, body, signal: signal ?? null, headersTimeout: TIMEOUT_MS };
    return pool.request({ ...given, path: prefix + path });
  }

  /** The body of an answer that says yes. */
  async function ask(question: Question): Promise<Dispatcher.ResponseData['body']> {
    const { statusCode, headers, body } = await send(question);
    if (statusCode >= 200 && statusCode < 300) return body;
    const retryAfter = Number(firstOf(headers['retry-after'])) || 0;
    throw new ApiError(statusCode, wordsOf(await beginning(body, MAX_WORDS)), retryAfter);
  }

  async function json(question: Omit<Question, 'bodyTimeout'>): Promise<unknown> {
    try {
      return JSON.parse(await whole(await ask({ bodyTimeout: TIMEOUT_MS, ...question }), maxBytes)) as unknown;
    } catch (cause) {
      throw told(cause, access.url);
    }
  }

  return {
    get: (path, accept, signal) => json({ path, method: 'GET', accept, signal }),
    post: (path, body) => json({ path, method: 'POST', accept: 'application/json', json: body }),
    async *lines(path, accept, { signal, onOpen }) {
      try {
        const body = await ask({ path, method: 'GET', accept, signal, bodyTimeout: SILENCE_MS });
        onOpen();
        yield* linesOf(body);
      } catch (cause) {
        throw told(cause, access.url);
      }
    },
    close: async () => {
      await kept?.pool.destroy();
    },
  };
}

async function whole(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > maxBytes) throw new Error(`its answer has more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let waiting = 0;
  for await (const piece of body) {
    let from = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      const line = Buffer.concat([...rest, piece.subarray(from, at)]).toString('utf8');
      [rest, waiting, from] = [[], 0, at + 1];
      if (line !== '') yield line;
    }
    waiting += piece.length - from;
    if (waiting > MAX_LINE_BYTES) throw new Error(`a line of it has more than ${MAX_LINE_BYTES} bytes`);
    if (from < piece.length) rest.push(piece.subarray(from));
  }
}

/** A refusal as it is; of anything else, who did not answer and why. */
function told(cause: unknown, url: string): Error {
  if (cause instanceof ApiError) return cause;
  const words = cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
  return new ApiServerError(`${url}: ${words}${remedyFor(cause, url)}`, { cause });
}

/** What a Status says; else what came. */
function wordsOf(text: string): string {
  try {
    return textField(JSON.parse(text), 'message') ?? text;
  } catch {
    // A page of a proxy, say.
    return text;
  }
}

function keyOf({ ca, cert, key }: ClientTls): string {
  return JSON.stringify([ca, cert, key].map((one) => one?.toString() ?? ''));
}

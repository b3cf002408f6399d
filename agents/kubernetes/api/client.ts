/**
 * Asks the API server: JSON whole, or a stream of lines (a watch), each bounded. Nothing is written. What it refuses is an ApiError with its status and its words, what does not
 * answer any other Error.
 */
import type { Dispatcher, Pool } from 'undici';
import { beginning } from '../../../src/http/beginning.ts';
import { type ClientTls, connectionsTo, firstOf } from '../../../src/http/pool.ts';
import { remedyFor } from '../../../src/http/remedy.ts';
import { textField } from '../../docker/engine/field.ts';
import type { Access } from './access.ts';

export interface ApiClient {
  get(path: string, accept: string, signal: AbortSignal): Promise<unknown>;
  /** The lines of an answer that goes on, as they come. */
  lines(path: string, accept: string, how: Following): AsyncGenerator<string>;
  close(): Promise<void>;
}

export interface Following {
  readonly signal: AbortSignal;
  /** The server has said yes; it may be minutes until the first line. */
  onOpen(): void;
}

export class ApiError extends Error {
  readonly status: number;
  /** Seconds that the server asks to be left alone; 0 if it does not. */
  readonly retryAfter: number;
  constructor(status: number, words: string, retryAfter = 0) {
    super(words);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Of a list of a hundred pods with all that they are, a fifth of it. */
const MAX_LIST_BYTES = 32 * 1024 * 1024;
/** One pod; etcd takes no object of more than 1.5 MB. */
const MAX_LINE_CHARS = 4 * 1024 * 1024;
const MAX_WORDS = 4096;
const TIMEOUT_MS = 10_000;
/** A watch ends by itself before; nothing may come for minutes. */
const SILENCE_MS = 6 * 60_000;

export function createApiClient(access: Access): ApiClient {
  let kept: { readonly key: string; readonly pool: Pool; readonly prefix: string } | undefined;

  /** Another one when the certificates are others. */
  function connections(): { pool: Pool; prefix: string } {
    const tls = access.tls();
    const key = keyOf(tls);
    if (kept?.key === key) return kept;
    void kept?.pool.close();
    // A list and a watch of each kind, and the owners.
    kept = { key, ...connectionsTo({ url: access.url, tls, timeoutMs: TIMEOUT_MS, connections: 4 }) };
    return kept;
  }

  async function request(
    path: string,
    accept: string,
    { signal, bodyTimeout }: { readonly signal: AbortSignal; readonly bodyTimeout: number },
  ): Promise<Dispatcher.ResponseData> {
    const token = access.token();
    const headers = { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const { pool, prefix } = connections();
    const whole = {
      method: 'GET',
      path: prefix + path,
      headers,
      signal,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout,
    } as const;
    const response = await asked(() => pool.request(whole), access.url);
    if (response.statusCode === 200) return response;
    const retryAfter = Number(firstOf(response.headers['retry-after'])) || 0;
    throw new ApiError(response.statusCode, wordsOf(await beginning(response.body, MAX_WORDS)), retryAfter);
  }

  return {
    async get(path, accept, signal) {
      const { body } = await request(path, accept, { signal, bodyTimeout: TIMEOUT_MS });
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > MAX_LIST_BYTES) throw new Error(`the API server’s answer has more than ${MAX_LIST_BYTES} bytes`);
        chunks.push(chunk);
      }
      return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    },
    async *lines(path, accept, { signal, onOpen }) {
      const { body } = await request(path, accept, { signal, bodyTimeout: SILENCE_MS });
      onOpen();
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of body as AsyncIterable<Buffer>) {
        const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = pieces.pop() ?? '';
        if (rest.length > MAX_LINE_CHARS)
          throw new Error(`a line of the API server has more than ${MAX_LINE_CHARS} characters`);
        for (const line of pieces) if (line !== '') yield line;
      }
    },
    close: async () => {
      await kept?.pool.destroy();
    },
  };
}

async function asked<T>(ask: () => Promise<T>, url: string): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const words = cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
    throw new Error(`${url}: ${words}${remedyFor(cause, url)}`, { cause });
  }
}

/** What a Status says; else what came. */
function wordsOf(text: string): string {
  try {
    return textField(JSON.parse(text), 'message') ?? text;
  } catch {
    return text;
  }
}

function keyOf({ ca, cert, key }: ClientTls): string {
  return JSON.stringify([ca, cert, key].map((one) => one?.toString() ?? ''));
}

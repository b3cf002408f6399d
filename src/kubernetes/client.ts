/**
 * Questions to a Kubernetes API server: a path comes in, status and JSON go out, or lines as they come. Certificates and token are read again when they may have
 * been renewed. Rejects with an ApiServerError only where no answer came.
 */
import { Agent, type Dispatcher } from 'undici';
import { remedyFor } from '../http/remedy.ts';
import type { Clock } from '../run/clock.ts';
import { type ApiServerPlace, readKeyFile } from './credentials.ts';

export interface ApiAnswer {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
}

export interface ApiClient {
  get(path: string, accept: string, signal?: AbortSignal): Promise<ApiAnswer>;
  post(path: string, body: object, signal?: AbortSignal): Promise<ApiAnswer>;
  /** Hands over each line of an answer that goes on; resolves with its status when it ends. Of another status than 200 there are no lines. */
  lines(path: string, options: LinesOptions): Promise<number>;
  close(): Promise<void>;
}

export interface LinesOptions {
  readonly accept: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

export class ApiServerError extends Error {}

/** How long an answer may take; one that goes on may be silent for longer: bookmarks come every minute. */
const TIMEOUT_MS = 10_000;
const SILENCE_MS = 150_000;
/** Certificates and token are looked at again after so long. */
const RENEW_MS = 30_000;
/** Of one answer, or of one line. */
const MAX_BYTES = 64 * 1024 * 1024;

interface Keys {
  readonly agent: Agent;
  readonly ca: string | undefined;
  readonly token: string | undefined;
  readonly readMs: number;
}

export function createApiClient(place: ApiServerPlace, clock: Pick<Clock, 'monotonic'>): ApiClient {
  const origin = place.url.replace(/\/$/, '');
  let keys: Keys | undefined;

  function current(): Keys {
    const nowMs = clock.monotonic();
    if (keys && nowMs - keys.readMs < RENEW_MS) return keys;
    const ca = place.caFile && readKeyFile('certificates', place.caFile);
    const token = place.tokenFile && readKeyFile('token', place.tokenFile);
    const same = keys !== undefined && keys.ca === ca;
    // Answers that go on stay on the connections that they have.
    if (!same) void keys?.agent.close();
    const agent = same && keys ? keys.agent : new Agent({ connect: ca ? { ca } : {}, headersTimeout: TIMEOUT_MS });
    keys = { agent, ca, token, readMs: nowMs };
    return keys;
  }

  async function ask(path: string, options: Partial<Dispatcher.RequestOptions> & { accept: string }) {
    const { agent, token } = current();
    const { accept, headers, ...others } = options;
    const given = { accept, 'user-agent': 'plimsoll', ...(headers as Record<string, string> | undefined) };
    const bearer = token ? { authorization: `Bearer ${token}` } : {};
    try {
      return await agent.request({ origin, path, method: 'GET', ...others, headers: { ...given, ...bearer } });
    } catch (cause) {
      throw silence(origin, cause);
    }
  }

  async function answer(path: string, options: Parameters<typeof ask>[1]): Promise<ApiAnswer> {
    const { statusCode, body } = await ask(path, { bodyTimeout: TIMEOUT_MS, ...options });
    try {
      const text = await whole(body);
      return { status: statusCode, body: parsed(text) };
    } catch (cause) {
      throw silence(origin, cause);
    }
  }

  return {
    get: (path, accept, signal) => answer(path, { accept, signal: signal ?? null }),
    post: (path, body, signal) =>
      answer(path, {
        accept: 'application/json',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: signal ?? null,
      }),
    async lines(path, { accept, onLine, signal }) {
      const { statusCode, body } = await ask(path, { accept, signal, bodyTimeout: SILENCE_MS });
      try {
        if (statusCode === 200) await eachLine(body, onLine);
        else await whole(body);
      } catch (cause) {
        throw silence(origin, cause);
      }
      return statusCode;
    },
    async close() {
      await keys?.agent.destroy();
    },
  };
}

async function whole(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function eachLine(body: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  let rest: Buffer[] = [];
  let waiting = 0;
  for await (const piece of body) {
    let from = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      onLine(Buffer.concat([...rest, piece.subarray(from, at)]).toString('utf8'));
      rest = [];
      waiting = 0;
      from = at + 1;
    }
    waiting += piece.length - from;
    if (waiting > MAX_BYTES) throw new Error(`a line has more than ${MAX_BYTES} bytes`);
    if (from < piece.length) rest.push(piece.subarray(from));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy: the status says enough.
    return undefined;
  }
}

function silence(origin: string, cause: unknown): ApiServerError {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new ApiServerError(`the API server ${origin}: ${text}${remedyFor(cause, origin)}`, { cause });
}

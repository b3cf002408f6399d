/**
 * Requests to the server of a sink over HTTP: each with its own deadline, the answer read as far as it is of use. Queueing and trying
 * again are not done here. Rejects with a SinkError only where no answer came.
 */
import { SinkError } from '../../src/errors.ts';
import { beginning } from '../../src/http/beginning.ts';
import { type ClientTls, connectionsTo, firstOf } from '../../src/http/pool.ts';
import { remedyFor } from '../../src/http/remedy.ts';
import type { Clock } from '../../src/run/clock.ts';

export interface SenderOptions {
  readonly url: string;
  readonly tls?: ClientTls | undefined;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Requests under way at once. */
  readonly connections: number;
  /** Of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Path and query, put behind the address's own path. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
  /** Any other, by its name in lower case. */
  header(name: string): string | undefined;
}

export interface Sender {
  /** Answers whatever the server said; rejects with a SinkError if it said nothing. */
  send(request: Request, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

export function createSender({ url, tls, timeoutMs, clock, connections, headers }: SenderOptions): Sender {
  // Our own deadline ends the request; the pool's is for silence.
  const { pool, prefix } = connectionsTo({ url, tls, timeoutMs, silenceMs: timeoutMs + 1000, connections });

  async function ask({ method, path, body, headers: further }: Request, signal: AbortSignal): Promise<Answer> {
    const given = { ...headers, ...further };
    const response = await pool.request({ method, path: prefix + path, headers: given, body: body ?? null, signal });
    const header = (name: string): string | undefined => firstOf(response.headers[name]);
    const said = await beginning(response.body);
    return { status: response.statusCode, body: said, retryAfter: header('retry-after'), header };
  }

  return {
    async send(request, signal) {
      const ended = new AbortController();
      const stop = (): void => ended.abort();
      const cancel = clock.after(timeoutMs, stop);
      signal.addEventListener('abort', stop, { once: true });
      try {
        if (signal.aborted) stop();
        return await ask(request, ended.signal);
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

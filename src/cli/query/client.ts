/** Asks a server that has Prometheus' HTTP API; what it says comes out of the envelope, or as an error in its own words. */
import type { Dispatcher } from 'undici';
import { hider } from '../../config/redact.ts';
import { basicAuthorization, type Login } from '../../config/webaddress.ts';
import { beginning } from '../../http/beginning.ts';
import { remedyFor } from '../../http/remedy.ts';

export interface ClientOptions {
  /** Without `/api/v1`. */
  readonly url: string;
  readonly token: string | undefined;
  /** In place of the token. */
  readonly login?: Login | undefined;
  /** PEM: who is trusted to have signed the server's certificate; those of the system if not given. */
  readonly ca: Buffer | undefined;
  readonly timeoutMs?: number;
}

export interface Said<T> {
  readonly data: T;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** No answer, or one that says what is wrong. */
export class AskError extends Error {
  /** What the server answered, if it did. */
  readonly status: number | undefined;
  /** Prometheus' word: `bad_data`, `execution` … */
  readonly type: string | undefined;

  constructor(
    message: string,
    { status, type, cause }: { readonly status?: number; readonly type?: string | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause });
    this.name = 'AskError';
    this.status = status;
    this.type = type;
  }
}

/** Parameters; a list gives the parameter several times. */
export type Asking = Readonly<Record<string, string | number | readonly string[]>>;
export type Ask = <T>(path: string, params: Asking, signal?: AbortSignal) => Promise<Said<T>>;

const WORDS_BYTES = 4000;

/** A function that asks; rejects with an AskError. */
export function asker({ url, token, login, ca, timeoutMs = 60_000 }: ClientOptions): Ask {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const authorization = login === undefined ? bearer : { authorization: basicAuthorization(login) };
  const headers = { ...authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const hide = hider([token, login?.password, login && `${login.username}:${login.password}`]);
  let dispatcher: Dispatcher | undefined;

  return async (path, params, signal) => {
    // Loaded when it is needed; of a CommonJS package a bundle keeps the default export alone.
    const { default: undici } = await import('undici');
    dispatcher ??= ca === undefined ? undici.getGlobalDispatcher() : new undici.Agent({ connect: { ca } });
    const page = `${url}/api/v1/${path}`;
    try {
      const { statusCode, body } = await undici.request(page, {
        dispatcher,
        method: 'POST',
        headers,
        body: formOf(params),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(signal ? { signal } : {}),
      });
      if (statusCode === 200) return saidIn(await body.json());
      throw refusal(page, statusCode, hide(await beginning(body, WORDS_BYTES)));
    } catch (cause) {
      if (cause instanceof AskError) throw cause;
      throw new AskError(`cannot ask ${url}: ${wordsOf(cause)}${remedyFor(cause, url)}`, { cause });
    }
  };
}

function formOf(params: Asking): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) form.append(name, one);
  return form.toString();
}

function saidIn<T>(body: unknown): Said<T> {
  const { data, warnings = [], infos = [] } = body as Partial<Said<T>>;
  return { data: data as T, warnings, infos };
}

function refusal(page: string, status: number, text: string): AskError {
  try {
    const { error, errorType } = JSON.parse(text) as { readonly error?: unknown; readonly errorType?: string };
    if (typeof error === 'string') return new AskError(error, { status, type: errorType });
  } catch {
    // Not the API's: a proxy's page, or another server. Its words are shown as they are.
  }
  return new AskError(`${page} answered ${status}: ${text.slice(0, 200).trim()}`, { status });
}

/** Of several addresses tried, Node's error has no words of its own. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
}

/**
 * Reads an agent's page, or a collector's two: the containers of every host on one, groups and what it says of itself on the other. What is
 * not needed for the table is passed over as it comes in, so that memory does not depend on what a server sends.
 */
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { hider } from '../../../config/redact.ts';
import { basicAuthorization, type Login } from '../../../config/webaddress.ts';
import { beginning } from '../../../http/beginning.ts';
import { remedyFor } from '../../../http/remedy.ts';
import { eachLine } from './lines.ts';
import { lineParser } from './promtext.ts';
import { readingTimeMs } from './readtime.ts';
import type { Read, Reading } from './reading.ts';
import { type Summer, summer } from './sums.ts';

export interface PageOptions {
  readonly url: string;
  /** Where to look first: a collector has its containers on a page of their own, an agent has no such page. */
  readonly first?: string | undefined;
  readonly token: string | undefined;
  /** In place of the token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
  /** PEM: who is trusted to have signed the server's certificate; those of the system if not given. */
  readonly ca: Buffer | undefined;
  readonly now: () => number;
}

/** A page that cannot be had; `status` is what the server answered, if it did. */
export class PageError extends Error {
  readonly status: number | undefined;
  constructor(message: string, { status, cause }: { readonly status?: number; readonly cause?: unknown }) {
    super(message, { cause });
    this.name = 'PageError';
    this.status = status;
  }
}

const WORDS_BYTES = 200;
const OF_CONTAINERS = /^(container|machine)_/;

/** A function that reads it. A reading's time is that of its numbers. */
export function pageReader(options: PageOptions): Read {
  const { url, first, now } = options;
  const ask = asker(options);
  let isAgent = false;
  return async (signal) => {
    const into = summer();
    let found = false;
    if (first !== undefined && !isAgent) {
      found = (await ask({ page: first, into, isTry: true, signal })) === 200;
      isAgent = !found;
    }
    await ask({ page: url, into, beside: found, signal });
    return readingOf(into, now);
  };
}

function readingOf(into: Summer, now: () => number): Reading {
  const sums = into.sums();
  return { timeMs: readingTimeMs(sums) ?? now(), sums };
}

interface Asked {
  readonly page: string;
  readonly into: Summer;
  /** It is no fault if the server has no such page. */
  readonly isTry?: boolean;
  /** The containers are on another page, and counted there. */
  readonly beside?: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A function that reads one page into a sum and answers the status. Rejects with a PageError. */
function asker({ url, token, login, ca }: PageOptions): (asked: Asked) => Promise<number> {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const authorization = login === undefined ? bearer : { authorization: basicAuthorization(login) };
  // Between machines a tenth of the bytes is worth the packing; on one it is not.
  const packed = isLoopback(url) ? {} : { 'accept-encoding': 'gzip' };
  const headers = { ...authorization, ...packed };
  const hide = hider([token, login?.password, login && `${login.username}:${login.password}`]);
  const parse = lineParser(summer().wants);
  let dispatcher: Dispatcher | undefined;

  return async ({ page, into, isTry = false, beside = false, signal }) => {
    // Loaded when it is needed; of a CommonJS package a bundle keeps the default export alone.
    const { default: undici } = await import('undici');
    dispatcher ??= ca === undefined ? undici.getGlobalDispatcher() : new undici.Agent({ connect: { ca } });
    const options = { dispatcher, headers, headersTimeout: 10_000, bodyTimeout: 10_000, ...(signal ? { signal } : {}) };
    try {
      const { statusCode, headers: answered, body } = await undici.request(page, options);
      if (statusCode !== 200) {
        const text = wordsIn(hide(await beginning(body, WORDS_BYTES)).trim());
        if (statusCode === 404 && (isTry || beside)) return statusCode;
        throw new PageError(`${page} answered ${statusCode}: ${text}`, { status: statusCode });
      }
      const bytes = answered['content-encoding'] === 'gzip' ? body.pipe(createGunzip()) : body;
      await eachLine(bytes, (line) => {
        const sample = parse(line);
        if (sample && !(beside && OF_CONTAINERS.test(sample.metric))) into.add(sample);
      });
      return statusCode;
    } catch (cause) {
      if (cause instanceof PageError) throw cause;
      throw new PageError(`${wordsOf(cause)}${remedyFor(cause, url)}`, { cause });
    }
  };
}

/** Our own servers say what is wrong in JSON: `{"error":"…"}`; others in whatever they like. */
function wordsIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
}

/** Of several addresses tried, Node's error has no words of its own. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
}

function isLoopback(url: string): boolean {
  return /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname);
}

/** Connections to one server that we send to: how many, for how long they may be silent, whom they trust. */
import { Pool } from 'undici';

/** PEM: the authority that signed the server's certificate, and our own certificate with its key. */
export interface ClientTls {
  readonly ca?: Buffer | string | undefined;
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
}

export interface PoolOptions {
  readonly url: string;
  readonly tls?: ClientTls | undefined;
  /** How long connecting may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the server may say nothing; as long as connecting may take if not set. */
  readonly silenceMs?: number;
  /** At a time, each with one request under way; 1 if not set. */
  readonly connections?: number;
}

export interface Connections {
  readonly pool: Pool;
  /** The path in the address, to be put before every other; without a slash at its end. */
  readonly prefix: string;
}

export function connectionsTo(options: PoolOptions): Connections {
  const { url, tls, timeoutMs, silenceMs = timeoutMs, connections = 1 } = options;
  const target = new URL(url);
  const pool = new Pool(target.origin, {
    connections,
    pipelining: 1,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    connect: { timeout: timeoutMs, ...present(tls) },
  });
  return { pool, prefix: target.pathname.replace(/\/+$/, '') };
}

/** Of a header that came more than once, the first. */
export function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Without what is undefined: to TLS that is something else than absent. */
function present(tls: ClientTls | undefined): ClientTls {
  return Object.fromEntries(Object.entries(tls ?? {}).filter(([, value]) => value !== undefined));
}

/**
 * How a pod speaks to its cluster's API server: address, authority and token come from where Kubernetes puts them, or from the configuration. The token is renewed
 * on disk every hour or so, and certificates every now and then: both are read anew for whoever asks.
 */
import { readBounded, textOf } from '../config/bounded.ts';
import type { ClientTls } from '../http/pool.ts';

export interface ApiServerPlace {
  readonly url: string;
  /** File with the certificates to trust, PEM; the system's own if undefined. */
  readonly caFile: string | undefined;
  /** File with the token; undefined for a server that wants none. */
  readonly tokenFile: string | undefined;
  /** Files with a certificate of our own and its key, PEM. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Who we are to the API server. */
export interface ApiAccess {
  readonly url: string;
  /** As the file says now; undefined where no token is used. Throws what names the file. */
  token(): string | undefined;
  tls(): ClientTls;
}

/** What the files' settings are called: an error names them. */
export interface FileSettings {
  readonly token: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface PlaceOptions {
  /** As configured; where Kubernetes says if undefined. */
  readonly url?: string | undefined;
  readonly caFile?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Undefined outside a cluster, where nothing is configured. */
export function apiServerPlace({ url, caFile, tokenFile, env }: PlaceOptions): ApiServerPlace | undefined {
  if (url !== undefined) return { url, caFile, tokenFile };
  const inside = insideCluster(env);
  return inside && { url: inside.url, caFile: caFile ?? inside.caFile, tokenFile: tokenFile ?? inside.tokenFile };
}

/** What Kubernetes puts into a pod: address, authority and token of its service account. Undefined where this is none. */
export function insideCluster(
  {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: port = '443',
  }: Readonly<Record<string, string | undefined>>,
  account = ACCOUNT,
): { readonly [K in 'url' | 'caFile' | 'tokenFile']: string } | undefined {
  if (!host) return undefined;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `https://${shown}:${port}`, caFile: `${account}/ca.crt`, tokenFile: `${account}/token` };
}

export function accessTo(
  { url, caFile, tokenFile, certFile, keyFile }: ApiServerPlace,
  { token, ca, cert = '', key = '' }: FileSettings,
): ApiAccess {
  return {
    url,
    token: () => contentOf(tokenFile, token)?.trim(),
    tls: () => ({ ca: contentOf(caFile, ca), cert: contentOf(certFile, cert), key: contentOf(keyFile, key) }),
  };
}

function contentOf(file: string | undefined, setting: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return textOf(readBounded(file).bytes);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${setting}: ${file} cannot be read: ${words}; is the service account’s token mounted?`, { cause });
  }
}

/**
 * How a pod speaks to its cluster's API server: address, authority and token come from where Kubernetes puts them, or from the configuration. The token is renewed
 * on disk every now and then, so it is read anew for whoever asks.
 */
import { readBounded } from '../config/bounded.ts';
import { ConfigError } from '../errors.ts';

export interface ApiServerPlace {
  readonly url: string;
  /** File with the certificates to trust, PEM; the system's own if undefined. */
  readonly caFile: string | undefined;
  /** File with the token; undefined for a server that wants none. */
  readonly tokenFile: string | undefined;
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
): { readonly [K in keyof ApiServerPlace]: string } | undefined {
  if (!host) return undefined;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `https://${shown}:${port}`, caFile: `${account}/ca.crt`, tokenFile: `${account}/token` };
}

/** The file's text without space around it; throws a ConfigError that names the file's purpose. */
export function readKeyFile(what: string, file: string): string {
  try {
    return readBounded(file).bytes.toString('utf8').trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'cannot be read';
    throw new ConfigError(`${what} of the API server: ${file}: ${code}; is the service account’s token mounted?`, {
      cause,
    });
  }
}

/**
 * Where the API server is and who we are to it: the configuration and, inside of a pod, what Kubernetes puts there. The token is read anew for each request, because it is
 * renewed every hour or so, and the certificates as often as they change.
 */
import { ConfigError } from '../../../src/errors.ts';
import { readBounded, textOf } from '../../../src/config/bounded.ts';
import type { ClientTls } from '../../../src/http/pool.ts';
import { insideCluster } from '../../../src/kubernetes/credentials.ts';

export interface AccessSettings {
  /** `off`, `in_cluster`, or an address. */
  readonly api: string;
  readonly token_file?: string | undefined;
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
}

export interface Access {
  readonly url: string;
  /** As the files say now; undefined where no token is used. Throws what names the file. */
  token(): string | undefined;
  tls(): ClientTls;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Undefined where the API server is not to be asked. Throws a ConfigError for what cannot work. */
export function accessOf({ api, token_file, tls }: AccessSettings, env: Env, account?: string): Access | undefined {
  if (api === 'off') return undefined;
  const inside = api === 'in_cluster' ? insideOf(env, account) : undefined;
  const tokenFile = token_file ?? inside?.tokenFile;
  const caFile = tls.ca ?? inside?.caFile;
  const text = (file: string | undefined, key: string): string | undefined =>
    file === undefined ? undefined : contentOf(file, key);
  return {
    url: inside?.url ?? api,
    token: () => text(tokenFile, 'agent.kubernetes.token_file')?.trim(),
    tls: () => ({
      ca: text(caFile, 'agent.kubernetes.tls.ca'),
      cert: text(tls.cert, 'agent.kubernetes.tls.cert'),
      key: text(tls.key, 'agent.kubernetes.tls.key'),
    }),
  };
}

function insideOf(env: Env, account: string | undefined) {
  const inside = insideCluster(env, account);
  if (inside === undefined)
    throw new ConfigError(
      'agent.kubernetes.api: is in_cluster, and KUBERNETES_SERVICE_HOST is not set: this is no pod; use off, or the API server’s address',
    );
  return inside;
}

function contentOf(file: string, key: string): string {
  try {
    return textOf(readBounded(file).bytes);
  } catch (cause) {
    throw new Error(`${key}: ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

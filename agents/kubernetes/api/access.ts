/** Where the API server is and who the agent is to it: its configuration and, inside of a pod, what Kubernetes puts there. */
import { ConfigError } from '../../../src/errors.ts';
import { accessTo, type ApiAccess, insideCluster } from '../../../src/kubernetes/credentials.ts';

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

type Env = Readonly<Record<string, string | undefined>>;

const SETTINGS = {
  token: 'agent.kubernetes.token_file',
  ca: 'agent.kubernetes.tls.ca',
  cert: 'agent.kubernetes.tls.cert',
  key: 'agent.kubernetes.tls.key',
};

/** Undefined where the API server is not to be asked. Throws a ConfigError for what cannot work. */
export function accessOf({ api, token_file, tls }: AccessSettings, env: Env, account?: string): ApiAccess | undefined {
  if (api === 'off') return undefined;
  const inside = api === 'in_cluster' ? insideOf(env, account) : undefined;
  const place = {
    url: inside?.url ?? api,
    tokenFile: token_file ?? inside?.tokenFile,
    caFile: tls.ca ?? inside?.caFile,
    certFile: tls.cert,
    keyFile: tls.key,
  };
  return accessTo(place, SETTINGS);
}

function insideOf(env: Env, account: string | undefined) {
  const inside = insideCluster(env, account);
  if (inside === undefined)
    throw new ConfigError(
      'agent.kubernetes.api: is in_cluster, and KUBERNETES_SERVICE_HOST is not set: this is no pod; use off, or the API server’s address',
    );
  return inside;
}

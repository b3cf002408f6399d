/**
 * Whom the API server says to trust: the ConfigMap kube-system/extension-apiserver-authentication, kept current, for authorities are renewed. A proxy in front of us
 * shows a certificate of one of them, and says in headers for whom it asks.
 */
import { X509Certificate } from 'node:crypto';
import type { Log } from '../../src/log.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { startWatched, type Watched } from '../../src/kubernetes/watched.ts';
import type { Clock } from '../../src/run/clock.ts';

export interface Trust {
  /** Of the proxy. */
  readonly proxyAuthorities: readonly X509Certificate[];
  /** Names that the proxy's certificate may have; empty for any. */
  readonly proxyNames: readonly string[];
  /** Of users who come by themselves, with a certificate. */
  readonly clientAuthorities: readonly X509Certificate[];
  /** Names of headers, in lower case. */
  readonly headers: {
    readonly user: readonly string[];
    readonly group: readonly string[];
    readonly uid: readonly string[];
  };
  readonly extraPrefixes: readonly string[];
  /** All of them, PEM. */
  readonly pem: string;
}

const PATH = '/api/v1/namespaces/kube-system/configmaps';
const NAME = 'extension-apiserver-authentication';

const NOBODY: Trust = {
  proxyAuthorities: [],
  proxyNames: [],
  clientAuthorities: [],
  headers: { user: [], group: [], uid: [] },
  extraPrefixes: [],
  pem: '',
};

export interface FrontProxy {
  readonly trust: Trust;
  readonly watch: Pick<Watched, 'synced' | 'trouble'>;
  stop(): Promise<void>;
}

/** `onChange` is told when the authorities are others than before. */
export function watchFrontProxy(
  client: ApiClient,
  { clock, log, onChange }: { clock: Clock; log: Log; onChange: (trust: Trust) => void },
): FrontProxy {
  let trust = NOBODY;
  const take = (object: unknown): void => {
    const { pem } = trust;
    try {
      trust = trustOf((object as { readonly data?: Record<string, string> }).data ?? {});
    } catch (error) {
      log.warn({ err: error }, `kube-system/${NAME} cannot be used; what was trusted before still is`);
    }
    if (trust.pem !== pem) onChange(trust);
  };
  const watch = startWatched({
    ...{ client, path: PATH, query: { fieldSelector: `metadata.name=${NAME}` }, clock, log },
    metadataOnly: false,
    list: 'paged',
    what: `kube-system/${NAME}`,
    onList: ([object]) => take(object ?? {}),
    onPut: take,
    onGone: () => take({}),
  });
  return {
    get trust() {
      return trust;
    },
    watch,
    stop: () => watch.stop(),
  };
}

/** Throws where a part of it is not what it says. */
export function trustOf(data: Readonly<Record<string, string>>): Trust {
  const proxy = data['requestheader-client-ca-file'] ?? '';
  const clients = data['client-ca-file'] ?? '';
  return {
    proxyAuthorities: certificatesIn(proxy),
    proxyNames: listIn(data, 'requestheader-allowed-names'),
    clientAuthorities: certificatesIn(clients),
    headers: {
      user: headersIn(data, 'requestheader-username-headers'),
      group: headersIn(data, 'requestheader-group-headers'),
      uid: headersIn(data, 'requestheader-uid-headers'),
    },
    extraPrefixes: headersIn(data, 'requestheader-extra-headers-prefix'),
    pem: [proxy, clients].filter((part) => part !== '').join('\n'),
  };
}

function certificatesIn(pem: string): X509Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(
    ([one]) => new X509Certificate(one),
  );
}

function listIn(data: Readonly<Record<string, string>>, key: string): string[] {
  const list: unknown = JSON.parse(data[key] || '[]');
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string')) {
    throw new Error(`${key} is ${JSON.stringify(list).slice(0, 100)}; must be a list of texts`);
  }
  return list;
}

function headersIn(data: Readonly<Record<string, string>>, key: string): string[] {
  return listIn(data, key).map((one) => one.toLowerCase());
}

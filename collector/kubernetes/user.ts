/**
 * Who asks: a request comes in; a user goes out whom the proxy in front of us has named, whom a certificate names, or whom the API server knows by a token. The proxy's
 * word counts only with its certificate. Nobody in particular is `system:anonymous`.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type ApiClient, ApiError } from '../../src/kubernetes/client.ts';
import type { Clock } from '../../src/run/clock.ts';
import { createCache } from './cache.ts';
import type { Trust } from './frontproxy.ts';
import { StatusError } from './status.ts';

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const KNOWN_USERS = 'system:authenticated';
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
/** What a token stands for holds so long. */
const KEEP_MS = 10_000;
const MAX_CHAIN = 5;

export interface IdentifyOptions {
  readonly client: ApiClient;
  readonly trust: () => Trust;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Rejects with a StatusError for a token that nobody knows. */
export function identifier({ client, trust, clock }: IdentifyOptions): (request: IncomingMessage) => Promise<User> {
  const tokens = createCache<User | undefined>({ keepMs: KEEP_MS, clock });
  return async (request) => {
    const now = trust();
    const socket = request.socket as TLSSocket;
    if (isProxy(socket, now)) {
      const named = userInHeaders(request, now);
      if (named) return named;
    }
    const certificate = issuedBy(socket, now.clientAuthorities);
    if (certificate) return userOf(certificate);
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return ANONYMOUS;
    const key = createHash('sha256').update(token).digest('base64');
    const user = await tokens.get(key, () => reviewed(client, token));
    if (user === undefined) throw new StatusError('Unauthorized', 'Unauthorized');
    return user;
  };
}

function isProxy(socket: TLSSocket, { proxyAuthorities, proxyNames }: Trust): boolean {
  const certificate = issuedBy(socket, proxyAuthorities);
  if (certificate === undefined) return false;
  return proxyNames.length === 0 || proxyNames.includes(subjectOf(certificate).name);
}

/** The client's certificate, if it is of one of these authorities, which may have been renewed since the connection began. */
function issuedBy(socket: TLSSocket, authorities: readonly X509Certificate[]): X509Certificate | undefined {
  if (authorities.length === 0 || !socket.authorized) return undefined;
  const own = socket.getPeerX509Certificate();
  let link: X509Certificate | undefined = own;
  for (let i = 0; link && i < MAX_CHAIN; i++) {
    const one: X509Certificate = link;
    if (authorities.some((authority) => one.checkIssued(authority) && one.verify(authority.publicKey))) return own;
    link = one.issuerCertificate;
  }
  return undefined;
}

function subjectOf(certificate: X509Certificate): { name: string; groups: string[] } {
  // A name may come several times; the last CN is the one.
  const { CN = '', O: groups = [] } = certificate.toLegacyObject().subject as {
    CN?: string | string[];
    O?: string | string[];
  };
  return { name: [CN].flat().at(-1) ?? '', groups: [groups].flat() };
}

function userOf(certificate: X509Certificate): User {
  const { name, groups } = subjectOf(certificate);
  return { name, groups: [...groups, KNOWN_USERS] };
}

function userInHeaders({ headersDistinct }: IncomingMessage, { headers, extraPrefixes }: Trust): User | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => headersDistinct[name]?.[0]).find((value) => value !== undefined && value !== '');
  const name = first(headers.user);
  if (name === undefined) return undefined;
  const groups = headers.group.flatMap((header) => headersDistinct[header] ?? []);
  const uid = first(headers.uid);
  const extra = Object.entries(headersDistinct).flatMap(([header, values = []]) => {
    const prefix = extraPrefixes.find((one) => header.startsWith(one));
    return prefix === undefined ? [] : [[unescaped(header.slice(prefix.length)), values] as const];
  });
  const known = name === ANONYMOUS.name || groups.includes(KNOWN_USERS) ? groups : [...groups, KNOWN_USERS];
  return { name, groups: known, ...(uid ? { uid } : {}), extra: Object.fromEntries(extra) };
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // A percent sign that is none of the proxy's.
    return key;
  }
}

interface Review {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

async function reviewed(client: ApiClient, token: string): Promise<User | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const answer = (await toldBy(client.post(REVIEWS, review), 'who has this token')) as Review;
  const { authenticated, user = {} } = answer.status ?? {};
  if (authenticated !== true) return undefined;
  const { username = '', groups = [], uid, extra } = user;
  return { name: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

/** The API server's answer; where it refuses one, a StatusError with the remedy. */
export function toldBy(answer: Promise<unknown>, what: string): Promise<unknown> {
  return answer.catch((error: unknown) => {
    throw error instanceof ApiError ? notAsked(what, error.status) : error;
  });
}

function notAsked(what: string, status: number): StatusError {
  return new StatusError(
    'ServiceUnavailable',
    `the API server does not say ${what} (${status}): the collector’s service account needs the ClusterRole system:auth-delegator`,
  );
}

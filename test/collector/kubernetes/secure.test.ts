/** Who may ask at the address of the API server: its proxy, users with a certificate or a token, and nobody who only says so. Certificates are openssl's. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../collector/kubernetes/certificate.ts';
import { type FrontProxy, watchFrontProxy } from '../../../collector/kubernetes/frontproxy.ts';
import { type Keys, startKeys } from '../../../collector/kubernetes/keys.ts';
import { SERIES_LABELS } from '../../../collector/kubernetes/knownlabels.ts';
import { createReadings } from '../../../collector/kubernetes/readings.ts';
import { createSecure } from '../../../collector/kubernetes/server.ts';
import type { HttpServer } from '../../../src/http/server.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { clientOf, type FakeApiServer, startFakeApiServer } from './fakeapiserver.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-secure-'));
let front: Pair;
let users: Pair;
let renewed: Pair;

function authority(name: string): Pair {
  return made(name, ['-subj', `/CN=${name}`]);
}

function signedBy(ca: Pair, name: string, subject: string): Pair {
  return made(name, ['-subj', subject, '-CA', ca.cert, '-CAkey', ca.key, '-addext', 'extendedKeyUsage=clientAuth']);
}

function made(name: string, args: readonly string[]): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...args, '-keyout', pair.key, '-out', pair.cert], {
    stdio: 'pipe',
  });
  return pair;
}

beforeAll(() => {
  [front, users, renewed] = [authority('front-ca'), authority('users-ca'), authority('renewed-ca')];
});

afterAll(() => rmSync(folder, { recursive: true }));

let api: FakeApiServer;
let client: ApiClient;
let proxy: FrontProxy;
let keys: Keys;
let http: HttpServer;
let url: string;

function trust(proxies: Pair): { metadata: { name: string }; data: Record<string, string> } {
  return {
    metadata: { name: 'extension-apiserver-authentication' },
    data: {
      'client-ca-file': readFileSync(users.cert, 'utf8'),
      'requestheader-client-ca-file': readFileSync(proxies.cert, 'utf8'),
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  };
}

beforeEach(async () => {
  api = await startFakeApiServer();
  api.lists.set('configmaps', [trust(front)]);
  client = clientOf(api.url);
  keys = startKeys({ names: ['localhost', '127.0.0.1'] }, { clock: systemClock, log: silent });
  const onChange = ({ pem }: { readonly pem: string }): void => keys.trust(pem);
  proxy = watchFrontProxy(client, { clock: systemClock, log: silent, onChange });
  await waitFor(async () => proxy.watch.synced, { what: 'the ConfigMap' });
  http = createSecure({
    ...{ address: { host: '127.0.0.1', port: 0 }, keys, client, proxy, clock: systemClock, log: silent },
    parts: {
      ...{ readings: createReadings(), labels: SERIES_LABELS, clock: systemClock, log: silent },
      onAnswered: () => undefined,
    },
    onRefused: () => undefined,
    alive: () => undefined,
    ready: () => 'no node has told of itself twice yet',
  });
  url = await http.listen();
});

afterEach(async () => {
  await http.close();
  await proxy.stop();
  keys.stop();
  await client.close();
  await api.close();
});

interface Ask {
  readonly path?: string;
  readonly pair?: Pair;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

const PODS = '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods';

function ask({ path = PODS, pair, headers = {} }: Ask): Promise<{ code: number; text: string }> {
  const own = pair ? { cert: readFileSync(pair.cert), key: readFileSync(pair.key) } : {};
  const ca = keys.tls?.cert;
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { ...own, ca, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (piece) => {
        text += piece;
      });
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end();
  });
}

const specs = (): Record<string, unknown>[] => api.reviews.map(({ spec }) => spec as Record<string, unknown>);

describe('the proxy', () => {
  const headers = { 'X-Remote-User': 'alice', 'X-Remote-Group': ['dev', 'ops'], 'X-Remote-Extra-Reason': 'test' };

  test('with its certificate says for whom it asks, and the API server whether that one may', async () => {
    const pair = signedBy(front, 'proxy', '/CN=front-proxy-client');
    api.allowed = ({ user }) => user === 'alice';
    expect(await ask({ pair, headers })).toMatchObject({ code: 200 });
    expect(specs()).toEqual([
      {
        user: 'alice',
        groups: ['dev', 'ops', 'system:authenticated'],
        extra: { reason: ['test'] },
        resourceAttributes: {
          group: 'metrics.k8s.io',
          version: 'v1beta1',
          resource: 'pods',
          verb: 'list',
          namespace: 'shop',
          name: '',
        },
      },
    ]);
    const refused = await ask({ pair, headers: { ...headers, 'X-Remote-User': 'bob' } });
    expect(refused.code).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({
      kind: 'Status',
      reason: 'Forbidden',
      message:
        'pods.metrics.k8s.io is forbidden: User "bob" cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "shop"',
    });
  });

  test('asks for the API server itself without being asked about', async () => {
    const pair = signedBy(front, 'proxy', '/CN=front-proxy-client');
    const masters = { 'X-Remote-User': 'system:kube-aggregator', 'X-Remote-Group': 'system:masters' };
    expect(await ask({ pair, headers: masters, path: '/apis/metrics.k8s.io/v1beta1' })).toMatchObject({ code: 200 });
    expect(api.reviews).toEqual([]);
  });

  // Each of these would let anybody be anybody.
  test.each([
    ['without a certificate', () => undefined],
    ['with a certificate of another authority', () => made('self', ['-subj', '/CN=front-proxy-client'])],
    ['with a user’s certificate', () => signedBy(users, 'user', '/CN=front-proxy-client')],
    ['with a certificate of another name', () => signedBy(front, 'other', '/CN=somebody')],
  ])('is not believed %s', async (_how, pairOf) => {
    api.allowed = ({ user }) => user === 'alice';
    const pair = pairOf();
    expect(await ask({ ...(pair ? { pair } : {}), headers })).toMatchObject({ code: 403 });
    expect(specs().map(({ user }) => user)).not.toContain('alice');
  });

  test('goes on being believed when its authority is renewed, and the old one no more', async () => {
    const before = signedBy(front, 'proxy', '/CN=front-proxy-client');
    const after = signedBy(renewed, 'proxy2', '/CN=front-proxy-client');
    api.allowed = ({ user }) => user === 'alice';
    expect(await ask({ pair: after, headers })).toMatchObject({ code: 403 });
    await waitFor(async () => api.watchers('configmaps') === 1, { what: 'the watch' });
    api.tell('configmaps', { type: 'MODIFIED', object: trust(renewed) });
    await waitFor(async () => (await ask({ pair: after, headers })).code === 200, { what: 'the new authority' });
    expect(await ask({ pair: before, headers })).toMatchObject({ code: 403 });
  });
});

test('a user with a certificate is its CN, in the groups of its O', async () => {
  const pair = signedBy(users, 'carol', '/O=dev/CN=carol');
  expect(await ask({ pair })).toMatchObject({ code: 200 });
  expect(specs()[0]).toMatchObject({ user: 'carol', groups: ['dev', 'system:authenticated'] });
});

describe('a token', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('is whose the API server says, asked once for a while', async () => {
    api.user = (token) => (token === 'good' ? { username: 'dave', groups: ['system:authenticated'] } : undefined);
    expect(await ask({ headers: bearer('good') })).toMatchObject({ code: 200 });
    expect(await ask({ headers: bearer('good') })).toMatchObject({ code: 200 });
    expect(api.reviews.map(({ kind }) => kind)).toEqual(['TokenReview', 'SubjectAccessReview']);
    expect(specs()[1]).toMatchObject({ user: 'dave' });
  });

  test('that nobody knows is 401', async () => {
    const { code, text } = await ask({ headers: bearer('bad') });
    expect([code, JSON.parse(text)]).toMatchObject([401, { kind: 'Status', reason: 'Unauthorized' }]);
  });

  test('cannot be looked up without the right: the answer says which', async () => {
    api.status = 403;
    const { code, text } = await ask({ headers: bearer('good') });
    expect(code).toBe(503);
    expect(text).toContain('needs the ClusterRole system:auth-delegator');
  });
});

test('nobody in particular is anonymous; health is told to everybody', async () => {
  api.allowed = ({ user }) => user !== 'system:anonymous';
  expect(await ask({})).toMatchObject({ code: 403 });
  expect(specs()[0]).toMatchObject({ user: 'system:anonymous', groups: ['system:unauthenticated'] });
  expect(await ask({ path: '/livez' })).toEqual({ code: 200, text: 'ok' });
  expect(await ask({ path: '/readyz' })).toEqual({ code: 503, text: 'no node has told of itself twice yet' });
});

test('a certificate of our own making is one to openssl, for the names given', () => {
  const { cert, key } = makeCertificate(['plimsoll.monitoring.svc', '10.0.0.7'], Date.UTC(2026, 10, 27));
  const file = join(folder, 'own.pem');
  writeFileSync(file, cert);
  const told = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
  expect(told).toContain('DNS:plimsoll.monitoring.svc, IP Address:10.0.0.7');
  expect(told).toContain('Not Before: Nov 26 00:00:00 2026 GMT');
  expect(told).toContain('CA:TRUE');
  expect(execFileSync('openssl', ['verify', '-CAfile', file, file], { encoding: 'utf8' })).toContain('OK');
  writeFileSync(join(folder, 'own.key'), key);
  const own = execFileSync('openssl', ['pkey', '-in', join(folder, 'own.key'), '-pubout'], { encoding: 'utf8' });
  expect(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'pem' })).toBe(own);
});

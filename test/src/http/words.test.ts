/** What somebody with curl, or with the wrong scheme, is told by the server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../../agents/send/client.ts';
import { pageReader } from '../../../src/cli/top/read/page.ts';
import type { ServerTls } from '../../../src/config/secure.ts';
import { type Address, hostPort, urlOf } from '../../../src/config/units.ts';
import { healthRoutes } from '../../../src/http/healthroutes.ts';
import { tryAddress } from '../../../src/http/listening.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { isOurs, tryServer } from '../../../src/http/tryout.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { makeCertificates } from '../../support/certificates.ts';
import { talkingLog } from '../../support/talkinglog.ts';

let dir: string;
let tls: ServerTls;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-words-'));
  const { server } = makeCertificates(dir);
  tls = { cert: readFileSync(server.cert), key: readFileSync(server.key), clientCa: undefined };
});
afterAll(() => rmSync(dir, { recursive: true }));

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Served {
  readonly token?: string;
  readonly tls?: ServerTls;
  readonly host?: string;
}

async function serve({ token, tls: certificates, host = '127.0.0.1' }: Served = {}) {
  const log = talkingLog();
  const server = createHttp({
    setting: 'collector.listen',
    address: { host, port: 0 },
    guard: { token, tls: certificates },
    maxBodyBytes: 100,
    maxConnections: 10,
    clock: systemClock,
    log,
    onRefused() {},
  });
  servers.push(server);
  server.app.get('/metrics', async () => 'numbers\n');
  healthRoutes(server.app, { alive: () => undefined, ready: () => undefined });
  const url = await server.listen();
  return { url, log, address: { host, port: Number(new URL(url).port) } satisfies Address };
}

/** Sends bytes as they are, and reads until the end. */
function raw({ host, port }: Address, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(bytes));
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });
}

describe('a token', () => {
  test.each(['Bearer s3cret', 'bearer s3cret', 'BEARER s3cret', 'bEaReR   s3cret'])(
    'is taken as "%s"',
    async (given) => {
      const { url } = await serve({ token: 's3cret' });
      expect((await fetch(`${url}/metrics`, { headers: { authorization: given } })).status).toBe(200);
    },
  );

  test.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer s3cret s3cret',
    'Bearers3cret',
    'Basic s3cret',
    'S3CRET',
    'bearer S3CRET',
  ])('is not taken as "%s"', async (given) => {
    const { url } = await serve({ token: 's3cret' });
    expect((await fetch(`${url}/metrics`, { headers: { authorization: given } })).status).toBe(401);
  });
});

describe('an answer ends with a newline, and is JSON:', () => {
  test.each([
    ['/nowhere', {}, 404, /^\{"error":"no such route: \/nowhere"\}\n$/],
    ['/metrics', { token: 'abc' }, 401, /^\{"error":"the header .*"\}\n$/],
  ])('%s', async (path, served, status, body) => {
    const { url } = await serve(served);
    const answer = await fetch(url + path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json; charset=utf-8']);
    expect(await answer.text()).toMatch(body);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n', '400 Bad Request', 'this is no HTTP request'],
    ['large headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, '431 ', 'the headers are too large'],
  ])('%s', async (_what, bytes, status, words) => {
    const { address } = await serve();
    const said = await raw(address, bytes);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    expect(said.endsWith(`\r\n\r\n{"error":"${words}"}\n`)).toBe(true);
  });
});

describe('the wrong scheme is explained:', () => {
  test('https:// to a plain port, to the client and, once, in the log', async () => {
    const { address, log } = await serve();
    const { port } = address;
    for (let i = 0; i < 3; i++) {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
      await new Promise((resolve) => socket.once('error', resolve));
    }
    expect(log.warned).toEqual([
      'a client speaks TLS to a port without it: use http:// there, or set tls.cert and tls.key here',
    ]);
    const read = pageReader({
      url: `https://127.0.0.1:${port}/metrics`,
      token: undefined,
      ca: undefined,
      now: () => 0,
    });
    await expect(read()).rejects.toThrow('it does not speak TLS: use http:// instead of https://');
    const client = createClient({ url: `https://127.0.0.1:${port}`, timeoutMs: 5000, now: () => 0 });
    await expect(client.ask(AbortSignal.timeout(5000))).rejects.toThrow('use http:// instead of https://');
    await client.close();
  });

  test('http:// to a TLS port, by the port itself', async () => {
    const { address } = await serve({ tls });
    const said = await raw(address, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(said).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(said).toContain('{"error":"this port speaks TLS: use https:// instead of http://"}\n');
  });
});

describe('IPv6', () => {
  test('is in brackets wherever it is written', async () => {
    expect(hostPort({ host: '::1', port: 9641 })).toBe('[::1]:9641');
    expect(urlOf('http', { host: '::1', port: 9641 })).toBe('http://[::1]:9641');
    expect(urlOf('https', { host: '::', port: 9641 })).toBe('https://[::1]:9641');
    expect(urlOf('http', { host: '0.0.0.0', port: 9641 })).toBe('http://127.0.0.1:9641');
  });

  test('is served, and its failures name it so', async () => {
    const { url, address } = await serve({ host: '::1' });
    expect(url).toBe(`http://[::1]:${address.port}`);
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    await expect(tryAddress('agent.listen', address)).rejects.toThrow(
      `agent.listen: cannot listen on [::1]:${address.port}: another program has it (EADDRINUSE); choose another with --agent.listen [::1]:`,
    );
  });
});

describe('trying an address, for check', () => {
  const guard = { token: undefined, tls: undefined };

  test('one that can be had is let go again', async () => {
    const { address } = await serve();
    await servers.pop()?.close();
    for (let i = 0; i < 2; i++) {
      expect(await tryServer({ setting: 'agent.listen', address, guard, log: silent })).toBe(
        `agent.listen 127.0.0.1:${address.port}`,
      );
    }
  });

  test('what has it is known for one of ours, with TLS too, or for a stranger', async () => {
    const plain = await serve();
    expect(await isOurs({ address: plain.address, guard })).toBe(true);
    const secure = await serve({ tls });
    expect(await isOurs({ address: secure.address, guard: { token: undefined, tls } })).toBe(true);
    expect(await isOurs({ address: secure.address, guard })).toBe(false);
  });

  test('a certificate and a key that do not belong together are refused in words', async () => {
    const { server } = makeCertificates(dir, 'others');
    const mixed = { ...tls, key: readFileSync(server.key) };
    const address = { host: '127.0.0.1', port: 0 };
    const tried = tryServer({ setting: 'agent.listen', address, guard: { token: undefined, tls: mixed }, log: silent });
    await expect(tried).rejects.toThrow(/^tls: cert, key or client_ca cannot be used: .*key values mismatch/);
  });
});

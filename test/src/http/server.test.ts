/** What guards the servers: the token on every route but /healthz, addresses that need one, secrets in files, health in words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { requireGuard, secret, serverTls } from '../../../src/config/secure.ts';
import { healthRoutes, stuck } from '../../../src/http/healthroutes.ts';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { silent } from '../../../src/log.ts';
import { waitFor } from '../../support/wait.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(token: string | undefined, stalledMs = 60_000): Promise<{ url: string; refused: string[] }> {
  const refused: string[] = [];
  const server = createHttp({
    address: { host: '127.0.0.1', port: 0 },
    guard: { token, tls: undefined },
    maxBodyBytes: 100,
    maxConnections: 3,
    clock: systemClock,
    stalledMs,
    log: silent,
    onRefused: (reason) => refused.push(reason),
  });
  servers.push(server);
  server.app.get('/metrics', async () => 'numbers\n');
  server.app.post('/take', async () => 'taken\n');
  // More than a socket's buffers hold.
  server.app.get('/large', async () => 'x'.repeat(32 * 1024 * 1024));
  healthRoutes(server.app, { alive: () => undefined, ready: () => 'no window has closed yet' });
  return { url: await server.listen(), refused };
}

async function status(url: string, init?: RequestInit): Promise<[number, string]> {
  const answer = await fetch(url, init);
  return [answer.status, await answer.text()];
}

describe('with a token', () => {
  test.each(['/metrics', '/readyz', '/nowhere', '/healthz/', '//healthz', '/metrics?/healthz'])(
    '%s needs it',
    async (path) => {
      const { url, refused } = await serve('s3cret');
      const [code, text] = await status(url + path);
      expect(code).toBe(401);
      expect(text).toContain('Authorization: Bearer');
      expect(refused).toEqual(['token']);
    },
  );

  test.each(['Bearer wrong', 'bearer s3cret', 'Basic s3cret', 's3cret', 'Bearer', 'Bearer s3cret s3cret'])(
    '"%s" is not it',
    async (authorization) => {
      const { url } = await serve('s3cret');
      expect((await status(`${url}/metrics`, { headers: { authorization } }))[0]).toBe(401);
    },
  );

  test('the token opens every route, and /healthz is open without', async () => {
    const { url, refused } = await serve('s3cret');
    const headers = { authorization: 'Bearer s3cret' };
    expect(await status(`${url}/metrics`, { headers })).toEqual([200, 'numbers\n']);
    expect(await status(`${url}/healthz`)).toEqual([200, 'ok\n']);
    expect((await status(`${url}/nowhere`, { headers }))[0]).toBe(404);
    expect(refused).toEqual([]);
  });
});

test('without a token the routes are open; what is not ready says why', async () => {
  const { url } = await serve(undefined);
  expect((await status(`${url}/metrics`))[0]).toBe(200);
  expect(await status(`${url}/readyz`)).toEqual([503, 'no window has closed yet\n']);
});

test('a body that no route asked for is not read', async () => {
  const { url } = await serve(undefined);
  const [code] = await status(`${url}/take`, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } });
  expect(code).toBe(415);
});

test('a port that is taken is named', async () => {
  const { url } = await serve(undefined);
  const port = Number(new URL(url).port);
  const second = createHttp({
    address: { host: '127.0.0.1', port },
    guard: { token: undefined, tls: undefined },
    maxBodyBytes: 1,
    maxConnections: 1,
    clock: systemClock,
    log: silent,
    onRefused() {},
  });
  await expect(second.listen()).rejects.toThrow(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
});

/** A client that asks and then never reads, with a small window, so that the kernel takes little for it. */
function asks(url: string, path: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  // Ended by the server, with what was under way.
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return socket;
}

test('a client that takes nothing of its answer is let go of and counted', async () => {
  const { url, refused } = await serve(undefined, 200);
  const socket = asks(url, '/large');
  await waitFor(() => refused.length > 0, { what: 'the client to be let go of' });
  expect(refused).toEqual(['stalled']);
  socket.destroy();
  expect((await status(`${url}/healthz`))[0]).toBe(200);
});

test('connections beyond the limit are closed and counted, and those before them served', async () => {
  const { url, refused } = await serve(undefined);
  const sockets = [1, 2, 3, 4, 5].map(() => asks(url, '/large'));
  await waitFor(() => refused.filter((reason) => reason === 'connections').length === 2, { what: 'two refusals' });
  for (const socket of sockets) socket.destroy();
  await waitFor(async () => (await status(`${url}/healthz`).catch(() => [0]))[0] === 200, { what: 'room again' });
});

describe('addresses that others can reach', () => {
  const open = { token: undefined, clientCa: undefined };
  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('%s needs no guard', (host) => {
    expect(() => requireGuard('agent.listen', { host, port: 1 }, open)).not.toThrow();
  });
  test.each(['0.0.0.0', '10.0.0.1', '::', 'example.org', '127.0.0.1.example.org'])('%s needs one', (host) => {
    expect(() => requireGuard('agent.listen', { host, port: 1 }, open)).toThrow(/agent\.listen: .*Add "token_file: /);
    expect(() => requireGuard('agent.listen', { host, port: 1 }, { ...open, token: 't' })).not.toThrow();
    expect(() =>
      requireGuard('agent.listen', { host, port: 1 }, { ...open, clientCa: Buffer.from('pem') }),
    ).not.toThrow();
  });
});

describe('secrets', () => {
  test('come from a file without its line end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-secret-'));
    writeFileSync(join(folder, 'token'), 'abc\n');
    expect(secret('token', undefined, join(folder, 'token'))).toBe('abc');
    rmSync(folder, { recursive: true });
  });
  test('are one of two things, and say so', () => {
    expect(() => secret('token', 'a', '/file')).toThrow('token and token_file are both set; keep one');
    expect(() => secret('token', undefined, '/no/such/file')).toThrow(/token_file: is "\/no\/such\/file": ENOENT/);
    expect(() => secret('token', 'two words', undefined)).toThrow(
      /token: must be one or more visible ASCII characters/,
    );
    expect(() => secret('token', '', undefined)).toThrow(/token: must be/);
  });
  test('a certificate needs its key', () => {
    expect(() => serverTls({ cert: '/x' })).toThrow('tls: cert and key belong together');
    expect(serverTls({})).toBeUndefined();
  });
});

test('a tick is stuck after three intervals and ten seconds', () => {
  expect(stuck('the tick', 0, { nowMs: 40_000, intervalMs: 10_000 })).toBeUndefined();
  expect(stuck('the tick', 0, { nowMs: 40_001, intervalMs: 10_000 })).toBe('the tick has not completed for 40 s');
});

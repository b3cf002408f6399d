/** Clients that misuse connections, against a real server on loopback: each costs little, and who behaves notices nothing. */
import { connect, type Socket } from 'node:net';
import { lookup } from 'node:dns/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttp, type HttpServer } from '../../../src/http/server.ts';
import { healthRoutes } from '../../../src/http/healthroutes.ts';
import { silent } from '../../../src/log.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

interface Given {
  readonly host?: string;
  readonly token?: string;
  readonly maxConnections?: number;
  readonly allowedHosts?: readonly string[];
}

async function serve({ host = '127.0.0.1', token, maxConnections = 20, allowedHosts = [] }: Given = {}) {
  const refused: string[] = [];
  let answered = 0;
  const server = createHttp({
    address: { host, port: 0 },
    guard: { token, tls: undefined },
    allowedHosts,
    maxBodyBytes: 100,
    maxConnections,
    clock: systemClock,
    log: silent,
    onRefused: (reason) => refused.push(reason),
  });
  servers.push(server);
  server.app.get('/metrics', { config: { large: true } }, async () => {
    answered++;
    return 'x'.repeat(8 * 1024 * 1024);
  });
  server.app.get('/small', async () => 'small\n');
  healthRoutes(server.app, { alive: () => undefined, ready: () => undefined });
  const url = await server.listen();
  return { url, port: Number(new URL(url).port), refused, answered: () => answered };
}

/** A connection that sends this and never reads. */
function silently(port: number, text = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  if (text !== '') socket.write(text);
  sockets.push(socket);
  return socket;
}

const GET = 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n';

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
}

describe('requests sent ahead', () => {
  test('two hundred on one connection: the connection ends, one answer was made', async () => {
    const { port, refused, answered, url } = await serve();
    const socket = silently(port, GET.repeat(200));
    await waitFor(() => refused.includes('pipelined'), { what: 'the connection to be ended' });
    await closed(socket);
    expect(refused).toEqual(['pipelined']);
    expect(answered()).toBeLessThanOrEqual(1);
    expect((await fetch(`${url}/small`)).status).toBe(200);
  });

  test('a few are answered one after the other, in their order', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
    socket.write(ask('/small') + ask('/healthz') + ask('/small'));
    await waitFor(() => text.split('HTTP/1.1 200').length === 4, { what: 'three answers' });
    expect(text.match(/small\n|ok\n/g)).toEqual(['small\n', 'ok\n', 'small\n']);
  });
});

test('a hundred readers that do not read keep no scraper from its page', async () => {
  const { port, refused, url } = await serve({ maxConnections: 300 });
  for (let i = 0; i < 100; i++) silently(port, GET);
  await waitFor(() => refused.includes('answers'), { what: 'all places to be taken' });
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  expect((await answer.text()).length).toBe(8 * 1024 * 1024);
  expect(refused).toContain('stalled');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

describe('connections', () => {
  test('idle ones make room: the oldest goes, who asks is served', async () => {
    const { port, refused, url } = await serve({ maxConnections: 20, token: 's3cret' });
    const first = silently(port);
    for (let i = 0; i < 40; i++) silently(port);
    await closed(first);
    const answer = await fetch(`${url}/small`, { headers: { authorization: 'Bearer s3cret' } });
    expect(await answer.text()).toBe('small\n');
    expect(refused.filter((reason) => reason === 'connections').length).toBeGreaterThanOrEqual(21);
  });

  test('one that has shown the token stays, however many come without', async () => {
    const { port, refused } = await serve({ maxConnections: 5, token: 's3cret' });
    const agent = connect(port, '127.0.0.1');
    sockets.push(agent);
    let text = '';
    agent.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    const ask = 'GET /small HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer s3cret\r\n\r\n';
    agent.write(ask);
    await waitFor(() => text.includes('small\n'), { what: 'the first answer' });
    for (let i = 0; i < 20; i++) silently(port, 'GET /small HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await waitFor(() => refused.filter((reason) => reason === 'connections').length >= 16, {
      what: 'the crowd to be cut',
    });
    agent.write(ask);
    await waitFor(() => text.split('small\n').length === 3, { what: 'the second answer' });
  });
});

describe('another site in the browser of somebody here', () => {
  const ask = (url: string, host: string, path = '/small') =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      sockets.push(socket);
      let text = '';
      socket.setEncoding('latin1').on('data', (piece: string) => {
        text += piece;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
      socket.end(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    });

  test('gets nothing under its own name, and is told why', async () => {
    const { url, refused } = await serve();
    const answer = await ask(url, 'evil.example');
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).toContain('does not answer to the host name');
    expect(answer).toContain('allowed_hosts');
    expect(refused).toEqual(['host']);
    expect(await ask(url, 'evil.example', '/healthz')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a name that is listed is answered', async () => {
    const { url } = await serve({ allowedHosts: ['monitor.test'] });
    expect(await ask(url, 'monitor.test:80')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask(url, 'evil.example')).toMatch(/^HTTP\/1\.1 421 /);
  });
});

test('localhost is one server on each of its addresses: the same limits, closed together', async () => {
  const { url, port, refused } = await serve({ host: 'localhost', maxConnections: 4 });
  expect(url).toBe(`http://localhost:${port}`);
  const addresses = [...new Set((await lookup('localhost', { all: true })).map(({ address }) => address))];
  for (const address of addresses) {
    const host = address.includes(':') ? `[${address}]` : address;
    const answer = await fetch(`http://${host}:${port}/small`).catch((error: Error) => error);
    // A machine may have no IPv6 although its hosts file names ::1.
    if (!(answer instanceof Error)) expect(await answer.text()).toBe('small\n');
  }
  for (let i = 0; i < 6; i++) silently(port);
  await waitFor(() => refused.includes('connections'), { what: 'the limit' });
  await servers[0]?.close();
  await expect(fetch(`http://127.0.0.1:${port}/small`)).rejects.toThrow();
});

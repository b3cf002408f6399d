/** Questions to an API server over real HTTP: what is too long, what is refused, what is no answer, and credentials that are renewed between two questions. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type ApiClient, ApiError, ApiServerError, createApiClient } from '../../../src/kubernetes/client.ts';
import { accessTo } from '../../../src/kubernetes/credentials.ts';
import { makeCertificates } from '../../support/certificates.ts';

const FILES = { token: 'x.token', ca: 'x.ca' };
const JSON_TYPE = 'application/json';

let server: Server;
let client: ApiClient;
let dir: string;
let token: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let url: string;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-apiclient-'));
  token = join(dir, 'token');
  writeFileSync(token, 'first\n');
  const place = { url: `${url}/clusters/one`, caFile: undefined, tokenFile: token };
  client = createApiClient({ access: accessTo(place, FILES), connections: 2, maxBytes: 1000 });
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('none'),
    (error) => error,
  );

async function linesOf(path: string): Promise<string[]> {
  const found: string[] = [];
  const how = { signal: new AbortController().signal, onOpen: () => found.push('open') };
  for await (const line of client.lines(path, JSON_TYPE, how)) found.push(line);
  return found;
}

test('a path in the address is put before every other; the token is that of the moment', async () => {
  const asked: unknown[] = [];
  answer = ({ url: path, headers }, response) => {
    asked.push([path, headers.authorization, headers.accept]);
    response.end('{"a":1}');
  };
  expect(await client.get('/api/v1/pods', 'some/type')).toEqual({ a: 1 });
  writeFileSync(token, 'second');
  await client.post('/apis/x', { b: 2 });
  expect(asked).toEqual([
    ['/clusters/one/api/v1/pods', 'Bearer first', 'some/type'],
    ['/clusters/one/apis/x', 'Bearer second', JSON_TYPE],
  ]);
});

test('a token that is gone is named by its setting, and nothing is asked', async () => {
  rmSync(token);
  answer = () => expect.unreachable();
  expect((await failure(client.get('/', JSON_TYPE))).message).toMatch(/x\.token: .*token cannot be read/);
});

test('an answer that is too long is given up, one that just fits is not', async () => {
  answer = (_request, response) => response.end(JSON.stringify('x'.repeat(998)));
  expect(await client.get('/', JSON_TYPE)).toHaveLength(998);
  answer = (_request, response) => response.end(JSON.stringify('x'.repeat(999)));
  const error = await failure(client.get('/', JSON_TYPE));
  expect(error).toBeInstanceOf(ApiServerError);
  expect(error.message).toContain('its answer has more than 1000 bytes');
});

test('lines come as they are, cut anywhere; empty ones are none', async () => {
  const bytes = Buffer.from('{"n":"ö"}\n\n{"n":2}\n');
  answer = (_request, response) => {
    response.writeHead(200);
    // In the middle of the letter of two bytes.
    response.write(bytes.subarray(0, 7));
    setImmediate(() => response.end(bytes.subarray(7)));
  };
  expect(await linesOf('/watch')).toEqual(['open', '{"n":"ö"}', '{"n":2}']);
});

test('a line that does not end is given up after 4 MiB', async () => {
  answer = (_request, response) => void response.writeHead(200).end('x'.repeat(4 * 1024 * 1024 + 1));
  expect((await failure(linesOf('/watch'))).message).toContain('a line of it has more than 4194304 bytes');
});

test('a refusal is told with its status and the server’s words, and for how long to wait', async () => {
  answer = (_request, response) =>
    void response.writeHead(429, { 'retry-after': '7' }).end('{"kind":"Status","message":"too many"}');
  for (const asking of [client.get('/', JSON_TYPE), client.post('/', {}), linesOf('/watch')]) {
    const error = (await failure(asking)) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, words: 'too many', message: '429: too many', retryAfter: 7 });
  }
  answer = (_request, response) => void response.writeHead(502).end('<html>');
  expect(await failure(client.get('/', JSON_TYPE))).toMatchObject({ status: 502, words: '<html>', retryAfter: 0 });
});

test('what is no JSON, and nobody who listens, are no answers: who was asked is said', async () => {
  answer = (_request, response) => response.end('<html>');
  const words = (await failure(client.get('/', JSON_TYPE))).message;
  expect(words.startsWith(`${url}/clusters/one: `)).toBe(true);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const error = await failure(client.get('/', JSON_TYPE));
  expect(error).toBeInstanceOf(ApiServerError);
  expect(error.message).toMatch(/ECONNREFUSED.*; nothing listens there/);
});

test('an authority that is renewed on disk is used for the next question', async () => {
  const [old, renewed] = ['old', 'renewed'].map((name) => makeCertificates(dir, name));
  const pair = renewed?.server ?? { cert: '', key: '' };
  const secure = createTls({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (_request, response) =>
    response.end('{}'),
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const caFile = join(dir, 'ca.crt');
  copyFileSync(old?.ca ?? '', caFile);
  const place = { url: `https://127.0.0.1:${(secure.address() as AddressInfo).port}`, caFile, tokenFile: undefined };
  const asking = createApiClient({ access: accessTo(place, FILES), connections: 2, maxBytes: 1000 });
  onTestFinished(async () => {
    await asking.close();
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  });
  expect((await failure(asking.get('/', JSON_TYPE))).message).toContain('signed by nobody who is trusted here');
  copyFileSync(renewed?.ca ?? '', caFile);
  expect(await asking.get('/', JSON_TYPE)).toEqual({});
});

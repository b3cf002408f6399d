import { gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { rowOf } from '../../src/wire/batches.ts';
import { agent, bench } from './agent.ts';

const TYPE = 'application/vnd.plimsoll.batch';

async function server(maxBodyBytes = 1 << 20) {
  const parts = bench({ maxBodyBytes });
  const app = Fastify();
  parts.ingest.route(app);
  app.post('/other', async (request) => ({ got: request.body }));
  app.setErrorHandler((_error, _request, reply) => reply.code(418).send({ error: 'of the server' }));
  await app.ready();
  const post = async (headers: Record<string, string>, payload: Buffer | string) => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/api/v1/push', headers, payload });
    return { status: statusCode, ...JSON.parse(body) };
  };
  return { ...parts, app, post };
}

test('takes a body, packed or not', async () => {
  const { post, pushed } = await server();
  const web = agent();
  const type = { 'content-type': TYPE };
  expect(await post({ ...type, 'content-encoding': 'gzip' }, gzipSync(web.next([rowOf('a')])))).toEqual({
    status: 200,
    accepted: 1,
    dropped: {},
    duplicate: false,
  });
  expect(await post(type, Buffer.from(web.next([rowOf('a')])))).toMatchObject({ status: 200 });
  expect(pushed.length).toBe(2);
});

test.each([
  ['application/json', '{}', { status: 415, error: 'unsupported_media_type' }],
  ['text/plain', 'x', { status: 415, error: 'unsupported_media_type' }],
  [TYPE, Buffer.alloc(2000), { status: 413, error: 'body_too_large', message: 'the body has more than 1000 bytes' }],
  [TYPE, Buffer.alloc(0), { status: 400, error: 'truncated' }],
  [TYPE, 'x', { status: 400, error: 'bad_magic' }],
])('refuses %s', async (type, payload, wanted) => {
  const { post, ingest } = await server(1000);
  expect(await post({ 'content-type': type }, payload)).toMatchObject(wanted);
  expect(ingest.stats().batches).toEqual(new Map([[`refused_${wanted.error}`, 1]]));
});

test('the message names the media type that is legal', async () => {
  const { post } = await server();
  expect(await post({ 'content-type': 'application/json' }, '{}')).toMatchObject({
    message: 'content-type is application/json; legal: application/vnd.plimsoll.batch',
  });
});

test('a body that claims to be shorter or longer than allowed is refused by its length alone', async () => {
  const { app } = await server(1000);
  const headers = { 'content-type': TYPE, 'content-length': '5000000' };
  const { statusCode } = await app.inject({ method: 'POST', url: '/api/v1/push', headers, payload: Buffer.alloc(10) });
  expect(statusCode).toBe(413);
});

test('other routes keep their own parsers and errors', async () => {
  const { app } = await server();
  const { body } = await app.inject({ method: 'POST', url: '/other', payload: { a: 1 } });
  expect(JSON.parse(body)).toEqual({ got: { a: 1 } });
  const odd = await app.inject({ method: 'POST', url: '/other', headers: { 'content-type': 'x/y' }, payload: 'z' });
  expect(odd.statusCode).toBe(418);
});

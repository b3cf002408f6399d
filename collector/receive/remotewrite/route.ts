/**
 * `POST /api/v1/write`: Prometheus' remote-write, 1.0 and 2.0, told apart by the content type. Answers as the protocols ask: 204 only if every
 * sample was taken; 400 if some never will be, and then the rest has been taken; 503 if it is worth coming back.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError } from '../../../src/errors.ts';
import { addScope, type Desk, type Told } from '../desk.ts';
import { droppedWords, type Fault, isWhole, unwritten } from '../fault.ts';
import type { Outcome } from '../intake.ts';
import type { Protocol } from '../tally.ts';
import { unsnappy } from './snappy.ts';
import { readVersion1 } from './version1.ts';
import { readVersion2 } from './version2.ts';

export const REMOTE_WRITE_PATH = '/api/v1/write';

type Version = Extract<Protocol, 'remote_write_1' | 'remote_write_2'>;

const MESSAGES: ReadonlyMap<string, Version> = new Map([
  ['prometheus.writerequest', 'remote_write_1'],
  ['io.prometheus.write.v2.request', 'remote_write_2'],
]);

export function addRemoteWrite(app: FastifyInstance, desk: Desk): void {
  const say = (_request: FastifyRequest, reply: FastifyReply, fault: Fault) => refusal(reply, fault, undefined);
  addScope(app, desk, { protocol: 'remote_write_1', say }, (scope) => {
    scope.post(REMOTE_WRITE_PATH, { config: { othersCredentials: true } }, async (request, reply) => {
      const { 'content-type': type, 'content-encoding': encoding } = request.headers;
      const version = versionOf(type);
      const read = version === 'remote_write_2' ? readVersion2 : readVersion1;
      const told = await desk.take(request, {
        protocol: version ?? 'remote_write_1',
        unpack(body) {
          if (version === undefined) throw unknownType(type);
          checkEncoding(encoding);
          return unsnappy(body, desk.limits.maxUnpackedBytes);
        },
        read: (body) => read(body, desk.limits),
      });
      return answered(reply, told);
    });
    scope.get(REMOTE_WRITE_PATH, (_request, reply) =>
      reply.code(405).header('allow', 'POST').send({ error: 'senders of remote-write POST here' }),
    );
  });
}

/** Nothing said is 1.0, as the oldest senders say nothing. */
function versionOf(type = 'application/x-protobuf'): Version | undefined {
  const [media = '', ...params] = type.split(';').map((part) => part.trim());
  const proto = params.find((param) => /^proto=/i.test(param))?.slice('proto='.length);
  const message = (proto ?? 'prometheus.WriteRequest').replace(/^"(.*)"$/, '$1');
  return media.toLowerCase() === 'application/x-protobuf' ? MESSAGES.get(message.toLowerCase()) : undefined;
}

function unknownType(type = ''): WireError {
  return new WireError(
    'unsupported_media_type',
    `content-type is ${type.slice(0, 80)}; legal: application/x-protobuf, with proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request`,
  );
}

function checkEncoding(encoding: string | undefined): void {
  const name = encoding?.trim().toLowerCase() ?? 'snappy';
  if (name === 'snappy') return;
  throw new WireError('unsupported_encoding', `content-encoding is ${name.slice(0, 80)}; legal: snappy`);
}

function answered(reply: FastifyReply, told: Told): FastifyReply {
  if ('fault' in told) return refusal(reply, told.fault, told.outcome);
  const { outcome } = told;
  const fault = unwritten(outcome);
  if (fault !== undefined) return refusal(reply, fault, outcome);
  written(reply, outcome);
  if (isWhole(outcome)) return reply.code(204).send();
  return said(reply.code(400), droppedWords(outcome));
}

function refusal(reply: FastifyReply, { status, message, retryAfter }: Fault, outcome: Outcome | undefined) {
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  written(reply, outcome);
  return said(reply.code(status), message);
}

function said(reply: FastifyReply, words: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(`${words}\n`);
}

/** Without these a sender of 2.0 takes us for somebody who has not understood it; one of 1.0 passes them over. */
function written(reply: FastifyReply, outcome: Outcome | undefined): void {
  reply.header('x-prometheus-remote-write-samples-written', String(outcome?.accepted ?? 0));
  reply.header('x-prometheus-remote-write-histograms-written', '0');
  reply.header('x-prometheus-remote-write-exemplars-written', '0');
}

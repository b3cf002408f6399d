/**
 * Answers in pieces onto the wire: packed if that was asked for, no faster than they are read. What is large waits for one of a few places, so
 * that readers who do not read hold neither memory nor others up.
 */
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { negotiate } from '../../src/exposition/negotiate.ts';
import type { Places } from '../../src/http/places.ts';
import { QueryError } from '../query/query.ts';

/** Texts are gathered into pieces of about that many characters. */
const PIECE_CHARS = 64 * 1024;

export interface Sending {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly type: string;
}

/**
 * Replies with the first pieces as they are if that is all, as a stream otherwise, for which `places` has to have one free. Without `places` the
 * caller has one. Resolves when the reply is on its way, not when it has been sent, for which whoever awaits a reply of Fastify's waits.
 */
export async function sendPieces(
  { request, reply, type }: Sending,
  texts: Iterable<string> | AsyncIterable<string>,
  places?: Places,
): Promise<void> {
  const pieces = gathered(texts);
  const first = await pieces.next();
  reply.type(type).header('vary', 'accept-encoding');
  const gzip = negotiate(undefined, request.headers['accept-encoding'] as string | undefined).gzip;
  const whole = first.done === true ? '' : first.value;
  if (whole.length < PIECE_CHARS) {
    reply.send(gzip && whole.length > 1400 ? packed(reply, [whole]) : Buffer.from(whole));
    return;
  }
  try {
    if (places) await placeFor({ request, reply }, places);
  } catch (error) {
    await pieces.return(undefined);
    throw error;
  }
  const rest = withFirst(whole, pieces);
  reply.send(gzip ? packed(reply, rest) : Readable.from(rest, { objectMode: false }));
}

/** Waits for a place, which is given back when the answer has been sent or given up. */
export async function placeFor({ request, reply }: Omit<Sending, 'type'>, places: Places): Promise<void> {
  const leave = await places.enter(request.raw.socket);
  if (leave === undefined)
    throw new QueryError('unavailable', 'too many large answers are being sent: ask again in a moment');
  if (reply.raw.closed || reply.raw.destroyed) leave();
  else reply.raw.once('close', leave);
}

function packed(reply: FastifyReply, texts: Iterable<string> | AsyncIterable<string>): Readable {
  reply.header('content-encoding', 'gzip');
  const gzip = createGzip({ level: 1 });
  // What ends it early is known from the stream that is sent.
  pipeline(Readable.from(texts, { objectMode: false }), gzip, () => undefined);
  return gzip;
}

async function* withFirst(first: string, rest: AsyncGenerator<string, void>): AsyncGenerator<string> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** Texts joined to pieces that are worth a write; the last may be small. */
async function* gathered(texts: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string, void> {
  let piece: string[] = [];
  let chars = 0;
  for await (const text of texts) {
    piece.push(text);
    chars += text.length;
    if (chars < PIECE_CHARS) continue;
    yield piece.join('');
    piece = [];
    chars = 0;
  }
  if (chars > 0) yield piece.join('');
}

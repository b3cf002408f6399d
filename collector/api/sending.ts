/**
 * Answers in pieces onto the wire: packed if that was asked for, no faster than they are read. What is large waits for one of a few places, so
 * that readers who do not read hold neither memory nor others up.
 */
import { pipeline, Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { negotiate } from '../../src/exposition/negotiate.ts';
import type { Places } from '../../src/http/places.ts';
import { QueryError } from '../query/query.ts';

/** Below it packing makes nothing smaller that a packet carries. */
const LEAST_PACKED = 1400;
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
  const pieces = Symbol.iterator in texts ? gathered(texts) : gatheredAsync(texts);
  const first = await pieces.next();
  reply.type(type).header('vary', 'accept-encoding');
  const gzip = negotiate(undefined, request.headers['accept-encoding'] as string | undefined).gzip;
  const whole = first.done === true ? '' : first.value;
  if (whole.length < PIECE_CHARS) {
    reply.send(gzip && whole.length > LEAST_PACKED ? packedWhole(reply, whole) : Buffer.from(whole));
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

/** What is small is packed at once: a stream for it takes longer than the packing. */
function packedWhole(reply: FastifyReply, text: string): Buffer {
  reply.header('content-encoding', 'gzip');
  return gzipSync(text, { level: 1 });
}

function packed(reply: FastifyReply, texts: Iterable<string> | AsyncIterable<string>): Readable {
  reply.header('content-encoding', 'gzip');
  const gzip = createGzip({ level: 1 });
  // What ends it early is known from the stream that is sent.
  pipeline(Readable.from(texts, { objectMode: false }), gzip, () => undefined);
  return gzip;
}

type Pieces = Generator<string, void> | AsyncGenerator<string, void>;

async function* withFirst(first: string, rest: Pieces): AsyncGenerator<string> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** Texts joined to pieces that are worth a write; the last may be small. */
class Gathering {
  #texts: string[] = [];
  #chars = 0;

  /** Answers a piece once it is large enough. */
  add(text: string): string | undefined {
    this.#texts.push(text);
    this.#chars += text.length;
    return this.#chars < PIECE_CHARS ? undefined : this.rest();
  }

  rest(): string {
    const piece = this.#texts.join('');
    this.#texts = [];
    this.#chars = 0;
    return piece;
  }
}

/** Without a pause for each text: what is there already is not waited for. */
function* gathered(texts: Iterable<string>): Generator<string, void> {
  const gathering = new Gathering();
  for (const text of texts) {
    const piece = gathering.add(text);
    if (piece !== undefined) yield piece;
  }
  const rest = gathering.rest();
  if (rest !== '') yield rest;
}

async function* gatheredAsync(texts: AsyncIterable<string>): AsyncGenerator<string, void> {
  const gathering = new Gathering();
  for await (const text of texts) {
    const piece = gathering.add(text);
    if (piece !== undefined) yield piece;
  }
  const rest = gathering.rest();
  if (rest !== '') yield rest;
}

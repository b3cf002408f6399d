/** POST /api/v1/push: raw bodies of one media type, and errors in one form. Who may call it is decided before, for all routes. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError } from '../../src/errors.ts';
import { CONTENT_TYPE, RUN_HEADER, SENT_HEADER, WAITING_HEADER } from '../../src/wire/format.ts';
import type { Bodies, Body } from '../../src/http/body/bodies.ts';
import { sentMsOf } from './clocks.ts';
import type { Reply } from './reply.ts';

export interface RouteOptions {
  readonly bodies: Bodies;
  readonly receive: (body: Buffer, options: Received) => Promise<Reply>;
  /** Counts a refusal that happened before a body was there. */
  readonly refuse: (error: WireError) => Reply;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What came with a body beside its bytes. */
interface Received {
  readonly encoding: string | undefined;
  readonly sentMs: number | undefined;
  readonly receivedMs: number;
  readonly run: string | undefined;
  readonly waiting: number | undefined;
}

export const PUSH_PATH = '/api/v1/push';

export function addRoute(app: FastifyInstance, { bodies, receive, refuse, now }: RouteOptions): void {
  // A scope of its own: parsers and error form are not the other routes' business.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // When the head of the request is here: the body may take its time.
    const came = new WeakMap<FastifyRequest, number>();
    scope.addContentTypeParser(CONTENT_TYPE, async (request: FastifyRequest, payload: Readable) => {
      came.set(request, now());
      return bodies.read(payload, lengthOf(request));
    });
    scope.setErrorHandler((error: Error & { code?: string }, request, reply) => {
      const refusal = asRefusal(error, request.headers['content-type']);
      // Of the body, some may not have been read: nothing more can come on this connection.
      return refusal ? answer(reply.header('connection', 'close'), refuse(refusal)) : reply.send(error);
    });
    scope.post(PUSH_PATH, async (request, reply) => {
      const body = request.body as Body | undefined;
      try {
        const { 'content-encoding': encoding, [SENT_HEADER]: sent, [RUN_HEADER]: run } = request.headers;
        const waiting = request.headers[WAITING_HEADER];
        const times = {
          sentMs: sentMsOf(sent),
          receivedMs: came.get(request) ?? now(),
          run: typeof run === 'string' ? run : undefined,
          waiting: typeof waiting === 'string' && /^\d{1,9}$/.test(waiting) ? Number(waiting) : undefined,
        };
        return answer(reply, await receive(body?.bytes ?? NO_BODY, { encoding, ...times }));
      } finally {
        body?.release();
      }
    });
    // Whoever opens it in a browser is told what it is for, and `plimsoll check` that the token is right.
    scope.get(PUSH_PATH, (_request, reply) =>
      reply.code(405).header('allow', 'POST').send({ error: 'agents POST their batches here' }),
    );
  });
}

const NO_BODY = Buffer.alloc(0);

function lengthOf({ headers }: FastifyRequest): number | undefined {
  const declared = headers['content-length'];
  return declared === undefined ? undefined : Number(declared);
}

function answer(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

/** Errors that are about the body; others, for example a missing token, go to the server's own handler. */
function asRefusal(error: Error & { code?: string }, type: string | undefined): WireError | undefined {
  if (error instanceof WireError) return error;
  if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return undefined;
  const given = (type ?? 'missing').slice(0, 80);
  return new WireError('unsupported_media_type', `content-type is ${given}; legal: ${CONTENT_TYPE}`, { cause: error });
}

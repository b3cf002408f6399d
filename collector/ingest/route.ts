/** POST /api/v1/push: raw bodies of one media type, and errors in one form. Who may call it is decided before, for all routes. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { WireError } from '../../src/errors.ts';
import { CONTENT_TYPE } from '../../src/wire/format.ts';
import type { Reply } from './reply.ts';

export interface RouteOptions {
  readonly receive: (body: Buffer, options: { readonly encoding: string | undefined }) => Promise<Reply>;
  /** Counts a refusal that happened before a body was there. */
  readonly refuse: (error: WireError) => Reply;
  readonly maxBodyBytes: number;
}

export const PUSH_PATH = '/api/v1/push';

export function addRoute(app: FastifyInstance, { receive, refuse, maxBodyBytes }: RouteOptions): void {
  // A scope of its own: parsers and error form are not the other routes' business.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(CONTENT_TYPE, { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) => {
      done(null, body);
    });
    scope.setErrorHandler((error: Error & { code?: string }, request, reply) => {
      const type = request.headers['content-type'];
      const refusal = asRefusal(error, { type, maxBodyBytes });
      return refusal ? answer(reply, refuse(refusal)) : reply.send(error);
    });
    scope.post(PUSH_PATH, { bodyLimit: maxBodyBytes }, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      return answer(reply, await receive(body, { encoding: request.headers['content-encoding'] }));
    });
    // Whoever opens it in a browser is told what it is for, and `plimsoll check` that the token is right.
    scope.get(PUSH_PATH, (_request, reply) =>
      reply.code(405).header('allow', 'POST').send({ error: 'agents POST their batches here' }),
    );
  });
}

function answer(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

interface Circumstances {
  readonly type: string | undefined;
  readonly maxBodyBytes: number;
}

/** Fastify's two errors that are about the body; others, for example a missing token, go to the server's own handler. */
function asRefusal(error: Error & { code?: string }, { type, maxBodyBytes }: Circumstances): WireError | undefined {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const given = (type ?? 'missing').slice(0, 80);
    return new WireError('unsupported_media_type', `content-type is ${given}; legal: ${CONTENT_TYPE}`, {
      cause: error,
    });
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new WireError('body_too_large', `the body has more than ${maxBodyBytes} bytes`, { cause: error });
  }
  return undefined;
}

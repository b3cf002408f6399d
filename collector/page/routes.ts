/**
 * The page and what it asks for: its files, the present as JSON, and as a stream of events. `/` is the page for a browser, and a short text for
 * curl. Behind the same guard as every route.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Document, noSniff } from '../../src/http/pageroute.ts';
import type { PageFile } from './files.ts';
import type { Snapshot } from './present.ts';
import { event, type Streams } from './stream.ts';

export interface PageRoutes {
  readonly snapshot: () => Snapshot | undefined;
  readonly streams: Streams;
  /** What there is to say before the first window has closed. */
  readonly waiting: () => string;
  readonly files: ReadonlyMap<string, PageFile>;
}

/** Scripts and styles of this origin alone; nothing inline but what uPlot sets as properties, which is no markup. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const DOCUMENT = 'index.html';
/** With a hash of their content in their names. */
const FOR_EVER = 'private, max-age=31536000, immutable';
const HASHED = /-[A-Z0-9]{8}\.(js|css)$/;

/** Answers what serves `/` to a browser; undefined where the page was not built. */
export function exposePage(app: FastifyInstance, options: PageRoutes): Document | undefined {
  const { snapshot, streams, waiting, files } = options;
  app.get('/page/now', { config: { large: true } }, async (_request, reply) => {
    const now = snapshot();
    reply.header('cache-control', 'no-store');
    return now === undefined ? reply.code(503).header('retry-after', '2').send({ error: waiting() }) : reply.send(now);
  });
  app.get('/page/events', (_request, reply) => {
    const now = snapshot();
    const first = now === undefined ? event('waiting', { words: waiting() }) : event('now', now);
    if (!streams.add(reply.raw, first)) {
      return reply.code(503).header('retry-after', '10').send({ error: 'too many pages are open; close some of them' });
    }
    return reply.hijack();
  });
  app.addHook('preClose', async () => streams.close());
  app.get<{ Params: { name: string } }>('/page/files/:name', async (request, reply) => {
    const file = request.params.name === DOCUMENT ? undefined : files.get(request.params.name);
    if (!file) return reply.code(404).send({ error: 'no such file: the page was built anew; load it again' });
    return sendFile(
      request,
      reply.header('cache-control', HASHED.test(request.params.name) ? FOR_EVER : 'no-cache'),
      file,
    );
  });
  const document = files.get(DOCUMENT);
  if (document === undefined) return undefined;
  return (request, reply) => sendFile(request, reply.header('cache-control', 'no-cache'), document);
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { type, body, gzip, etag }: PageFile): FastifyReply {
  noSniff(reply)
    .header('content-security-policy', PAGE_POLICY)
    .header('etag', etag)
    .header('vary', 'accept, accept-encoding');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.type(type).send(zipped ? gzip : body);
}

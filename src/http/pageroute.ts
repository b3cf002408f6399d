/** `/` for whoever opens the address in a browser or asks with curl, and what browsers and people ask for beside it. Behind the same guard as all. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asHtml, asText, ICON, type PageContent, POLICY } from './page.ts';

/** Answers `/` to a browser in place of what this file would say. */
export type Document = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** `contentAt` is asked at each request, with the address by which the client came. */
export function pageRoute(app: FastifyInstance, contentAt: (url: string) => PageContent, document?: Document): void {
  app.get('/', async (request, reply) => {
    const html = wantsHtml(request);
    if (html && document) return document(request, reply);
    const content = contentAt(`${request.protocol}://${hostOf(request.headers.host)}`);
    return noSniff(reply)
      .header('content-security-policy', POLICY)
      .header('cache-control', 'no-store')
      .header('vary', 'accept')
      .type(`${html ? 'text/html' : 'text/plain'}; charset=utf-8`)
      .send(html ? asHtml(content) : asText(content));
  });
  app.get('/favicon.ico', async (_request, reply) =>
    noSniff(reply)
      .header('content-security-policy', POLICY)
      .header('cache-control', 'max-age=86400')
      .type('image/svg+xml')
      .send(ICON),
  );
}

/** Whether somebody opens it in a browser; curl, scrapers and scripts do not say so. */
export function wantsHtml({ headers }: FastifyRequest): boolean {
  return (headers.accept ?? '').includes('text/html');
}

/** What it is, is what we say it is; and where somebody goes from here does not hear of it. */
export function noSniff(reply: FastifyReply): FastifyReply {
  return reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
}

/** A name with or without port, or an address in brackets; what is none is not repeated. */
function hostOf(header = ''): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(header) ? header : 'localhost';
}

/** `/` for whoever opens the address in a browser or asks with curl, and what browsers and people ask for beside it. Behind the same guard as all. */
import type { FastifyInstance } from 'fastify';
import { asHtml, asText, ICON, type PageContent, POLICY } from './page.ts';

/** `contentAt` is asked at each request, with the address by which the client came. */
export function pageRoute(app: FastifyInstance, contentAt: (url: string) => PageContent): void {
  app.get('/', async (request, reply) => {
    const html = (request.headers.accept ?? '').includes('text/html');
    const content = contentAt(`${request.protocol}://${hostOf(request.headers.host)}`);
    return reply
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-store')
      .header('vary', 'accept')
      .type(`${html ? 'text/html' : 'text/plain'}; charset=utf-8`)
      .send(html ? asHtml(content) : asText(content));
  });
  app.get('/favicon.ico', async (_request, reply) =>
    reply
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'max-age=86400')
      .type('image/svg+xml')
      .send(ICON),
  );
}

/** A name with or without port, or an address in brackets; what is none is not repeated. */
function hostOf(header = ''): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(header) ? header : 'localhost';
}

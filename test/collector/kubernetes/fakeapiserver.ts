/** The least of an API server that the collector asks: lists that can be watched, TokenReview, SubjectAccessReview. Over HTTP; what was asked is remembered. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiClient, createApiClient } from '../../../src/kubernetes/client.ts';

export interface FakeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
}

export interface FakeApiServer {
  readonly url: string;
  /** Method, path and query, in order. */
  readonly asked: string[];
  /** Bodies of reviews. */
  readonly reviews: Record<string, unknown>[];
  /** By resource: `pods`, `nodes`, `configmaps`. */
  readonly lists: Map<string, FakeObject[]>;
  /** Who has this token; undefined for nobody. */
  user: (token: string) => object | undefined;
  allowed: (spec: Record<string, unknown>) => boolean;
  /** Answered in place of everything. */
  status: number | undefined;
  /** Objects on one page of a list. */
  page: number;
  /** To everybody who watches the resource. */
  tell(resource: string, event: object): void;
  /** Ends all watches of the resource. */
  cut(resource: string): void;
  watchers(resource: string): number;
  close(): Promise<void>;
}

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const watching = new Map<string, Set<ServerResponse>>();
  const watchers = (resource: string): Set<ServerResponse> => {
    const all = watching.get(resource) ?? new Set();
    watching.set(resource, all);
    return all;
  };
  const server = createServer((request, response) => void handle(request, response));
  const api: FakeApiServer = {
    url: '',
    asked: [],
    reviews: [],
    lists: new Map(),
    user: () => undefined,
    allowed: () => true,
    status: undefined,
    page: 2,
    tell(resource, event) {
      for (const response of watchers(resource)) response.write(`${JSON.stringify(event)}\n`);
    },
    cut(resource) {
      for (const response of watchers(resource)) response.end();
    },
    watchers: (resource) => watchers(resource).size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    api.asked.push(`${request.method} ${request.url}`);
    const json = (code: number, body: object): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (api.status !== undefined) return json(api.status, { kind: 'Status', message: 'not now' });
    if (request.method === 'POST') return json(201, answerOf(await bodyOf(request)));
    const resource = url.pathname.split('/').at(-1) as string;
    if (url.searchParams.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      watchers(resource).add(response);
      response.once('close', () => watchers(resource).delete(response));
      return;
    }
    const from = Number(url.searchParams.get('continue') ?? 0);
    const all = api.lists.get(resource) ?? [];
    const more = from + api.page < all.length ? { continue: String(from + api.page) } : {};
    json(200, { items: all.slice(from, from + api.page), metadata: { resourceVersion: '7', ...more } });
  }

  function answerOf(review: Record<string, unknown>): object {
    api.reviews.push(review);
    const spec = review.spec as Record<string, unknown>;
    if (review.kind === 'TokenReview') {
      const user = api.user(String(spec.token));
      return { status: user ? { authenticated: true, user } : { authenticated: false } };
    }
    return { status: { allowed: api.allowed(spec) } };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(api, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** One who asks it, without a token. */
export function clientOf(url: string): ApiClient {
  return createApiClient({
    access: { url, token: () => undefined, tls: () => ({}) },
    connections: 16,
    maxBytes: 1 << 20,
  });
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const piece of request) text += piece;
  return JSON.parse(text) as Record<string, unknown>;
}

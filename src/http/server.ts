/**
 * The HTTP server that both programs use: token and TLS on every route but /healthz, limits and time-outs, streamed replies with
 * backpressure. Routes are added by whoever owns them.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions, Server as TlsServer } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { ServerTls } from '../config/secure.ts';
import type { Address } from '../config/units.ts';
import { ConfigError } from '../errors.ts';
import type { Guard, GuardFacts } from './guard.ts';
import type { Log } from '../log.ts';

export interface HttpOptions {
  readonly address: Address;
  readonly guard: GuardFacts & Partial<Pick<Guard, 'onRenewed'>>;
  readonly maxBodyBytes: number;
  /** Connections at a time; what is beyond is closed at once and counted. */
  readonly maxConnections: number;
  readonly log: Log;
  /** How long a client may neither take nor send a byte while it is being answered. Default 30 s. */
  readonly stalledMs?: number;
  /** Counts a refused request by reason; `connections`: a connection, `stalled`: a client that took no more of its answer. */
  readonly onRefused: (reason: 'token' | 'connections' | 'stalled') => void;
}

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Starts to listen; rejects with a ConfigError that names the address. Answers the URL to open. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/** Answers wait in memory for clients that do not read: not for longer than this. */
const STALLED_MS = 30_000;

/** Routes that need no token: the orchestrator's liveness probe has none. */
const OPEN_ROUTES = new Set(['/healthz']);

export function createHttp(options: HttpOptions): HttpServer {
  const { address, log } = options;
  const { tls } = options.guard;
  const app = appOf(options);
  limitConnections(app.server, options);
  // First, because it may be refused: a certificate and a key that do not belong together.
  options.guard.onRenewed?.(({ tls: renewed }) => {
    if (renewed) (app.server as unknown as TlsServer).setSecureContext(certificates(renewed));
  });
  askForToken(app, options);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'request failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `no such route: ${request.url.slice(0, 200)}` }),
  );
  return {
    app,
    async listen() {
      try {
        await app.listen({ host: address.host, port: address.port });
      } catch (error) {
        throw new ConfigError(`cannot listen on ${address.host}:${address.port}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      const { port } = app.server.address() as AddressInfo;
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      return `${tls ? 'https' : 'http'}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
    },
    close: () => app.close(),
  };
}

function appOf({ guard, maxBodyBytes, stalledMs = STALLED_MS }: HttpOptions): FastifyInstance {
  const options: FastifyServerOptions = {
    bodyLimit: maxBodyBytes,
    connectionTimeout: stalledMs,
    // A client has this long to send its headers and body: slow ones cannot hold sockets for ever.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  };
  const https = guard.tls && {
    ...certificates(guard.tls),
    ...(guard.tls.clientCa ? { requestCert: true, rejectUnauthorized: true } : {}),
  };
  return Fastify({ ...options, https: https ?? null } as FastifyServerOptions<Server>);
}

function limitConnections(server: Server, { maxConnections, onRefused }: HttpOptions): void {
  server.maxConnections = maxConnections;
  server.on('drop', () => onRefused('connections'));
  // Node's own time-out while nothing moves; with somebody listening for it, ending the connection is that one's task.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) onRefused('stalled');
    socket.destroy();
  });
}

function certificates({ cert, key, clientCa }: ServerTls): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(clientCa ? { ca: clientCa } : {}) };
}

function askForToken(app: FastifyInstance, { guard, onRefused }: HttpOptions): void {
  if (guard.token === undefined) return;
  let wanted = digest(`Bearer ${guard.token}`);
  guard.onRenewed?.(({ token = '' }) => {
    wanted = digest(`Bearer ${token}`);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.has(request.routeOptions.url ?? '')) return;
    // Digests have one length, so that the comparison tells nothing about the token's.
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) return;
    onRefused('token');
    await reply
      .code(401)
      .header('www-authenticate', 'Bearer realm="plimsoll"')
      .send({ error: 'the header "Authorization: Bearer <token>" is missing or the token is not the one configured' });
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

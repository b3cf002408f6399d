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
import { type Address, urlOf } from '../config/units.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Guard, GuardFacts } from './guard.ts';
import { listenFailure } from './listening.ts';
import { answerPlain, strangers } from './stranger.ts';

export interface HttpOptions {
  /** The key of the address, for errors: `agent.listen`. */
  readonly setting: string;
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
  const { setting, address, log } = options;
  const { tls } = options.guard;
  const app = appOf(options);
  limitConnections(app.server, options);
  // First, because it may be refused: a certificate and a key that do not belong together.
  options.guard.onRenewed?.(({ tls: renewed }) => {
    if (renewed) (app.server as unknown as TlsServer).setSecureContext(certificates(renewed));
  });
  // Who it is, for `plimsoll check` beside it; not which version.
  app.addHook('onRequest', async (_request, reply) => void reply.header('server', 'plimsoll'));
  askForToken(app, options);
  // A newline at the end: `curl` prints nothing after an answer.
  app.addHook('onSend', async (_request, _reply, payload) =>
    typeof payload === 'string' && payload.startsWith('{') ? `${payload}\n` : payload,
  );
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
        throw listenFailure(setting, address, error);
      }
      const { port } = app.server.address() as AddressInfo;
      return urlOf(tls ? 'https' : 'http', { host: address.host, port });
    },
    close: () => app.close(),
  };
}

function appOf({ guard, maxBodyBytes, stalledMs = STALLED_MS, log }: HttpOptions): FastifyInstance {
  const options: FastifyServerOptions = {
    bodyLimit: maxBodyBytes,
    connectionTimeout: stalledMs,
    // A client has this long to send its headers and body: slow ones cannot hold sockets for ever.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
    clientErrorHandler: strangers(log),
  };
  const https = guard.tls && {
    ...certificates(guard.tls),
    ...(guard.tls.clientCa ? { requestCert: true, rejectUnauthorized: true } : {}),
  };
  const app = usable(() => Fastify({ ...options, https: https ?? null } as FastifyServerOptions<Server>));
  if (https) answerPlain(app.server as unknown as TlsServer, log);
  return app;
}

/** What a certificate and a key that are none, or do not belong together, make the TLS library say. */
function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`tls: cert, key or client_ca cannot be used: ${why}`, { cause });
  }
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
  let wanted = digest(guard.token);
  guard.onRenewed?.(({ token = '' }) => {
    wanted = digest(token);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.has(request.routeOptions.url ?? '')) return;
    // Digests have one length, so that the comparison tells nothing about the token's.
    const given = bearerToken(request.headers.authorization);
    if (given !== '' && timingSafeEqual(digest(given), wanted)) return;
    onRefused('token');
    await reply
      .code(401)
      .header('www-authenticate', 'Bearer realm="plimsoll"')
      .send({ error: 'the header "Authorization: Bearer <token>" is missing or the token is not the one configured' });
  });
}

/** The token; empty if there is none. The scheme's name may be written in any case. */
function bearerToken(header = ''): string {
  return /^bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

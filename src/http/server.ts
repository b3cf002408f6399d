/**
 * The HTTP server that both programs use: names, token and TLS on every route but /healthz, limits and time-outs, streamed replies with
 * backpressure. Whatever clients do, what they cost is bounded: connections, requests on one, answers under way. Routes are added by whoever
 * owns them.
 */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions, Server as TlsServer } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify';
import type { ServerTls } from '../config/secure.ts';
import { type Address, urlOf } from '../config/units.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../run/clock.ts';
import { type Connections, createConnections } from './connections.ts';
import { gate } from './gate.ts';
import type { Guard, GuardFacts } from './guard.ts';
import { type Handler, inTurn } from './inturn.ts';
import { createListeners } from './listeners.ts';
import { listenFailure } from './listening.ts';
import { createPlaces } from './places.ts';
import { answerPlain, strangers } from './stranger.ts';

/**
 * Why something was refused or ended. `host`: a name that is not answered; `connections`: too many; `pipelined`: too many requests sent
 * ahead on one; `stalled`: a client that took no more of its answer; `answers`: too many large answers under way.
 */
export type RefusalReason = 'token' | 'host' | 'connections' | 'pipelined' | 'stalled' | 'answers';

export interface HttpOptions {
  /** The key of the address, for errors: `agent.listen`. */
  readonly setting: string;
  readonly address: Address;
  readonly guard: GuardFacts & Partial<Pick<Guard, 'onRenewed'>>;
  /** Host names that are answered beside loopback's. */
  readonly allowedHosts?: readonly string[];
  readonly maxBodyBytes: number;
  /** Connections at a time, on all addresses; those that were let in stay, the oldest of the others goes. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a client may neither take nor send a byte while it is being answered. Default 30 s. */
  readonly stalledMs?: number;
  readonly onRefused: (reason: RefusalReason) => void;
  /** Decides in place of token and names who may ask: rejects with an answer, or tells whether the connection is proven. */
  readonly admit?: (request: FastifyRequest) => Promise<boolean>;
}

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Starts to listen; rejects with a ConfigError that names the address. Answers the URL to open. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer is large: it needs one of the places that there are for such. */
    large?: boolean;
  }
}

/** Answers wait in memory for clients that do not read: not for longer than this. */
const STALLED_MS = 30_000;
/** Large answers at once; those that wait for a place. */
const PLACES = { places: 16, waiting: 64 };
/** Of one address, that have not been let in: more than the kernel hands over at once, so that nobody's first request is cut off. */
const MAX_UNPROVEN = 1024;

export function createHttp(options: HttpOptions): HttpServer {
  const { setting, address, log, guard, maxConnections: max, onRefused, allowedHosts = [] } = options;
  const connections = createConnections({ max, maxUnproven: Math.min(max, MAX_UNPROVEN) }, () =>
    onRefused('connections'),
  );
  let handler: Handler = () => undefined;
  const stranger = strangers(log);
  const listeners = createListeners(() => {
    const server = serverOf(options, connections, (request, response) => handler(request, response));
    server.on('clientError', stranger);
    if (guard.tls) answerPlain(server as unknown as TlsServer, log);
    return server;
  });
  const app = Fastify({
    bodyLimit: options.maxBodyBytes,
    routerOptions: { maxParamLength: 1024 },
    // Each server answers what is no request by itself.
    clientErrorHandler: () => undefined,
    serverFactory: (routes) => {
      handler = inTurn(routes, () => onRefused('pipelined'));
      return listeners.servers[0] as Server;
    },
  } as FastifyServerOptions<Server>);
  // A route that wants a body says how it is read.
  app.removeAllContentTypeParsers();
  // First, because it may be refused: a certificate and a key that do not belong together.
  guard.onRenewed?.(({ tls }) => {
    if (!tls) return;
    for (const server of listeners.servers) (server as unknown as TlsServer).setSecureContext(certificates(tls));
  });
  // Who it is, for `plimsoll check` beside it; not which version.
  app.addHook('onRequest', async (_request, reply) => void reply.header('server', 'plimsoll'));
  // A newline at the end: `curl` prints nothing after an answer.
  app.addHook('onSend', async (_request, _reply, payload) =>
    typeof payload === 'string' && payload.startsWith('{') ? `${payload}\n` : payload,
  );
  if (options.admit) admitting(app, options.admit, connections);
  else gate(app, { guard, allowedHosts, connections, onRefused });
  givePlaces(app, options);
  sayErrors(app, log);
  return {
    app,
    async listen() {
      await app.ready();
      const port = await listeners.listen(address).catch((cause: Error) => {
        throw listenFailure(setting, address, cause);
      });
      return urlOf(guard.tls ? 'https' : 'http', { host: address.host, port });
    },
    async close() {
      await app.close();
      await listeners.close();
    },
  };
}

function serverOf(
  { guard, stalledMs = STALLED_MS, onRefused }: HttpOptions,
  connections: Connections,
  handler: Handler,
): Server {
  const options: ServerOptions = {
    // A client has this long to send its headers and body: slow ones cannot hold sockets for ever.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
  };
  const server = guard.tls ? secureServer(guard.tls, options, handler) : createServer(options, handler);
  server.timeout = stalledMs;
  connections.watch(server);
  // Node's own time-out while nothing moves; with somebody listening for it, ending the connection is that one's task.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) onRefused('stalled');
    socket.destroy();
  });
  return server;
}

/** Throws a ConfigError for a certificate and a key that are none, or do not belong together. */
function secureServer(tls: ServerTls, options: ServerOptions, handler: Handler): Server {
  try {
    return createTlsServer({ ...options, ...certificates(tls), ...clientsOf(tls) }, handler);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`tls: cert, key or client_ca cannot be used: ${why}`, { cause });
  }
}

function admitting(
  app: FastifyInstance,
  admit: (request: FastifyRequest) => Promise<boolean>,
  connections: Connections,
): void {
  app.addHook('onRequest', async (request) => {
    if (await admit(request)) connections.prove(request.raw.socket);
  });
}

function clientsOf({ clientCa, asksOnly }: ServerTls) {
  if (asksOnly) return { requestCert: true, rejectUnauthorized: false };
  return clientCa ? { requestCert: true, rejectUnauthorized: true } : {};
}

function certificates({ cert, key, clientCa }: ServerTls): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(clientCa ? { ca: clientCa } : {}) };
}

/** Routes whose answers are large wait for a place, which is given back when the answer has been sent or given up. */
function givePlaces(app: FastifyInstance, { clock, onRefused }: HttpOptions): void {
  const places = createPlaces({ ...PLACES, clock, onStalled: () => onRefused('stalled') });
  app.addHook('preHandler', async (request, reply) => {
    if (!request.routeOptions.config.large) return;
    const leave = await places.enter(request.raw.socket);
    if (leave === undefined) {
      onRefused('answers');
      await reply
        .code(503)
        .header('retry-after', '1')
        .send({ error: 'too many answers are under way; ask again in a moment' });
    } else if (reply.raw.destroyed || reply.raw.closed) leave();
    else reply.raw.once('close', leave);
  });
}

function sayErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'request failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `no such route: ${request.url.slice(0, 200)}` }),
  );
}

/**
 * The gate before every route: names that the server answers to, and the token, or the cookie of a browser that has given it. Whoever passes
 * has proven its connection.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connections } from './connections.ts';
import type { Guard, GuardFacts } from './guard.ts';
import { carriesToken } from './credentials.ts';
import { isAnswered } from './names.ts';
import { wantsHtml } from './pageroute.ts';
import { digest, isSignedIn, SIGN_IN, SIGN_OUT, signInPage, signInRoutes } from './signin.ts';

export interface GateOptions {
  readonly guard: GuardFacts & Partial<Pick<Guard, 'onRenewed'>>;
  readonly allowedHosts: readonly string[];
  readonly connections: Connections;
  readonly onRefused: (reason: 'token' | 'host') => void;
}

/** Routes that need no token: the orchestrator's liveness probe has none, and calls by the address of the moment. */
const OPEN_ROUTES = new Set(['/healthz']);
/** These are where a token is given. */
const SIGNING = new Set([SIGN_IN, SIGN_OUT]);

export function gate(app: FastifyInstance, { guard, allowedHosts, connections, onRefused }: GateOptions): void {
  let wanted = guard.token === undefined ? undefined : digest(guard.token);
  guard.onRenewed?.(({ token = '' }) => {
    if (wanted !== undefined) wanted = digest(token);
  });
  signInRoutes(app, {
    wanted: () => wanted,
    secure: guard.tls !== undefined,
    onRefused: () => onRefused('token'),
  });
  const names = { open: guard.token === undefined && guard.tls?.clientCa === undefined, allowed: allowedHosts };
  const isWanted = (given: string): boolean => wanted !== undefined && timingSafeEqual(digest(given), wanted);
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.has(request.routeOptions.url ?? '')) return;
    if (!isAnswered(request.headers.host, names)) {
      onRefused('host');
      await refuseHost(reply, request.headers.host ?? '');
    } else if (SIGNING.has(request.routeOptions.url ?? '')) {
      // Proves its connection once it has.
    } else if (wanted && !carriesToken(request, isWanted) && !isSignedIn(request, wanted)) {
      onRefused('token');
      await refuseToken(request, reply);
    } else connections.prove(request.raw.socket);
  });
}

async function refuseHost(reply: FastifyReply, host: string): Promise<void> {
  const name = JSON.stringify(host.slice(0, 200));
  const error =
    `this server does not answer to the host name ${name}; call it by a loopback name or address, ` +
    'or list the name in allowed_hosts';
  await reply.code(421).send({ error });
}

async function refuseToken(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.routeOptions.url === '/' && wantsHtml(request)) {
    await signInPage(request, reply);
    return;
  }
  await reply
    .code(401)
    .header('www-authenticate', 'Bearer realm="plimsoll"')
    .send({ error: 'the header "Authorization: Bearer <token>" is missing or the token is not the one configured' });
}

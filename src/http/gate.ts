/** The gate before every route: names that the server answers to, and the token. Whoever passes has proven its connection. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Connections } from './connections.ts';
import type { Guard, GuardFacts } from './guard.ts';
import { carriesToken } from './credentials.ts';
import { isAnswered } from './names.ts';

export interface GateOptions {
  readonly guard: GuardFacts & Partial<Pick<Guard, 'onRenewed'>>;
  readonly allowedHosts: readonly string[];
  readonly connections: Connections;
  readonly onRefused: (reason: 'token' | 'host') => void;
}

/** Routes that need no token: the orchestrator's liveness probe has none, and calls by the address of the moment. */
const OPEN_ROUTES = new Set(['/healthz']);

export function gate(app: FastifyInstance, { guard, allowedHosts, connections, onRefused }: GateOptions): void {
  let wanted = guard.token === undefined ? undefined : digest(guard.token);
  guard.onRenewed?.(({ token = '' }) => {
    if (wanted !== undefined) wanted = digest(token);
  });
  const names = { open: guard.token === undefined && guard.tls?.clientCa === undefined, allowed: allowedHosts };
  const isWanted = (given: string): boolean => wanted !== undefined && timingSafeEqual(digest(given), wanted);
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN_ROUTES.has(request.routeOptions.url ?? '')) return;
    if (!isAnswered(request.headers.host, names)) {
      onRefused('host');
      await refuseHost(reply, request.headers.host ?? '');
    } else if (wanted && !carriesToken(request, isWanted)) {
      onRefused('token');
      await refuseToken(reply);
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

async function refuseToken(reply: FastifyReply): Promise<void> {
  await reply
    .code(401)
    .header('www-authenticate', 'Bearer realm="plimsoll"')
    .send({ error: 'the header "Authorization: Bearer <token>" is missing or the token is not the one configured' });
}

/** Digests have one length, so that the comparison tells nothing about the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * The address where the API server of the cluster asks: TLS, and for each request who asks and whether that one may, which that server decides. Health is told
 * to everybody.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Address } from '../../src/config/units.ts';
import { createHttp, type HttpOptions, type HttpServer } from '../../src/http/server.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { accessOf } from './access.ts';
import type { FrontProxy } from './frontproxy.ts';
import type { Keys } from './keys.ts';
import { addMetricsApi, type ApiParts } from './routes.ts';
import { identifier, type User } from './user.ts';

export interface SecureOptions extends Pick<HttpOptions, 'clock' | 'log' | 'onRefused'> {
  readonly address: Address;
  readonly keys: Keys;
  readonly client: ApiClient;
  readonly proxy: Pick<FrontProxy, 'trust'>;
  readonly parts: Omit<ApiParts, 'permit'>;
  /** Undefined while all is well; else what is stuck, or waited for. */
  readonly alive: () => string | undefined;
  readonly ready: () => string | undefined;
}

const HEALTH = new Set(['/livez', '/readyz', '/healthz']);
/** Of API servers, autoscalers and people; each of them keeps a few. */
const CONNECTIONS = 512;

export function createSecure(options: SecureOptions): HttpServer {
  const { address, keys, client, proxy, clock, log, onRefused } = options;
  const identify = identifier({ client, trust: () => proxy.trust, clock });
  const mayAsk = accessOf(client, clock);
  const users = new WeakMap<IncomingMessage, User>();
  const http = createHttp({
    ...{ setting: 'metrics_api.listen', address, guard: keys, clock, log, onRefused },
    maxBodyBytes: 1024,
    maxConnections: CONNECTIONS,
    async admit(request) {
      if (HEALTH.has(request.routeOptions.url ?? '')) return false;
      const user = await identify(request.raw);
      users.set(request.raw, user);
      return user.name !== 'system:anonymous';
    },
  });
  addMetricsApi(http.app, {
    ...options.parts,
    permit: (request: FastifyRequest, wish) => mayAsk(users.get(request.raw) as User, wish),
  });
  addHealth(http.app, options);
  return http;
}

function addHealth(app: FastifyInstance, { alive, ready }: Pick<SecureOptions, 'alive' | 'ready'>): void {
  for (const path of HEALTH) {
    app.get(path, async (_request, reply) => {
      const trouble = path === '/readyz' ? (alive() ?? ready()) : alive();
      return reply
        .code(trouble === undefined ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(trouble ?? 'ok');
    });
  }
}

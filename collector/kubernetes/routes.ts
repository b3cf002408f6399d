/**
 * The routes of metrics.k8s.io: discovery, nodes, pods. Each first says what is wished, for whoever decides whether it may be; faults go out as Status. JSON whatever
 * is accepted, or a Table.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import { sendPieces } from '../api/sending.ts';
import type { Wish } from './access.ts';
import { listed, listPieces, type Question, single, singleObject, type Source } from './answering.ts';
import { DISCOVERY, versionNamed } from './discovery.ts';
import { GROUP, noSuchResource, StatusError } from './status.ts';
import { tableOf, tableVersion } from './table.ts';

export interface ApiParts extends Source {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Rejects with a StatusError what may not be. Undefined where whoever comes here may ask everything. */
  readonly permit?: (request: FastifyRequest, wish: Wish) => Promise<void>;
  readonly onAnswered: (code: number) => void;
}

interface Params {
  readonly version: string;
  readonly namespace?: string;
  readonly name?: string;
}

type Asked = FastifyRequest<{ Params: Params }>;

const JSON_TYPE = 'application/json';

/** Adds them, and nothing else of Kubernetes. */
export function addMetricsApi(app: FastifyInstance, parts: ApiParts): void {
  app.register(async (scope) => {
    scope.addHook('onResponse', async (_request, reply) => parts.onAnswered(reply.statusCode));
    scope.setErrorHandler((error, _request, reply) => sendFault(reply, error, parts.log));
    for (const [path, body] of DISCOVERY) {
      scope.get(path, async (request, reply) => {
        await parts.permit?.(request, { path });
        return reply.type(JSON_TYPE).send(JSON.stringify(body));
      });
    }
    const group = `/apis/${GROUP}/:version`;
    const large = { config: { large: true } };
    scope.get<{ Params: Params }>(`${group}/nodes`, large, (request, reply) =>
      list(parts, 'nodes', { request, reply }),
    );
    scope.get<{ Params: Params }>(`${group}/pods`, large, (request, reply) => list(parts, 'pods', { request, reply }));
    const inNamespace = `${group}/namespaces/:namespace/pods`;
    scope.get<{ Params: Params }>(inNamespace, large, (request, reply) => list(parts, 'pods', { request, reply }));
    scope.get<{ Params: Params }>(`${group}/nodes/:name`, (request, reply) => one(parts, 'nodes', { request, reply }));
    scope.get<{ Params: Params }>(`${inNamespace}/:name`, (request, reply) => one(parts, 'pods', { request, reply }));
    scope.all('/apis/*', async (request) => {
      await parts.permit?.(request, { path: pathOf(request) });
      throw request.method === 'GET' ? noSuchResource() : notAllowed(request.method);
    });
  });
}

interface Exchange {
  readonly request: Asked;
  readonly reply: FastifyReply;
}

async function list(parts: ApiParts, resource: 'nodes' | 'pods', { request, reply }: Exchange): Promise<FastifyReply> {
  const question = await questionOf(parts, resource, request);
  const items = listed(parts, question);
  const version = tableVersion(request.headers.accept);
  if (version !== undefined) {
    return reply
      .type(JSON_TYPE)
      .send(JSON.stringify(tableOf(items, { version, include: param(request, 'includeObject') })));
  }
  await sendPieces({ request, reply, type: JSON_TYPE }, listPieces(question, items));
  return reply;
}

async function one(parts: ApiParts, resource: 'nodes' | 'pods', { request, reply }: Exchange): Promise<FastifyReply> {
  const question = await questionOf(parts, resource, request);
  const item = single(parts, question, request.params.name ?? '');
  const version = tableVersion(request.headers.accept);
  const body =
    version === undefined
      ? singleObject(question, item[1])
      : tableOf([item], { version, include: param(request, 'includeObject') });
  return reply.type(JSON_TYPE).send(JSON.stringify(body));
}

/** Of who may ask it. */
async function questionOf(parts: ApiParts, resource: 'nodes' | 'pods', request: Asked): Promise<Question> {
  const { namespace = '', name = '' } = request.params;
  const version = versionNamed(request.params.version);
  await parts.permit?.(request, { resource, verb: name === '' ? 'list' : 'get', version, namespace, name });
  if (/^(1|true)$/i.test(param(request, 'watch') ?? '')) throw notAllowed('watch');
  return {
    ...{ resource, version, namespace, nowMs: parts.clock.now() },
    labelSelector: param(request, 'labelSelector') ?? '',
    fieldSelector: param(request, 'fieldSelector') ?? '',
  };
}

function param({ query }: FastifyRequest, name: string): string | undefined {
  const value = (query as Readonly<Record<string, string | string[] | undefined>>)[name];
  return Array.isArray(value) ? value[0] : value;
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? '';
}

function notAllowed(verb: string): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    `${verb} is not supported on resources of group "${GROUP}"; legal: get, list`,
  );
}

/** A fault of ours is told without what it was. */
function sendFault(reply: FastifyReply, error: unknown, log: Log): FastifyReply {
  const told = error instanceof StatusError ? error : new StatusError('InternalError', 'internal error', {});
  if (told !== error) log.error({ err: error }, 'a request of metrics.k8s.io failed');
  return reply.code(told.code).type(JSON_TYPE).send(JSON.stringify(told.body));
}

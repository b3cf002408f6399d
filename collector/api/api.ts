/**
 * Prometheus' HTTP API over the store: what Grafana, promtool, perses and curl ask of a Prometheus. Behind the same guard as every route. No
 * CORS headers: a page of another site must not read what a collector on loopback knows, which needs no token.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../src/log.ts';
import { createPlaces } from '../../src/http/places.ts';
import { QueryError } from '../query/query.ts';
import { askedOf, type Asking, askingOf, patiently } from './asking.ts';
import { asQueryError, failureOf } from './envelope.ts';
import { FORM_TYPE, formReader } from './forms.ts';
import { matchersParam } from './params.ts';
import type { ApiOptions, Route } from './route.ts';
import { exportLines, exportScope } from './routes/export.ts';
import { federation } from './routes/federate.ts';
import { languageRoutes } from './routes/language.ts';
import { metadataRoutes } from './routes/metadata.ts';
import { namesRoutes } from './routes/names.ts';
import { queryRoutes } from './routes/query.ts';
import { rulesRoutes } from './routes/rules.ts';
import { statusRoutes } from './routes/status.ts';
import { targetsRoutes } from './routes/targets.ts';
import { tsdbRoutes } from './routes/tsdb.ts';
import { placeFor, sendPieces } from './sending.ts';
import { createTurns } from './turns.ts';

/** Questions that wait for a turn: what a few people's dashboards ask at once. */
const WAITING = 128;
/** Large answers that are being sent; exports at a time, each of which the store reads for as long as it goes on. */
const SENDING = { places: 8, waiting: 32 };
const EXPORTS = { places: 2, waiting: 8 };
const EXPORT_STILL_MS = 5 * 60_000;

export interface Api extends ApiOptions {
  readonly log: Log;
  /** A reader that took nothing lost its connection, because others waited. */
  readonly onStalled: () => void;
}

/** Questions under way: the one line that they all wait in. */
export interface ApiLine {
  waiting(): number;
}

export function addApi(app: FastifyInstance, api: Api): ApiLine {
  const { clock, limits, language, onStalled, log } = api;
  const turnsOf = (atOnce: number) => createTurns({ clock, atOnce, waiting: WAITING, waitMs: limits.timeoutMs });
  const asking: Asking = {
    options: api,
    turns: { query: turnsOf(limits.concurrency), lookup: turnsOf(limits.concurrency) },
    places: createPlaces({ ...SENDING, clock, onStalled }),
    patienceMs: 2 * limits.timeoutMs,
  };
  const routes: readonly Route[] = [
    ...queryRoutes(api),
    ...namesRoutes(language),
    ...metadataRoutes(),
    ...languageRoutes(language),
    ...rulesRoutes(),
    ...statusRoutes(api),
    ...tsdbRoutes(api),
    ...targetsRoutes(api),
  ];
  const readForm = formReader();
  const taking = (scope: FastifyInstance): void => takeForms(scope, readForm, log);
  app.register(
    async (scope) => {
      taking(scope);
      for (const route of routes)
        scope.route({ method: [...route.methods], url: route.path, handler: askingOf(route, asking) });
      addExport(scope, api);
      scope.setNotFoundHandler((request, reply) => fail(reply, noSuchRoute(request)));
    },
    { prefix: '/api/v1' },
  );
  app.register(async (scope) => {
    taking(scope);
    addFederate(scope, api, asking);
    addHealth(scope, api);
  });
  const { query, lookup } = asking.turns;
  return { waiting: () => query.waiting + lookup.waiting };
}

/** Forms are read, errors go into the envelope. */
function takeForms(scope: FastifyInstance, read: ReturnType<typeof formReader>, log: Log): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(FORM_TYPE, async (request: FastifyRequest, payload: Readable) =>
    read(payload, Number(request.headers['content-length'] ?? 0)),
  );
  scope.setErrorHandler((error: Error & { readonly code?: string; readonly statusCode?: number }, request, reply) => {
    // Of a body, some may not have been read: nothing more can come on this connection.
    if (request.method === 'POST') reply.header('connection', 'close');
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return fail(reply, wrongType(request));
    const failure = asQueryError(error);
    if (failure.type === 'internal') log.error({ err: error }, 'a request of the query API failed');
    return fail(reply, failure);
  });
}

function fail(reply: FastifyReply, error: QueryError): FastifyReply {
  const { code, body } = failureOf(error);
  if (error.type === 'unavailable') reply.header('retry-after', '1');
  return reply.code(code).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function wrongType({ headers }: FastifyRequest): QueryError {
  const given = (headers['content-type'] ?? 'missing').slice(0, 80);
  return new QueryError('bad_data', `content-type is ${given}; legal: ${FORM_TYPE}`);
}

function noSuchRoute({ method, url }: FastifyRequest): QueryError {
  return new QueryError('not_found', `no such route: ${method} ${url.split('?')[0]?.slice(0, 200)}`);
}

function addExport(app: FastifyInstance, api: Api): void {
  const places = createPlaces({ ...EXPORTS, clock: api.clock, onStalled: api.onStalled });
  app.route({
    method: ['GET', 'POST'],
    url: '/export',
    handler: async (request, reply) => {
      const { params, store, signal } = askedOf(request, reply, api);
      const scope = exportScope(params, api.language);
      // Before the store begins to read.
      await placeFor({ request, reply }, places);
      const lines = exportLines(store, scope, signal);
      // The store may read for long until something fits. Readers who stand still are found by those who wait.
      patiently(request, EXPORT_STILL_MS);
      await sendPieces({ request, reply, type: 'application/stream+json; charset=utf-8' }, lines);
      return reply;
    },
  });
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

function addFederate(scope: FastifyInstance, api: Api, { turns, places, patienceMs }: Asking): void {
  scope.get('/federate', async (request, reply) => {
    const { params, store, signal } = askedOf(request, reply, api);
    const matchers = matchersParam(params, api.language);
    // Nothing is asked for; to the store no selector would be everything.
    if (matchers.length === 0) return reply.type(TEXT).send('');
    const hurried = patiently(request, patienceMs);
    const leave = await turns.query.enter(signal);
    try {
      const lines = await federation({
        store,
        matchers,
        nowMs: api.clock.now(),
        maxSeries: api.limits.maxPoints,
        signal,
      });
      hurried();
      await sendPieces({ request, reply, type: TEXT }, lines, places);
    } finally {
      leave();
    }
    return reply;
  });
}

/** As Prometheus has them, for probes that are made for it. */
function addHealth(scope: FastifyInstance, { alive, store, noStore }: Api): void {
  const say = (reply: FastifyReply, trouble: string | undefined, fine: string): FastifyReply =>
    reply
      .code(trouble === undefined ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(`${trouble ?? fine}\n`);
  scope.get('/-/healthy', async (_request, reply) => say(reply, alive(), 'Plimsoll is healthy.'));
  scope.get('/-/ready', async (_request, reply) =>
    say(reply, store === undefined ? noStore : alive(), 'Plimsoll is ready.'),
  );
}

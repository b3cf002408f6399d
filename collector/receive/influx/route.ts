/**
 * InfluxDB's routes, as far as agents use them: `/write`, `/api/v2/write`, `/ping`, `/health`, and `/query` for what they ask at their start. Good
 * lines are taken, whatever stands beside them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError } from '../../../src/errors.ts';
import { inflate } from '../../../src/http/body/inflate.ts';
import type { Store } from '../../store/types.ts';
import { addScope, type Desk } from '../desk.ts';
import { faultAnswer, type InfluxAnswer, outcomeAnswer, type Version } from './answer.ts';
import { readPoints } from './points.ts';
import { answerStatements } from './statements.ts';
import { precisionOf } from './times.ts';

export interface InfluxOptions {
  readonly desk: Desk;
  readonly store: Pick<Store, 'labelValues'>;
  readonly now: () => number;
  readonly version: string;
}

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Clients look at the version to see what they may ask: this is the last whose writing and asking we answer to. */
const INFLUX_VERSION = '1.8.10';
const VERSION_HEADERS = { 'x-influxdb-version': INFLUX_VERSION, 'x-influxdb-build': 'plimsoll' };

/** Databases that were made and not written to yet: their names are only listed. */
const MAX_DATABASES = 1000;

const CONFIG = { config: { othersCredentials: true } };

export function addInflux(app: FastifyInstance, { desk, store, now, version }: InfluxOptions): void {
  const say = (request: FastifyRequest, reply: FastifyReply, fault: Parameters<typeof faultAnswer>[0]) =>
    answered(reply, faultAnswer(fault, versionOf(request)));
  addScope(app, desk, { protocol: 'influx', say }, (scope) => {
    scope.addHook('onRequest', async (_request, reply) => void reply.headers(VERSION_HEADERS));
    scope.post('/write', CONFIG, (request, reply) => write(request, reply, one(request, 'db')));
    scope.post('/api/v2/write', CONFIG, (request, reply) => write(request, reply, one(request, 'bucket')));
    for (const method of ['GET', 'HEAD', 'POST'] as const)
      scope.route({ method, url: '/ping', ...CONFIG, exposeHeadRoute: false, handler: ping });
    scope.get('/health', CONFIG, async () => ({
      name: 'plimsoll',
      message: 'ready for writes',
      status: 'pass',
      checks: [],
      version,
    }));
    const made = new Set<string>();
    scope.route({ method: ['GET', 'POST'], url: '/query', ...CONFIG, handler: (request) => query(request, made) });
  });

  async function write(request: FastifyRequest, reply: FastifyReply, database: string | undefined) {
    const precision = precisionOf(one(request, 'precision'));
    const told = await desk.take(request, {
      protocol: 'influx',
      unpack(body) {
        if (precision === undefined) throw badPrecision(one(request, 'precision'));
        return inflate(body, request.headers['content-encoding'], desk.limits.maxUnpackedBytes);
      },
      read: (body) =>
        readPoints(body.toString('utf8'), {
          precision: precision ?? 'ns',
          database,
          nowMs: now(),
          limits: desk.limits,
        }),
    });
    const as = versionOf(request);
    return answered(reply, 'fault' in told ? faultAnswer(told.fault, as) : outcomeAnswer(told.outcome, as));
  }

  async function ping(request: FastifyRequest, reply: FastifyReply) {
    release(request);
    if (one(request, 'verbose') === 'true') return { version: INFLUX_VERSION };
    return reply.code(204).send();
  }

  async function query(request: FastifyRequest, made: Set<string>) {
    const asked = one(request, 'q') ?? formOf(request).get('q') ?? '';
    return answerStatements(asked, {
      create(database) {
        if (made.size < MAX_DATABASES) made.add(database.slice(0, 200));
      },
      async databases() {
        const written = await store.labelValues('db', { matchers: [], fromMs: 0, toMs: now() });
        return [...new Set([...written, ...made])].sort();
      },
    });
  }
}

function versionOf({ url }: FastifyRequest): Version {
  return url.startsWith('/api/v2/') ? 2 : 1;
}

/** A parameter of the address; of several the first. */
function one({ query }: FastifyRequest, name: string): string | undefined {
  const value = (query as Query)[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A form in the body, which is given back. */
function formOf(request: FastifyRequest): URLSearchParams {
  const text = (request.body as { bytes?: Buffer } | undefined)?.bytes?.toString('utf8') ?? '';
  release(request);
  return new URLSearchParams(text);
}

function release(request: FastifyRequest): void {
  (request.body as { release?: () => void } | undefined)?.release?.();
}

function badPrecision(given: string | undefined): WireError {
  return new WireError(
    'bad_precision',
    `precision is ${JSON.stringify(given?.slice(0, 40))}; legal: ns, us, ms, s, m, h`,
  );
}

function answered(reply: FastifyReply, { status, headers, body }: InfluxAnswer): FastifyReply {
  reply.code(status).headers(headers);
  return body === undefined ? reply.send() : reply.send(body);
}

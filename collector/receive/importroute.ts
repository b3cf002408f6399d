/**
 * `POST /api/v1/import?format=…`: what `plimsoll store import` sends, and whoever has a file of samples. Whatever lines are good are taken; the
 * answer says how many samples that were, what was not kept, and the first of the lines that are none.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { WireError } from '../../src/errors.ts';
import { inflate } from '../../src/http/body/inflate.ts';
import { addScope, type Desk, type Told } from './desk.ts';
import { type Fault, unwritten } from './fault.ts';
import { readPoints } from './influx/points.ts';
import { precisionOf } from './influx/times.ts';
import type { ReceiveLimits } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { readExposition } from './text/exposition.ts';
import { readJsonLines } from './text/jsonlines.ts';

export const IMPORT_PATH = '/api/v1/import';

export const IMPORT_FORMATS = ['json', 'influx', 'prometheus', 'openmetrics'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

interface Query {
  readonly format?: unknown;
  readonly precision?: unknown;
  readonly db?: unknown;
}

export function addImport(app: FastifyInstance, desk: Desk, now: () => number): void {
  addScope(app, desk, { protocol: 'import', say: (_, reply, fault) => refusal(reply, fault) }, (scope) => {
    scope.post(IMPORT_PATH, { config: { othersCredentials: true } }, async (request, reply) => {
      const query = request.query as Query;
      const told = await desk.take(request, {
        protocol: 'import',
        unpack(body) {
          check(query);
          return inflate(body, request.headers['content-encoding'], desk.limits.maxUnpackedBytes);
        },
        read: (body) => read(body.toString('utf8'), query, { limits: desk.limits, nowMs: now() }),
      });
      return answered(reply, told);
    });
  });
}

function formatOf({ format = 'json' }: Query): ImportFormat | undefined {
  return IMPORT_FORMATS.find((one) => one === format);
}

function precisionIn({ precision }: Query) {
  return precisionOf(typeof precision === 'string' ? precision : undefined);
}

function check(query: Query): void {
  if (formatOf(query) === undefined)
    throw new WireError('bad_format', `format is ${quote(query.format)}; legal: ${IMPORT_FORMATS.join(', ')}`);
  if (precisionIn(query) === undefined)
    throw new WireError('bad_precision', `precision is ${quote(query.precision)}; legal: ns, us, ms, s, m, h`);
}

function quote(given: unknown): string {
  return JSON.stringify(given ?? null).slice(0, 80);
}

interface Reading {
  readonly limits: ReceiveLimits;
  readonly nowMs: number;
}

function read(text: string, query: Query, { limits, nowMs }: Reading): Iterable<Parsed> {
  const format = formatOf(query) ?? 'json';
  if (format === 'json') return readJsonLines(text, limits);
  if (format === 'influx') {
    const database = typeof query.db === 'string' ? query.db : undefined;
    return readPoints(text, { precision: precisionIn(query) ?? 'ns', database, nowMs, limits });
  }
  return readExposition(text, { format: format === 'prometheus' ? 'text' : 'openmetrics', nowMs, limits });
}

function answered(reply: FastifyReply, told: Told): FastifyReply {
  if ('fault' in told) return refusal(reply, told.fault);
  const { outcome } = told;
  const fault = unwritten(outcome);
  if (fault !== undefined) return refusal(reply, fault);
  const { received, accepted, dropped, badLines, bad, problem } = outcome;
  return reply.code(200).send({
    received,
    accepted,
    dropped: Object.fromEntries(dropped),
    bad_lines: badLines,
    lines: bad.slice(0, 10).map(({ line, text, why }) => ({ line, text, why })),
    ...(problem === undefined ? {} : { problem }),
  });
}

function refusal(reply: FastifyReply, { status, reason, message, retryAfter }: Fault): FastifyReply {
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  return reply.code(status).send({ error: reason, message });
}

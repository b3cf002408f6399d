/** Heapster's model API over the store, for who still asks it: below `/api/v1/model`, behind the same guard as every route. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../../src/run/clock.ts';
import { QueryError } from '../query/query.ts';
import type { Store } from '../store/types.ts';
import { askedIn, quoted } from './asked.ts';
import { answerOf, MINUTE_MS, type Span } from './model.ts';

export interface ModelApi {
  /** Undefined where nothing is kept. */
  readonly store: Store | undefined;
  /** Why, and what to do. */
  readonly noStore: string;
  readonly clock: Pick<Clock, 'now'>;
}

const BASE = '/api/v1/model';
/** What Heapster held of the two metrics of which it held most. */
const USUAL_MS = 15 * MINUTE_MS;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
/** What tells rows of one thing apart; Heapster's word for each of them. */
const RESOURCE = 'resource_id';

class BadRequest extends Error {}

export function addModelApi(app: FastifyInstance, { store, noStore, clock }: ModelApi): void {
  app.get(`${BASE}/*`, async (request, reply) => {
    const asked = askedIn((request.params as { readonly '*': string })['*']);
    reply.header('cache-control', 'no-store');
    if (asked === undefined) return reply.code(404).type('text/plain').send('404: Page Not Found\n');
    if (store === undefined) return reply.code(503).send({ error: noStore });
    try {
      const nowMs = clock.now();
      const labels = labelsIn(param(request, 'labels'));
      return await answerOf(asked, { store, nowMs, span: spanOf(request, nowMs), labels });
    } catch (error) {
      if (error instanceof BadRequest) return reply.code(400).type('text/plain').send(`${error.message}\n`);
      if (!(error instanceof QueryError)) throw error;
      return reply.code(error.type === 'unavailable' ? 503 : 500).send({ error: error.message });
    }
  });
}

function param({ query }: FastifyRequest, name: string): string {
  const value = (query as Readonly<Record<string, string | string[] | undefined>>)[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function spanOf(request: FastifyRequest, nowMs: number): Span {
  const endMs = timeIn(request, 'end') ?? nowMs;
  return { startMs: timeIn(request, 'start') ?? endMs - USUAL_MS, endMs };
}

function timeIn(request: FastifyRequest, name: string): number | undefined {
  const text = param(request, name);
  if (text === '') return undefined;
  const ms = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new BadRequest(
      `${name} is ${JSON.stringify(text.slice(0, 80))}; must be a time such as 2026-11-27T12:00:00Z`,
    );
  }
  return ms;
}

/** `resource_id:/dev/sda1`: matchers to be put behind others. */
function labelsIn(text: string): string {
  if (text === '') return '';
  return text
    .split(',')
    .map((pair) => {
      const at = pair.indexOf(':');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (at < 0 || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
        throw new BadRequest(
          `labels has ${JSON.stringify(pair.slice(0, 80))}; must be key:value, such as resource_id:/`,
        );
      }
      // All of what a container has written: there is one row of it.
      if (name === RESOURCE && value === '/') return '';
      return `,${name === RESOURCE ? 'device' : name}=${quoted(value)}`;
    })
    .join('');
}

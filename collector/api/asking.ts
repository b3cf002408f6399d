/** One request of the API: its parameters, its signal, its turn; then what the route answers, in the envelope, or what was wrong, in the same. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { idleLonger } from '../../src/run/clock.ts';
import type { Places } from '../../src/http/places.ts';
import { QueryError } from '../query/query.ts';
import type { Store } from '../store/types.ts';
import { successPieces } from './envelope.ts';
import { paramsOf } from './params.ts';
import type { ApiOptions, Asked, Route } from './route.ts';
import { sendPieces } from './sending.ts';
import type { Turns } from './turns.ts';

export interface Asking {
  readonly options: Pick<ApiOptions, 'store' | 'noStore'>;
  readonly turns: Readonly<Record<'query' | 'lookup', Turns>>;
  readonly places: Places;
  /** In line and at the store, at most. */
  readonly patienceMs: number;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The handler of a route. What it throws is for the scope's error handler. */
export function askingOf({ turn, handle }: Route, { options, turns, places, patienceMs }: Asking) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const asked = askedOf(request, reply, options);
    const sending = { request, reply, type: JSON_TYPE };
    if (turn === undefined) {
      await sendPieces(sending, successPieces(await handle(asked)), places);
      return reply;
    }
    // Said before it waits for a turn.
    void asked.store;
    const hurried = patiently(request, patienceMs);
    const leave = await turns[turn].enter(asked.signal);
    try {
      const answer = await handle(asked);
      hurried();
      // The turn is kept until the answer has found its place: what waits in memory is bounded by both.
      await sendPieces(sending, successPieces(answer), places);
    } finally {
      leave();
    }
    return reply;
  };
}

/** While a question is being answered nothing moves on its connection, which is not cut for that. Answers what ends it. */
export function patiently({ raw: { socket } }: FastifyRequest, patienceMs: number): () => void {
  return idleLonger(socket, patienceMs);
}

export function askedOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, noStore }: Pick<ApiOptions, 'store' | 'noStore'>,
): Asked {
  const at = request.raw.url?.indexOf('?') ?? -1;
  const query = at < 0 ? '' : (request.raw.url ?? '').slice(at + 1);
  const form = typeof request.body === 'string' ? request.body : '';
  return {
    params: paramsOf(query, form),
    signal: goneSignal(reply),
    name: (request.params as { readonly name?: string }).name ?? '',
    get store() {
      return kept(store, noStore);
    },
  };
}

function kept(store: Store | undefined, why: string): Store {
  if (store === undefined) throw new QueryError('unavailable', why);
  return store;
}

/** Aborted when the connection ends before the answer has. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const abort = (): void => {
    if (!raw.writableFinished) gone.abort(new QueryError('canceled', 'the client has gone'));
  };
  if (raw.destroyed) abort();
  else raw.once('close', abort);
  return gone.signal;
}

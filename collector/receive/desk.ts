/**
 * Where bodies of every protocol are taken in: read within bounds, unpacked and parsed a few at a time, written to the store, counted. What a
 * protocol says to it is its routes' business.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError } from '../../src/errors.ts';
import { type Bodies, type Body, createBodies } from '../../src/http/body/bodies.ts';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import { turnstile } from '../../src/run/turnstile.ts';
import type { Store } from '../store/types.ts';
import { createSenderCap, type SeriesCap } from './cap.ts';
import { droppedWords, type Fault, faultOf, isWhole } from './fault.ts';
import { createLabelCache } from './labelcache.ts';
import { type Outcome, takeIn } from './intake.ts';
import type { ReceiveLimits } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { add, createReceiveTally, type Protocol, type ReceiveTally } from './tally.ts';

export interface DeskOptions {
  readonly store: Pick<Store, 'write'>;
  readonly limits: ReceiveLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** How one body is to be taken in. */
export interface Job {
  readonly protocol: Protocol;
  readonly unpack: (body: Buffer) => Buffer | Promise<Buffer>;
  readonly read: (unpacked: Buffer) => Iterable<Parsed>;
}

export type Told = { readonly outcome: Outcome } | { readonly fault: Fault; readonly outcome?: Outcome };

export interface Desk {
  readonly limits: ReceiveLimits;
  readonly tally: ReceiveTally;
  readonly cap: SeriesCap;
  readonly bodies: Bodies;
  /** Takes the body of the request in. Never rejects. */
  take(request: FastifyRequest, job: Job): Promise<Told>;
  /** Counts a refusal, and says it now and then in the log. */
  refuse(protocol: Protocol, error: unknown, sender: string): Fault;
}

/** Bodies unpacked at a time: what they hold is bounded by it. */
const SIDE_BY_SIDE = 2;
/** The same trouble is logged this often, not each time. */
const LOG_EVERY_MS = 60_000;

export function createDesk({ store, limits: given, clock, log }: DeskOptions): Desk {
  const limits: ReceiveLimits = { ...given, cache: createLabelCache() };
  const tally = createReceiveTally();
  const cap = createSenderCap({ total: limits.maxSeries, perSender: limits.maxSeriesPerSender });
  const line = turnstile(SIDE_BY_SIDE);
  const said = new Map<string, number>();

  /** `what` is one of our own words: a closed list. */
  function due(what: string): boolean {
    const nowMs = clock.monotonic();
    if (nowMs - (said.get(what) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return false;
    said.set(what, nowMs);
    return true;
  }

  function refuse(protocol: Protocol, error: unknown, sender: string): Fault {
    const fault = faultOf(error);
    add(countsOf(protocol).requests, `refused_${fault.reason}`);
    if (due(`${protocol} ${fault.reason}`)) {
      if (error instanceof WireError)
        log.warn({ sender, protocol, reason: fault.reason, detail: fault.message }, 'refused what somebody sent');
      else log.error({ err: error, sender, protocol }, 'the store did not take what somebody sent');
    }
    return fault;
  }

  function countsOf(protocol: Protocol) {
    const counts = tally.get(protocol);
    if (counts === undefined) throw new Error(`no protocol ${protocol}`);
    return counts;
  }

  function count(protocol: Protocol, outcome: Outcome): void {
    const counts = countsOf(protocol);
    counts.received += outcome.received;
    counts.accepted += outcome.accepted;
    counts.badLines += outcome.badLines;
    for (const [reason, samples] of outcome.dropped) add(counts.dropped, reason, samples);
    for (const [what, times] of outcome.ignored) add(counts.ignored, what, times);
  }

  async function take(request: FastifyRequest, { protocol, unpack, read }: Job): Promise<Told> {
    const body = request.body as Body | undefined;
    const sender = senderOf(request);
    let counted: Outcome | undefined;
    const onCounted = (outcome: Outcome): void => {
      counted = outcome;
      count(protocol, outcome);
    };
    const work = async (): Promise<Outcome> => {
      const unpacked = await unpack(body?.bytes ?? NO_BODY);
      return takeIn(read(unpacked), { store, cap, sender, now: clock.now }, onCounted);
    };
    countsOf(protocol).bytes += body?.bytes.length ?? 0;
    try {
      const outcome = await line.pass(work, (done) => done);
      add(countsOf(protocol).requests, isWhole(outcome) ? 'accepted' : 'partial');
      if (!isWhole(outcome) && due(`${protocol} partial`))
        log.warn({ sender, protocol, detail: droppedWords(outcome) }, 'not all that somebody sent was kept');
      return { outcome };
    } catch (error) {
      const fault = refuse(protocol, error, sender);
      return counted === undefined ? { fault } : { fault, outcome: counted };
    } finally {
      body?.release();
    }
  }

  const bodies = createBodies({ clock, maxBytes: limits.maxBodyBytes, maxHeldBytes: limits.maxHeldBytes });
  return { limits, tally, cap, bodies, take, refuse };
}

const NO_BODY = Buffer.alloc(0);

/** How a scope of routes says a fault. */
export interface ScopeOptions {
  readonly protocol: Protocol;
  readonly say: (request: FastifyRequest, reply: FastifyReply, fault: Fault) => FastifyReply;
}

/** A scope whose routes have their bodies read here, whatever their type; `add` adds the routes. */
export function addScope(
  app: FastifyInstance,
  desk: Desk,
  { protocol, say }: ScopeOptions,
  routes: (scope: FastifyInstance) => void,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addHook('onRequest', async ({ raw }) => readable(raw.headers));
    scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
      refuseWebPages(request);
      return desk.bodies.read(payload, lengthOf(request));
    });
    scope.setErrorHandler((error: Error, request, reply) => {
      if (!(error instanceof WireError)) return reply.send(error);
      // Of the body, some may not have been read: nothing more can come on this connection.
      return say(request, reply.header('connection', 'close'), desk.refuse(protocol, error, senderOf(request)));
    });
    routes(scope);
  });
}

/** The framework refuses by itself a type that is none, such as the empty one that InfluxDB hands on with: the routes judge it, as some other. */
function readable(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'];
  if (type === '') delete headers['content-type'];
  else if (type !== undefined && !/^[\w.+-]+\/[\w.+-]+\s*(;|$)/.test(type))
    headers['content-type'] = 'application/octet-stream';
}

/**
 * A page of another site, in the browser of somebody on this machine, may send a text to a loopback address without asking. Browsers say
 * from where; what sends numbers is none.
 */
function refuseWebPages({ headers }: FastifyRequest): void {
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return;
  throw new WireError('web_page', 'a web page may not write here: the request has a header Origin or Sec-Fetch-Site');
}

function lengthOf({ headers }: FastifyRequest): number | undefined {
  const declared = headers['content-length'];
  return declared === undefined ? undefined : Number(declared);
}

function senderOf({ raw }: FastifyRequest): string {
  return raw.socket.remoteAddress ?? 'unknown';
}
